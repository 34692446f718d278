"""Recordings as they really end up on a disk, and any range of them."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from bridge.desk.recording_audio import Audio, audio_of, respond
from bridge.errors import NotFound
from bridge.flows.recording_files import find_samples, keep_message, measure, sides


def wav(samples: bytes, *, channels: int = 1, width: int = 2, rate: int = 8000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(samples)
    return file.getvalue()


def whole(audio: Audio) -> bytes:
    return b"".join(audio.read(0, audio.size - 1))


@pytest.fixture
def audio(tmp_path: Path) -> Audio:
    """2,000 frames of the caller, 1,500 of the agent."""
    caller, agent = sides(tmp_path, "call")
    caller.write_bytes(wav(b"\1\2" * 2000))
    agent.write_bytes(wav(b"\3\4" * 1500))
    return audio_of(find_samples(caller), find_samples(agent))


def test_the_caller_is_left_and_the_agent_right(audio: Audio) -> None:
    with wave.open(io.BytesIO(whole(audio))) as heard:
        assert (heard.getnchannels(), heard.getframerate(), heard.getnframes()) == (2, 8000, 2000)
        frames = heard.readframes(2000)
    assert frames == b"\1\2\3\4" * 1500 + b"\1\2\0\0" * 500


@pytest.mark.parametrize(
    ("first", "last"), [(0, 0), (0, 43), (10, 50), (44, 44), (45, 49), (47, 8043), (8043, 8043)]
)
def test_a_range_is_a_piece_of_the_whole(audio: Audio, first: int, last: int) -> None:
    assert audio.size == 44 + 8000
    assert b"".join(audio.read(first, last)) == whole(audio)[first : last + 1]


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (wav(b"\1\2" * 100), 100),
        (wav(b"\1\2" * 100)[:-51], 74),
        (wav(b""), 0),
        (wav(b"")[:40] + b"\0\0\0\0" + b"\1\2" * 30, 30),
        (b"", None),
        (b"RIFF", None),
        (wav(b"")[:30], None),
        (b"\0" * 100, None),
        (wav(b"\1\2" * 100, channels=2), None),
        (wav(b"\1" * 100, width=1), None),
    ],
    ids=[
        "whole",
        "cut",
        "empty",
        "being written",
        "nothing",
        "magic only",
        "no data",
        "zeros",
        "stereo",
        "8 bit",
    ],
)
def test_what_can_be_heard_of_a_file(tmp_path: Path, content: bytes, count: int | None) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    found = find_samples(path)
    assert (None if found is None else found.count) == count


def test_a_missing_side_is_silent_and_two_are_no_recording(tmp_path: Path, audio: Audio) -> None:
    only = audio_of(audio.sides[0], None)
    assert whole(only)[44:] == b"\1\2\0\0" * 2000
    with pytest.raises(NotFound):
        audio_of(None, None)


def test_a_file_that_vanished_half_way_ends_in_silence(audio: Audio) -> None:
    caller = audio.sides[0]
    assert caller is not None
    caller.path.write_bytes(caller.path.read_bytes()[: 44 + 20])
    assert whole(audio)[44:84] == b"\1\2\3\4" * 10
    assert len(whole(audio)) == audio.size


@pytest.mark.parametrize("name", ["../secret", "a/../../secret", "/etc/passwd", "x\0y"])
def test_a_name_never_leads_out(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (tmp_path / "secret-caller.wav").write_bytes(wav(b"\1\2"))
    with pytest.raises(NotFound):
        sides(folder, name)
    with pytest.raises(NotFound):
        keep_message(folder, name, folder, "kept")


def test_the_longer_side_is_the_length(tmp_path: Path, audio: Audio) -> None:
    assert measure(tmp_path, "call", "call") == 250
    assert measure(tmp_path, "call", "none") is None


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        (None, 200, (0, 8043)),
        ("bytes=0-", 200, (0, 8043)),
        ("bytes=0-99", 206, (0, 99)),
        ("bytes=8000-9999", 206, (8000, 8043)),
        ("bytes=-44", 206, (8000, 8043)),
        ("bytes=-99999", 200, (0, 8043)),
        ("bytes=8044-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=5-4", 416, None),
        ("bytes=-", 200, (0, 8043)),
        ("bytes=0-1,5-6", 200, (0, 8043)),
        ("seconds=1-2", 200, (0, 8043)),
    ],
)
async def test_ranges_over_http(
    audio: Audio, asked: str | None, status: int, span: tuple[int, int] | None
) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await respond(request, audio)

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    headers = {} if asked is None else {"Range": asked}
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with ClientSession() as http, http.get(address, headers=headers) as answer:
        assert answer.status == status
        body = await answer.read()
        if span is None:
            assert answer.headers["Content-Range"] == "bytes */8044"
        else:
            assert body == whole(audio)[span[0] : span[1] + 1]
            if status == 206:
                assert answer.headers["Content-Range"] == f"bytes {span[0]}-{span[1]}/8044"
    await runner.cleanup()

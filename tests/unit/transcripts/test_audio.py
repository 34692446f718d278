"""Recordings as they are found on a disk: whole, cut, still being written, and not recordings at all."""

from __future__ import annotations

import os
import struct
import tracemalloc
from pathlib import Path

import pytest

from transcripts.audio import open_recording, read_chunks
from transcripts.interface import Unreadable

HEADER = 44


def wav(
    data: bytes,
    *,
    rate: int = 8000,
    channels: int = 1,
    bits: int = 16,
    form: int = 1,
    said: int | None = None,
    extra: bytes = b"",
) -> bytes:
    """A WAV file; `said` is the size that its header tells."""
    size = len(data) if said is None else said
    frame = channels * bits // 8
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, form, channels, rate, rate * frame, frame, bits)
    return (
        b"RIFF"
        + struct.pack("<I", min(36 + size, 2**32 - 1))
        + b"WAVE"
        + extra
        + fmt
        + struct.pack("<4sI", b"data", size)
        + data
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "caller.wav"


def test_whole_recording_comes_in_chunks_of_200_ms(path: Path) -> None:
    data = os.urandom(16000 + 1000)
    path.write_bytes(wav(data))
    recording = open_recording(path)
    assert recording.duration_ms == 1062
    chunks = list(read_chunks(recording))
    assert [len(chunk) for chunk in chunks] == [3200] * 5 + [1000]
    assert b"".join(chunks) == data


def test_sixteen_kilohertz_chunks_last_as_long(path: Path) -> None:
    path.write_bytes(wav(bytes(64000), rate=16000))
    recording = open_recording(path)
    assert recording.duration_ms == 2000
    assert len(next(read_chunks(recording))) == 6400


@pytest.mark.parametrize("said", [0, 5000, 2**32 - 1])
def test_size_that_the_writer_never_finished_gives_way_to_the_end_of_the_file(path: Path, said: int) -> None:
    data = os.urandom(4000)
    path.write_bytes(wav(data, said=said))
    assert b"".join(read_chunks(open_recording(path))) == data


def test_what_follows_the_samples_is_not_played(path: Path) -> None:
    data = os.urandom(3200)
    path.write_bytes(wav(data + b"LIST\x04\0\0\0INFO", said=3200))
    assert b"".join(read_chunks(open_recording(path))) == data


def test_other_chunks_before_the_format_are_passed_over(path: Path) -> None:
    path.write_bytes(wav(bytes(3200), extra=b"LIST" + struct.pack("<I", 3) + b"abc\0"))
    assert open_recording(path).duration_ms == 200


def test_last_odd_byte_is_no_sample(path: Path) -> None:
    path.write_bytes(wav(b"\x01\x02\x03", said=0))
    assert b"".join(read_chunks(open_recording(path))) == b"\x01\x02"


def test_header_alone_is_a_recording_of_nothing(path: Path) -> None:
    path.write_bytes(wav(b""))
    recording = open_recording(path)
    assert recording.duration_ms == 0
    assert list(read_chunks(recording)) == []


def test_file_cut_after_it_was_opened_ends_early(path: Path) -> None:
    path.write_bytes(wav(bytes(32000)))
    recording = open_recording(path)
    os.truncate(path, HEADER + 5001)
    assert sum(len(chunk) for chunk in read_chunks(recording)) == 5000


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"RIF", "not a WAV"),
        (b"ID3\x03" + bytes(100), "not a WAV"),
        (wav(bytes(100))[:20], "cut off"),
        (wav(bytes(100))[:30], "cut off in its header"),
        (wav(bytes(100))[:40], "cut off"),
        (b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd", "cut off"),
        (b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 1000, "cut off"),
        (wav(bytes(100), channels=2), "2 channels"),
        (wav(bytes(100), bits=8), "8 bits"),
        (wav(bytes(100), form=6), "format 6"),
        (wav(bytes(100), rate=44100), "44100 Hz"),
        (wav(bytes(100), rate=0), "0 Hz"),
    ],
)
def test_what_is_no_recording_says_why(path: Path, content: bytes, why: str) -> None:
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=why):
        open_recording(path)


def test_missing_and_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        open_recording(tmp_path / "none.wav")
    with pytest.raises(Unreadable, match="not a file"):
        open_recording(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(Unreadable, match="not a file"):
        open_recording(tmp_path / "pipe.wav")


def test_file_that_vanished_after_it_was_opened(path: Path) -> None:
    path.write_bytes(wav(bytes(3200)))
    recording = open_recording(path)
    path.unlink()
    with pytest.raises(Unreadable):
        list(read_chunks(recording))


def test_three_hours_take_no_memory(path: Path) -> None:
    size = 3 * 3600 * 16000
    with path.open("wb") as file:
        file.write(wav(b"", said=size))
        file.truncate(HEADER + size)
    tracemalloc.start()
    assert sum(len(chunk) for chunk in read_chunks(open_recording(path))) == size
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000

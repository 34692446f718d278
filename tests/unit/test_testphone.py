"""The test phone's own manners: nothing secret on a command line, nothing smuggled into a SIP message."""

from __future__ import annotations

import stat
import sys
import wave
from pathlib import Path

import pytest

from pbx.errors import Rejected, Transient
from pbx.testphone import sipp
from pbx.testphone.speech import from_wav, synthesise


def line(tmp_path: Path, script: str) -> sipp.Line:
    """A line whose SIPp is a shell script; `$@` are SIPp's arguments and it runs in the scenario's folder."""
    program = tmp_path / "sipp"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return sipp.Line((str(program),), tmp_path / "work", "127.0.0.1", 5060, 40000, 40010)


def write_wav(
    path: Path, *, channels: int = 1, rate: int = 8000, width: int = 2, seconds: float = 0.5
) -> Path:
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(channels)
        audio.setsampwidth(width)
        audio.setframerate(rate)
        audio.writeframes(bytes(int(rate * seconds) * width * channels))
    return path


async def test_a_password_is_in_the_scenario_and_not_on_the_command_line(tmp_path: Path) -> None:
    phone = line(tmp_path, 'printf "%s\\n" "$@" > arguments')
    await sipp.register(phone, "agent-101", "s3cret")
    (folder,) = (tmp_path / "work").iterdir()
    assert "s3cret" not in (folder / "arguments").read_text()
    assert "s3cret" in (folder / "scenario.xml").read_text()
    assert "{{" not in (folder / "scenario.xml").read_text()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_refused_registration_says_so(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="agent-101"):
        await sipp.register(line(tmp_path, "exit 1"), "agent-101", "s3cret")


async def test_a_phone_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    running = await sipp.start(line(tmp_path, "exec sleep 60"), "ring", user="agent-101")
    with pytest.raises(Transient, match="did not finish"):
        await running.wait(0.05)
    assert not running.running


async def test_a_missing_value_is_named(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="password"):
        await sipp.start(line(tmp_path, "exit 0"), "register", user="x", expires=1)


@pytest.mark.parametrize("value", ["a\r\nRoute: <sip:elsewhere>", "a\nb", "a\0", "a]]>b"])
async def test_a_value_cannot_write_a_line_of_its_own(tmp_path: Path, value: str) -> None:
    with pytest.raises(Rejected, match="user"):
        await sipp.start(line(tmp_path, "exit 0"), "register", user=value, password="p", expires=1)


@pytest.mark.parametrize(
    ("number", "name", "header"),
    [
        ("+380501110001", "", "<sip:+380501110001@127.0.0.1>"),
        ("101", 'Olha "O"\\', '"Olha \\"O\\"\\\\" <sip:101@127.0.0.1>'),
        ("1' OR '1'='1", "", "<sip:1'%20OR%20'1'='1@127.0.0.1>"),
        ("a@b>", "", "<sip:a%40b%3E@127.0.0.1>"),
        ("Ї", "", "<sip:%D0%87@127.0.0.1>"),
        ("anonymous", "", '"Anonymous" <sip:anonymous@anonymous.invalid>'),
        ("", "", '"Anonymous" <sip:anonymous@anonymous.invalid>'),
    ],
)
def test_any_caller_fits_into_a_from_header(number: str, name: str, header: str) -> None:
    assert sipp.caller_header(number, name) == header


@pytest.mark.parametrize(
    ("channels", "rate", "width"), [(1, 8000, 2), (2, 44100, 2), (1, 22050, 2), (1, 8000, 1)]
)
def test_wav_of_any_shape_becomes_a_law_at_8_khz(
    tmp_path: Path, channels: int, rate: int, width: int
) -> None:
    source = write_wav(tmp_path / "in.wav", channels=channels, rate=rate, width=width)
    speech = from_wav(source, tmp_path / "out.alaw")
    assert speech.seconds == pytest.approx(0.5, abs=0.01)
    assert speech.path.stat().st_size == round(speech.seconds * 8000)


def test_what_cannot_be_played_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    for source in (
        tmp_path / "text.wav",
        tmp_path / "none.wav",
        write_wav(tmp_path / "four.wav", channels=4),
    ):
        with pytest.raises(Rejected, match=source.name):
            from_wav(source, tmp_path / "out.alaw")


FAKE_ESPEAK = """
import sys, wave
sys.stdin.read()
with wave.open(sys.argv[sys.argv.index("-w") + 1], "wb") as audio:
    audio.setparams((1, 2, 22050, 0, "NONE", ""))
    audio.writeframes(bytes(2 * 22050))
open(sys.argv[1], "w").write(repr(sys.argv[2:]))
"""


async def test_the_text_reaches_the_synthesiser_by_its_input_only(tmp_path: Path) -> None:
    seen = tmp_path / "arguments"
    command = (sys.executable, "-c", FAKE_ESPEAK, str(seen))
    speech = await synthesise(command, "The PIN is 4711", "uk", tmp_path / "out.alaw")
    assert speech.seconds == pytest.approx(1.0, abs=0.01)
    assert "4711" not in seen.read_text()
    assert "'uk'" in seen.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arguments", "out.alaw"]


async def test_a_synthesiser_that_fails_is_an_error(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import sys; sys.exit('no such voice')")
    with pytest.raises(Rejected, match="no such voice"):
        await synthesise(command, "x", "xx", tmp_path / "out.alaw")

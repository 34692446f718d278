"""What a test phone says: text or a WAV file, as raw A-law at 8 kHz (ITU-T G.711)."""

from __future__ import annotations

import asyncio
import audioop
import wave
from dataclasses import dataclass
from pathlib import Path

from pbx.errors import Rejected

RATE = 8000


@dataclass(frozen=True, slots=True)
class Speech:
    """A raw A-law file, one byte a sample, 8000 a second."""

    path: Path
    seconds: float


async def synthesise(command: tuple[str, ...], text: str, language: str, target: Path) -> Speech:
    """Speaks `text` by espeak-ng (`command` starts it) into `target`.

    The text goes through standard input and reaches nothing else. Raises Rejected when espeak-ng refuses.
    """
    wav = target.with_suffix(".wav")
    process = await asyncio.create_subprocess_exec(
        *command, "-v", language, "-s", "150", "-w", str(wav), "--stdin",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate(text.encode())
    if process.returncode != 0:
        raise Rejected(
            f"espeak-ng cannot speak {language}: {errors.decode('utf-8', 'replace').strip()[:200]}"
        )
    speech = from_wav(wav, target)
    wav.unlink()
    return speech


def from_wav(source: Path, target: Path) -> Speech:
    """Any PCM WAV file as A-law in `target`. Raises Rejected for what is not PCM WAV."""
    try:
        with wave.open(str(source), "rb") as audio:
            width, channels, rate = audio.getsampwidth(), audio.getnchannels(), audio.getframerate()
            frames = audio.readframes(audio.getnframes())
    except (wave.Error, EOFError, OSError) as error:
        raise Rejected(f"{source} is not a PCM WAV file: {error}") from error
    if channels == 2:
        frames = audioop.tomono(frames, width, 0.5, 0.5)
    elif channels != 1:
        raise Rejected(f"{source} has {channels} channels, one or two can be played")
    frames = audioop.lin2lin(frames, width, 2)
    if rate != RATE:
        frames, _ = audioop.ratecv(frames, 2, 1, rate, RATE, None)
    target.write_bytes(audioop.lin2alaw(frames, 2))
    return Speech(target, len(frames) / 2 / RATE)

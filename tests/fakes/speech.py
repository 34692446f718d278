"""Speech for tests: espeak-ng's plain voices, which no shipped model was trained on, as a telephone line brings them."""

from __future__ import annotations

import audioop
import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path

RATE = 8000
VOICES = {"en": "en-us", "ru": "ru", "uk": "uk"}


def speak(
    text: str,
    language: str,
    path: Path,
    *,
    lead_s: float = 0.3,
    tail_s: float = 0.6,
    espeak: Sequence[str] = ("espeak-ng",),
) -> Path:
    """Writes `text` as the WAV file `path`: 8 kHz, through G.711 A-law, with silence around it."""
    raw = path.with_suffix(".raw.wav")
    subprocess.run(
        [*espeak, "-v", VOICES[language], "-s", "150", "-w", str(raw), "--stdin"],
        input=text.encode(),
        check=True,
    )
    with wave.open(str(raw), "rb") as file:
        samples, _ = audioop.ratecv(file.readframes(file.getnframes()), 2, 1, file.getframerate(), RATE, None)
    raw.unlink()
    coded = audioop.alaw2lin(audioop.lin2alaw(audioop.mul(samples, 2, 0.7), 2), 2)
    write_wav(path, silence(lead_s) + coded + silence(tail_s))
    return path


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * RATE))


def write_wav(path: Path, samples: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples)


def read_wav(path: Path) -> bytes:
    with wave.open(str(path), "rb") as file:
        return file.readframes(file.getnframes())

"""Reads the recordings of calls: WAV, PCM of 16 bits, one channel, 8 or 16 kHz, in bounded memory.

A recording is read as it is on the disk at that moment: what Asterisk still writes, or did not finish when it died, has
sizes in its header that are 0 or too large, and then the file's end counts. Whether a file is complete is not asked
here: who hands it over asks again when it grew meanwhile.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from transcripts.interface import Unreadable

CHUNK_MS = 200
RATES = (8000, 16000)
SAMPLE_BYTES = 2
MOST_CHUNKS = 100
"""So many RIFF chunks before the data are looked at; real files have one to three."""

_PCM = 1


@dataclass(frozen=True, slots=True)
class Recording:
    """Where in the file `path` the samples are: `size` bytes from `start`, `rate` samples a second."""

    path: Path
    rate: int
    start: int
    size: int

    @property
    def duration_ms(self) -> int:
        return self.size * 1000 // (self.rate * SAMPLE_BYTES)


def open_recording(path: Path) -> Recording:
    """Looks at the header only. A recording without samples is one of 0 ms.

    Raises Unreadable for what is missing, empty, no file, or not of the form above.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"{path.name} is not a file")
        with path.open("rb") as file:
            return _parse(file, path, status.st_size)
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from error


def read_chunks(recording: Recording) -> Iterator[bytes]:
    """The samples, CHUNK_MS at a time, the last one shorter; ends early where the file was cut meanwhile.

    Raises Unreadable when the disk does.
    """
    left = recording.size
    length = recording.rate * CHUNK_MS // 1000 * SAMPLE_BYTES
    try:
        with recording.path.open("rb") as file:
            file.seek(recording.start)
            while chunk := file.read(min(length, left)):
                left -= len(chunk)
                yield chunk[: len(chunk) // SAMPLE_BYTES * SAMPLE_BYTES]
    except OSError as error:
        raise Unreadable(f"{recording.path.name} cannot be read: {error.strerror}") from error


def _parse(file: BinaryIO, path: Path, length: int) -> Recording:
    """RIFF: "Multimedia Programming Interface and Data Specifications 1.0", 1991, chapter 2."""
    if length == 0:
        raise Unreadable(f"{path.name} is empty")
    riff = file.read(12)
    if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
        raise Unreadable(f"{path.name} is not a WAV file")
    rate = 0
    for _ in range(MOST_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            break
        name, size = struct.unpack("<4sI", header)
        start = file.tell()
        if name == b"fmt ":
            rate = _rate(file.read(16), path)
        elif name == b"data":
            if not rate:
                break
            rest = length - start
            size = rest if size == 0 or size > rest else size
            return Recording(path, rate, start, size // SAMPLE_BYTES * SAMPLE_BYTES)
        file.seek(start + size + size % 2)
    raise Unreadable(f"{path.name} is cut off, or has no samples in it")


def _rate(header: bytes, path: Path) -> int:
    if len(header) < 16:
        raise Unreadable(f"{path.name} is cut off in its header")
    form, channels, rate, _, _, bits = struct.unpack("<HHIIHH", header)
    if (form, channels, bits) != (_PCM, 1, 8 * SAMPLE_BYTES) or rate not in RATES:
        raise Unreadable(
            f"{path.name} has format {form}, {channels} channels, {bits} bits, {rate} Hz: "
            "only PCM of one channel, 16 bits, 8 or 16 kHz is read"
        )
    return int(rate)

"""Recordings as files: what of a WAV can be heard, however it ended, and a voicemail kept as our own.

The names in the table `recording` are relative to the recordings folder: `2026/11/22/1763…` stands for the two mono files
`…-caller.wav` and `…-agent.wav`, `voicemail/…` for one `….wav`. A name never leads out of the folder.
"""

from __future__ import annotations

import os
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bridge.errors import NotFound

SAMPLE_BYTES: Final = 2
_HEADER_LIMIT: Final = 4096


@dataclass(frozen=True, slots=True)
class Samples:
    """Where the 16-bit mono samples of a WAV file lie: `count` of them from byte `offset`, `rate` per second."""

    path: Path
    offset: int
    count: int
    rate: int


def sides(folder: Path, name: str) -> tuple[Path, Path]:
    """The caller's and the agent's file. Raises NotFound for a name that leads out of the folder."""
    return _inside(folder, f"{name}-caller.wav"), _inside(folder, f"{name}-agent.wav")


def message_file(folder: Path, name: str) -> Path:
    """The file of a kept voicemail. Raises NotFound for a name that leads out of the folder."""
    return _inside(folder, f"{name}.wav")


def find_samples(path: Path) -> Samples | None:
    """What can be heard of a file that may be missing, cut short, empty or still being written.

    The size of the file counts, not what its header says: Asterisk writes that when it closes the file. None for no
    file and for anything but 16-bit mono PCM.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_LIMIT)
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return None
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    rate, at = 0, 12
    while at + 8 <= len(head):
        kind, length = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        if kind == b"fmt " and at + 24 <= len(head):
            encoding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head, at + 8)
            if (encoding, channels, bits) != (1, 1, 16) or rate == 0:
                return None
        if kind == b"data" and rate:
            return Samples(path, at + 8, (size - at - 8) // SAMPLE_BYTES, rate)
        at += 8 + length + length % 2
    return None


def measure(folder: Path, kind: str, name: str) -> int | None:
    """Milliseconds that can be heard, None when there is no file."""
    paths = sides(folder, name) if kind == "call" else (message_file(folder, name),)
    found = [samples for path in paths if (samples := find_samples(path)) is not None]
    return max((samples.count * 1000 // samples.rate for samples in found), default=None)


def keep_message(spool: Path, spool_name: str, folder: Path, name: str) -> None:
    """Make a voicemail ours: Asterisk gives its name to another message once this one is deleted there.

    Raises NotFound when it is not there.
    """
    source, target = _inside(spool, f"{spool_name}.wav"), message_file(folder, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError as error:
        raise NotFound("the voicemail's file is not there") from error


def _inside(folder: Path, relative: str) -> Path:
    path = Path(os.path.normpath(folder / relative))
    if "\0" in relative or not path.is_relative_to(folder):
        raise NotFound("no such recording")
    return path

"""Remembers from which inputs a thing was made, so that it is made again only when they change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest(files: Iterable[Path], *more: str) -> str:
    """Of the files' names and contents, and of whatever else the result depends on."""
    result = hashlib.sha256("\0".join(more).encode())
    for file in sorted(files):
        result.update(f"\0{file}\0".encode())
        result.update(file.read_bytes())
    return result.hexdigest()


def is_current(stamp: Path, inputs: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="ascii") == inputs


def remember(stamp: Path, inputs: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(inputs, encoding="ascii")

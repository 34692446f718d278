"""The bytes of attachments in the home: durable before any row names them, once for equal bytes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from bridge.errors import Transient

PART = ".part-"


def keep_file(folder: Path, data: bytes) -> str:
    """Write `data` to folder/<its SHA-256> and answer with that name. Raises Transient when the disk refuses."""
    name = hashlib.sha256(data).hexdigest()
    path = folder / name
    try:
        with suppress(FileNotFoundError):
            # It is wanted again: whoever is about to forget it sees that.
            os.utime(path)
            return name
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=PART, delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A file of this name is whole, whenever we were stopped.
        Path(file.name).replace(path)
    except OSError as error:
        raise Transient(f"an attachment could not be kept: {error.strerror}") from error
    return name


def forget_file(folder: Path, name: str, before: datetime) -> bool:
    """Take a file away that nothing names, unless somebody has kept the same bytes since `before`: whether it is gone.

    It is out of the way before it is looked at, so that whoever keeps it meanwhile writes it anew.
    """
    path, aside = folder / name, folder / f"{PART}{name}"
    try:
        if path.stat().st_mtime >= before.timestamp():
            return False
        path.rename(aside)
    except FileNotFoundError:
        return False
    if aside.stat().st_mtime < before.timestamp():
        aside.unlink()
        return True
    # Where it was written anew meanwhile, these are the same bytes.
    aside.replace(path)
    return False

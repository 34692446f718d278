"""Keep the bytes of an attachment in the home: durable before any row names them, once for equal bytes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from bridge.errors import Transient


def keep_file(folder: Path, data: bytes) -> str:
    """Write `data` to folder/<its SHA-256> and answer with that name. Raises Transient when the disk refuses."""
    name = hashlib.sha256(data).hexdigest()
    path = folder / name
    if path.exists():
        return name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".part-", delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A file of this name is whole, whenever we were stopped.
        Path(file.name).replace(path)
    except OSError as error:
        raise Transient(f"an attachment could not be kept: {error.strerror}") from error
    return name

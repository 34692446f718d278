"""SQLite files for tests: copies of one that is migrated once, since that takes longer than most tests."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from bridge.store.migrations import upgrade


def migrated(file: Path) -> str:
    """Makes `file` a migrated database with nothing in it; its address."""
    file.write_bytes(_template())
    return f"sqlite:///{file}"


@cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory(prefix="omniline-sqlite-") as folder:
        file = Path(folder) / "migrated.sqlite3"
        upgrade(f"sqlite:///{file}")
        # The last connection that was closed has left no log beside it.
        return file.read_bytes()

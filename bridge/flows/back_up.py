"""A backup: one zip file with the database, recordings, voicemail, attachments, settings and secrets of a home.

The database is copied first, at one moment; the files that its rows name were there before the rows were, so that those
copied after it include them all. A server may run, and calls go on. The file appears under its name only when it is
whole and on the disk.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from bridge.settings import Settings, database_url
from bridge.store.copies import copy_database, engine_of

FORMAT: Final = 1
MANIFEST: Final = "backup.json"
DATABASE: Final = "database"
FILES: Final = ("omniline.toml", "secrets.toml")
FOLDERS: Final = ("asterisk-config", "attachments", "recordings", "voicemail")
"""What of a home is kept. Models are left out: `omniline models fetch` brings them again."""
RENDERED: Final = Path("asterisk-config/generated")
CHUNK: Final = 1 << 20


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds: SHA-256 by name. `engine` is the database's, `revision` its schema's, `made_at` ISO 8601."""

    format: int
    engine: str
    revision: str
    made_at: str
    files: dict[str, str]


def back_up(home: Path, settings: Settings, file: Path, at: datetime) -> Manifest:
    """Write a backup of `home` to `file`; one that is there is replaced, when the new one is whole.

    Raises InvalidInput when there is nothing to keep, Transient when the database does not let itself be read, OSError for
    the disk's own reasons.
    """
    with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".backup-") as folder:
        copy, part, url = Path(folder) / DATABASE, Path(folder) / "part", database_url(home, settings)
        revision = copy_database(url, copy)
        # TemporaryDirectory is its owner's only, and so is the file that comes out of it.
        with part.open("xb") as raw:
            os.fchmod(raw.fileno(), 0o600)
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                hashes = {DATABASE: _add(archive, copy, DATABASE)}
                for path in _list_kept(home):
                    name = path.relative_to(home).as_posix()
                    try:
                        hashes[name] = _add(archive, path, name)
                    except FileNotFoundError:
                        continue  # erased since it was listed
                manifest = Manifest(
                    format=FORMAT,
                    engine=engine_of(url),
                    revision=revision,
                    made_at=at.isoformat(),
                    files=hashes,
                )
                archive.writestr(MANIFEST, msgspec.json.encode(manifest))
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(file)
    return manifest


def _list_kept(home: Path) -> Iterator[Path]:
    yield from (home / name for name in FILES)
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and RENDERED not in path.relative_to(home).parents:
                yield path


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> str:
    """Copy a file that may still grow; the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
        info.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(info, "w", force_zip64=True) as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                target.write(chunk)
    return digest.hexdigest()

"""A backup put into a home. All of it is unpacked and checked beside what is there before anything takes its place."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
import zlib
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from bridge.errors import InvalidInput
from bridge.flows.back_up import CHUNK, DATABASE, FILES, FOLDERS, FORMAT, MANIFEST, Manifest
from bridge.settings import database_url, load
from bridge.store.copies import engine_of, is_free, is_within, put_database
from bridge.store.migrations import is_known, upgrade

STAGING: Final = ".restoring"


def restore(file: Path, home: Path, at: datetime, *, replace: bool) -> Manifest:
    """Make `home` what it was when `file` was written. What was in it is put away in a folder of it when `replace`.

    Raises InvalidInput for a file that is no whole backup of ours or of a newer Omniline, and for a home or a database that
    is not empty: then nothing has changed.
    """
    staging = home / STAGING
    shutil.rmtree(staging, ignore_errors=True)  # of a restore that was killed
    present = [path for path in home.iterdir() if path.name != "lost+found"]
    if present and not replace:
        raise InvalidInput(
            "the home is not empty: restore into an empty one, or give --replace", where=str(home)
        )
    staging.mkdir(mode=0o700)
    try:
        manifest = _unpack(file, staging)
        url = database_url(home, load(staging))
        _check_database(manifest, url, home)
        _put_away(home, present, at)
        put_database(staging / DATABASE, url)
        upgrade(url)
        # The settings last: there is no company in a home without them.
        for name in (*FOLDERS, *reversed(FILES)):
            if (staging / name).exists():
                (staging / name).replace(home / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return manifest


def _check_database(manifest: Manifest, url: str, home: Path) -> None:
    if not is_known(manifest.revision):
        raise InvalidInput(
            f"a backup of a newer Omniline (schema {manifest.revision}): restore it with that one"
        )
    if engine_of(url) != manifest.engine:
        raise InvalidInput(f"the backup's database is {manifest.engine}", where="database.url")
    # One that lies in the home is put away with it.
    if not is_within(url, home) and not is_free(url):
        raise InvalidInput("there is a database already: move it away first", where="database.url")


def _unpack(file: Path, staging: Path) -> Manifest:
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _read_manifest(archive)
            for name, expected in manifest.files.items():
                if _extract(archive, name, staging / _checked(name)) != expected:
                    raise InvalidInput(f"{name} is not what was backed up", where=str(file))
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        EOFError,
        NotImplementedError,
        msgspec.DecodeError,
    ) as error:
        raise InvalidInput(f"it is no whole backup of Omniline ({error})", where=str(file)) from error
    return manifest


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    if manifest.format != FORMAT:
        raise InvalidInput(f"a backup of format {manifest.format}; this release reads {FORMAT}")
    missing = {DATABASE, *FILES} - manifest.files.keys()
    if missing:
        raise InvalidInput(f"a backup without {', '.join(sorted(missing))}")
    return manifest


def _checked(name: str) -> PurePosixPath:
    """`name`, which must be one that a backup of ours has. A stranger's file may name any place of the machine."""
    path = PurePosixPath(name)
    ours = name in {DATABASE, *FILES} or path.parts[0] in FOLDERS
    if not ours or path.is_absolute() or ".." in path.parts:
        raise InvalidInput(f"{name!r} has no place in a home")
    return path


def _extract(archive: zipfile.ZipFile, name: str, target: Path) -> str:
    """The SHA-256 of what was written."""
    digest = hashlib.sha256()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with archive.open(name) as source, target.open("xb") as copy:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            copy.write(chunk)
    target.chmod(archive.getinfo(name).external_attr >> 16 & 0o777)
    return digest.hexdigest()


def _put_away(home: Path, present: list[Path], at: datetime) -> None:
    if present:
        away = home / f"before-restore-{at:%Y%m%dT%H%M%S}"
        away.mkdir(mode=0o700)
        for path in present:
            path.replace(away / path.name)

"""A whole database as one file, and back: SQLite by its own backup, PostgreSQL by pg_dump.

Both see the database at one moment, while others write on.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, make_url

from bridge.errors import InvalidInput, Transient
from bridge.store.engine import passing_errors
from bridge.store.migrations import find_revision


def engine_of(url: str) -> str:
    """sqlite or postgresql: a copy goes back into the engine that it came from."""
    return make_url(url).get_backend_name()


def copy_database(url: str, target: Path) -> str:
    """Write the database of `url` to the new file `target`; the revision that it is at.

    Raises Transient when it cannot be read, InvalidInput when it is empty or pg_dump is missing.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise InvalidInput("there is no database yet", where=url)
    revision = find_revision(url)
    if revision is None:
        raise InvalidInput("the database is empty", where=parsed.render_as_string())
    if parsed.get_backend_name() == "postgresql":
        _run(parsed, "pg_dump", "--format=custom", "--no-owner", f"--file={target}")
    else:
        with (
            passing_errors(),
            closing(sqlite3.connect(str(parsed.database))) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
    return revision


def is_free(url: str) -> bool:
    """Whether a copy may be put in at `url`: an SQLite file that is not there, or a PostgreSQL database without tables."""
    parsed = make_url(url)
    if engine_of(url) == "sqlite":
        return not Path(parsed.database or "").exists()
    return find_revision(url) is None


def is_within(url: str, folder: Path) -> bool:
    """Whether `url` is an SQLite file somewhere in `folder`."""
    return engine_of(url) == "sqlite" and Path(make_url(url).database or "").is_relative_to(folder)


def put_database(source: Path, url: str) -> None:
    """Make what `copy_database` wrote the database of `url`, which must be free. `source` may be gone afterwards."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        # All or nothing: a restore that fails half-way leaves no table behind.
        _run(
            parsed,
            "pg_restore",
            "--no-owner",
            "--single-transaction",
            f"--dbname={parsed.database}",
            str(source),
        )
    else:
        target = Path(str(parsed.database))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source, target)


def _run(url: URL, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs for `url`. The password goes by the environment: others can read arguments."""
    if shutil.which(program) is None:
        raise InvalidInput(f"no {program}: install postgresql-client")
    query = {key: value for key, value in url.query.items() if isinstance(value, str)}
    given = {
        "PGHOST": url.host or query.get("host"),
        "PGPORT": str(url.port) if url.port else query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    environment = {**os.environ, **{key: str(value) for key, value in given.items() if value}}
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Transient(f"{program} failed: {done.stderr.strip()[-500:]}")

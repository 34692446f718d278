"""Where SQLite and PostgreSQL differ: how a connection is opened, how a writer begins, which errors pass by themselves.

Two kinds of engine for one URL. A reader's connections are AUTOCOMMIT and are held by their thread. A writer's
transaction takes SQLite's one write lock at BEGIN (IMMEDIATE), so that it never has to fail half-way for want of it.

SQLite is in WAL mode with `synchronous = FULL`: what was committed survives a power cut.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import msgspec
import psycopg.errors
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, exc, make_url

from bridge.errors import InvalidInput, Transient

LOCK_WAIT = 5.0
"""Seconds a writer waits for another process's transaction before it gives up with Transient."""
_LOCK_POLL = 0.002
WARM_BYTES = 2 << 30

# What SQLite says of a disk, a lock or a permission, as opposed to a mistake in a statement (SQLite, "Result codes").
_PASSING = {
    sqlite3.SQLITE_BUSY: "the database is locked by another program",
    sqlite3.SQLITE_LOCKED: "the database is locked",
    # What a reader in WAL mode says after about ten seconds of a lock that it cannot wait for.
    sqlite3.SQLITE_PROTOCOL: "the database is locked by another program",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk does not answer",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
    sqlite3.SQLITE_READONLY: "the database file may not be written",
    sqlite3.SQLITE_NOMEM: "out of memory",
    sqlite3.SQLITE_INTERRUPT: "interrupted",
}


def reader_engine(url: str, *, busy_seconds: float = 1.0) -> Engine:
    """An engine whose connections are AUTOCOMMIT; a locked SQLite file is waited for `busy_seconds`."""
    return _engine(
        url, busy_seconds=busy_seconds, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True
    )


def writer_engine(url: str) -> Engine:
    """An engine whose transactions take the write lock when they begin, or raise Transient after LOCK_WAIT."""
    engine = _engine(url, busy_seconds=0.0)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "begin", _begin_immediate)
    return engine


DRIVER_ERRORS = (exc.DBAPIError, sqlite3.Error, psycopg.Error)
"""What SQLAlchemy and, for prepared statements, the drivers themselves raise."""


def translated(error: BaseException) -> Transient | None:
    """The Transient that `error` is when it passes by itself, None for a mistake of ours.

    What it happened in handling of counts as well: a full disk ends SQLite's transaction, and then going back to
    the savepoint fails too.
    """
    seen: BaseException | None = error
    while seen is not None:
        # Extended codes keep the primary one in the low byte.
        code = getattr(seen, "sqlite_errorcode", 0) & 0xFF
        if code in _PASSING:
            return Transient(_PASSING[code])
        if isinstance(seen, psycopg.errors.OperationalError):
            return Transient(f"the database is not there: {type(seen).__name__}")
        seen = seen.__context__
    return None


def warm_up(url: str) -> None:
    """Ask the system to read SQLite's file into its cache, in the background: the first cards come off the disk otherwise.

    A file that is not there, and PostgreSQL, which warms itself, are left alone.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or not Path(parsed.database).is_file():
        return
    with Path(parsed.database).open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, WARM_BYTES, os.POSIX_FADV_WILLNEED)


def _engine(url: str, *, busy_seconds: float, **options: Any) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    elif parsed.get_backend_name() == "sqlite":
        # isolation_level None: the driver begins nothing by itself, we do (SQLAlchemy, "Serializable isolation / Savepoints").
        options["connect_args"] = {
            "timeout": busy_seconds,
            "check_same_thread": False,
            "isolation_level": None,
        }
    else:
        raise InvalidInput("only sqlite:///… and postgresql://… are known", where="database.url")
    engine = create_engine(
        parsed,
        poolclass=NullPool,
        # Errors are logged: no customer's data in them.
        hide_parameters=True,
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
        **options,
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -16384",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    """Poll for the lock: SQLite's own waiting sleeps up to 100 ms and would miss the gaps that an import leaves."""
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except exc.OperationalError as error:
            if translated(error) is None or time.monotonic() >= deadline:
                raise
            time.sleep(_LOCK_POLL)

"""Where SQLite and PostgreSQL differ: how a connection is opened, how a writer begins, which errors pass by themselves.

Two kinds of engine for one URL. A reader's connections are AUTOCOMMIT and are held by their thread. A writer's
transaction takes the database's one write lock when it begins, so that it never has to fail half-way for want of it:
SQLite's own (BEGIN IMMEDIATE), on PostgreSQL an advisory lock. So one transaction writes at a time on both, whoever
else writes, and what a store function has found stays so until its commit (docs/adr/0013-one-writer-on-both-engines.md).

SQLite is in WAL mode with `synchronous = FULL`: what was committed survives a power cut.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg.errors
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, exc, make_url

from bridge.errors import InvalidInput, Transient

LOCK_WAIT = 5.0
"""Seconds a writer waits for another process's transaction before it gives up with Transient."""
_LOCK_POLL = 0.002
WARM_BYTES = 2 << 30

_WRITE_LOCK = 0x6F6D6E69
"""Of PostgreSQL's advisory locks, which are the database's own: the one that every writer takes."""
_TRANSACTION = "omniline transaction"
_CONNECT_SECONDS = 3
ASK_SECONDS = 30.0
_ASK_POLL = 0.1
_IDLE_SECONDS = 10
"""A writer that stands still within its transaction this long (a stopped process) loses it, and the lock with it."""

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


_TOO_LARGE = (
    psycopg.errors.StringDataRightTruncation,
    psycopg.errors.NumericValueOutOfRange,
    # Of a key that no index holds.
    psycopg.errors.ProgramLimitExceeded,
)


def reader_engine(url: str, *, busy_seconds: float = 1.0) -> Engine:
    """An engine whose connections are AUTOCOMMIT; a locked SQLite file is waited for `busy_seconds`."""
    return _engine(
        url, busy_seconds=busy_seconds, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True
    )


def writer_engine(url: str) -> Engine:
    """An engine whose transactions take the write lock when they begin, or raise Transient after LOCK_WAIT."""
    engine = _engine(url, busy_seconds=0.0)
    event.listen(engine, "begin", _begin_immediate if engine.dialect.name == "sqlite" else _take_write_lock)
    return engine


DRIVER_ERRORS = (exc.DBAPIError, sqlite3.Error, psycopg.Error)
"""What SQLAlchemy and, for prepared statements, the drivers themselves raise."""


def translated(error: BaseException) -> Transient | None:
    """The Transient that `error` is when it passes by itself, None for a mistake of ours.

    What it happened in handling of counts as well: a full disk ends SQLite's transaction, and then going back to
    the savepoint fails too.
    """
    for seen in _chain(error):
        # Extended codes keep the primary one in the low byte.
        code = getattr(seen, "sqlite_errorcode", 0) & 0xFF
        if code in _PASSING:
            return Transient(_PASSING[code])
        if isinstance(seen, psycopg.Error) and (said := _said_by_postgres(seen)):
            return Transient(said)
    return None


def refused(error: BaseException) -> InvalidInput | None:
    """The InvalidInput that `error` is when PostgreSQL cannot keep a value. SQLite keeps any."""
    if any(isinstance(seen, _TOO_LARGE) for seen in _chain(error)):
        return InvalidInput("a value is larger than the database keeps")
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__context__


def _said_by_postgres(error: psycopg.Error) -> str | None:
    match error:
        case psycopg.errors.ProgramLimitExceeded():
            return None
        case psycopg.errors.LockNotAvailable():
            return "the database is locked by another program"
        case psycopg.errors.DiskFull():
            return "the disk is full"
        case psycopg.errors.ReadOnlySqlTransaction():
            return "the database may not be written"
        case psycopg.OperationalError() | psycopg.errors.IdleInTransactionSessionTimeout():
            # Of a server that cannot be reached the first line names where it was looked for, and why not.
            return f"the database is not there: {str(error).partition(chr(10))[0] or type(error).__name__}"
    return None


@contextmanager
def savepoint(connection: Connection) -> Generator[None]:
    """What the block does is undone when it raises, and nothing else of the transaction. Each unit of work has one: on the
    driver's own cursor, for SQLAlchemy's costs as much as a message that is kept."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute("SAVEPOINT unit")
    try:
        yield
    except BaseException:
        driver.execute("ROLLBACK TO SAVEPOINT unit")
        driver.execute("RELEASE SAVEPOINT unit")
        raise
    driver.execute("RELEASE SAVEPOINT unit")


def commit(connection: Connection) -> None:
    """Commit a writer's transaction. Of one whose answer was lost with the server, the server is asked when it is back.

    So what this raises for has not happened: it may be done again, and nothing is there twice. (A server that stays
    away for ASK_SECONDS leaves that open.)
    """
    transaction = connection.info.get(_TRANSACTION)
    try:
        connection.commit()
    except DRIVER_ERRORS:
        if transaction is None or not was_lost(connection) or not _was_kept(connection.engine, transaction):
            raise
        # Nothing is left to take back: the connection is made anew at its next use.
        connection.rollback()


def _was_kept(writer: Engine, transaction: str) -> bool:
    deadline = time.monotonic() + ASK_SECONDS
    while True:
        try:
            # The lock is had once the lost transaction is over, one way or the other.
            with writer.connect() as connection:
                asked = connection.exec_driver_sql(
                    "SELECT pg_xact_status(%(transaction)s::xid8)", {"transaction": transaction}
                )
                return bool(asked.scalar_one() == "committed")
        except DRIVER_ERRORS as error:
            if translated(error) is None or time.monotonic() >= deadline:
                raise
            time.sleep(_ASK_POLL)


def was_lost(connection: Connection) -> bool:
    """Whether the server has ended this connection. Never on SQLite."""
    return connection.invalidated or bool(getattr(connection.connection.dbapi_connection, "closed", False))


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
        options["connect_args"] = {
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "omniline",
            "options": f"-c timezone=UTC -c lock_timeout={busy_seconds:g}s"
            f" -c idle_in_transaction_session_timeout={_IDLE_SECONDS}s",
        }
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
    event.listen(engine, "connect", _prepare_sqlite if engine.dialect.name == "sqlite" else _prepare_postgres)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -16384",
        "temp_store = MEMORY",
        # 16 MB: what many messages change again and again, as in the words' index, is copied into the database once.
        "wal_autocheckpoint = 4000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class _TextDumper(StrDumperUnknown):
    """PostgreSQL keeps no NUL in a text; mail and desks may bring one, and SQLite takes it."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd"))


def _prepare_postgres(connection: psycopg.Connection[Any], _record: object) -> None:
    connection.adapters.register_dumper(str, _TextDumper)


def _take_write_lock(connection: Connection) -> None:
    """Waits in turn for whoever writes; LOCK_WAIT holds for what the transaction itself waits for as well."""
    connection.info[_TRANSACTION] = connection.exec_driver_sql(
        "SELECT pg_current_xact_id()::text, set_config('lock_timeout', %(wait)s, true),"
        " pg_advisory_xact_lock(%(lock)s)",
        {"wait": f"{LOCK_WAIT * 1000:.0f}ms", "lock": _WRITE_LOCK},
    ).scalar_one()


def _begin_immediate(connection: Connection) -> None:
    """Poll for the lock: SQLite's own waiting sleeps up to 100 ms and would miss the gaps that an import leaves."""
    driver: Any = connection.connection.dbapi_connection
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if translated(error) is None or time.monotonic() >= deadline:
                raise
            time.sleep(_LOCK_POLL)

"""The store's engine: group commit, one failing unit among good ones, locks, full disks, other processes."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

import pytest
from sqlalchemy import Connection, exc, insert, select, text

from bridge.domain.times import utc_now
from bridge.errors import Conflict, Transient
from bridge.store import dialect
from bridge.store.dialect import writer_engine
from bridge.store.engine import LOCK_SECONDS, BatchWriter, Database, batch_writer, connect_reader
from bridge.store.schema import audit


def put(conn: Connection, key: str) -> str:
    """A second one of the same key is refused by the table's own key."""
    row = {"id": str(uuid5(NAMESPACE_OID, key)), "at": utc_now(), "by": "", "action": "put"}
    conn.execute(insert(audit), {**row, "subject": key, "detail": {}})
    return key


def keys(conn: Connection) -> set[str]:
    return set(conn.scalars(select(audit.c.subject)))


def put_and_raise(conn: Connection, key: str) -> None:
    put(conn, key)
    raise Conflict("changed my mind")


async def test_a_written_unit_is_read_back(db: Database) -> None:
    assert await db.write(put, "a") == "a"
    assert await db.read(keys) == {"a"}


async def test_of_many_units_only_the_failing_ones_fail(db: Database) -> None:
    work = [db.write(put_and_raise if n % 7 == 0 else put, f"k{n}") for n in range(200)]
    results = await asyncio.gather(*work, return_exceptions=True)
    good = {f"k{n}" for n in range(200) if n % 7}
    assert {r for r in results if isinstance(r, str)} == good
    assert sum(isinstance(r, Conflict) for r in results) == 200 - len(good)
    assert await db.read(keys) == good


async def test_a_mistake_in_a_statement_is_not_hidden_as_passing(db: Database) -> None:
    await db.write(put, "a")
    with pytest.raises(exc.IntegrityError):
        await db.write(put, "a")
    with pytest.raises(exc.DBAPIError, match="nowhere"):
        await db.read(lambda conn: conn.execute(text("SELECT 1 FROM nowhere")))


async def test_units_queued_together_share_a_commit(db: Database) -> None:
    began = threading.Event()
    release = threading.Event()

    def stall(conn: Connection) -> None:
        began.set()
        release.wait(5)

    first = asyncio.ensure_future(db.write(stall))
    await asyncio.to_thread(began.wait, 5)
    rest = [asyncio.ensure_future(db.write(put, f"k{n}")) for n in range(50)]
    await asyncio.sleep(0)
    commits: list[int] = []
    dialect.event.listen(db._writer, "commit", lambda _: commits.append(1))
    release.set()
    await asyncio.gather(first, *rest)
    assert len(commits) == 2


async def test_a_locked_database_is_transient_and_nothing_of_it_happened(
    db: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "LOCK_WAIT", 0.1)
    with writer_engine(url).connect() as other:
        other.begin()
        with pytest.raises(Transient, match="locked"):
            await db.write(put, "a")
        other.rollback()
    assert await db.write(put, "b") == "b"
    assert await db.read(keys) == {"b"}


async def test_a_writer_waits_for_a_short_lock(db: Database, url: str) -> None:
    with writer_engine(url).connect() as other:
        other.begin()
        put(other, "other")
        waiting = asyncio.ensure_future(db.write(put, "mine"))
        await asyncio.sleep(0.05)
        other.commit()
    await waiting
    assert await db.read(keys) == {"other", "mine"}


async def test_a_full_disk_is_transient_and_the_store_goes_on_after(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    await db.open()

    def fill(conn: Connection) -> None:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for n in range(2000):
            put(conn, f"{n}" * 50)

    with pytest.raises(Transient, match="disk is full"):
        await db.write(fill)
    assert await db.write(put, "after") == "after"
    assert await db.read(keys) == {"after"}
    await db.close()


async def test_a_mistake_at_the_commit_fails_these_units_and_none_after(db: Database) -> None:
    def fail_once(_: Connection) -> None:
        dialect.event.remove(db._writer, "commit", fail_once)
        raise LookupError("nobody thought of this")

    dialect.event.listen(db._writer, "commit", fail_once)
    with pytest.raises(LookupError, match="thought of this"):
        await db.write(put, "a")
    assert await db.write(put, "b") == "b"
    assert await db.read(keys) == {"b"}


async def test_a_cancelled_waiter_does_not_disturb_the_writer(db: Database) -> None:
    waiter = asyncio.ensure_future(db.write(put, "a"))
    await asyncio.sleep(0)
    waiter.cancel()
    await db.write(put, "b")
    assert "b" in await db.read(keys)


async def test_a_closed_database_says_so(url: str) -> None:
    database = Database(url)
    await database.open()
    await database.close()
    with pytest.raises(Transient, match="closed"):
        await database.write(put, "a")
    with pytest.raises(Transient, match="closed"):
        await database.read(keys)


def test_a_batch_writer_without_its_database_is_transient(tmp_path: Path) -> None:
    with pytest.raises(Transient):
        BatchWriter(f"sqlite:///{tmp_path}/nowhere/omniline.sqlite3")


def test_a_batch_writer_drops_a_failing_unit_and_keeps_the_others(url: str) -> None:
    with batch_writer(url) as writer:
        writer.run(put, "a")
        with pytest.raises(Conflict):
            writer.run(put_and_raise, "b")
        writer.run(put, "c")
    assert keys(connect_reader(url)) == {"a", "c"}


async def test_a_server_gets_its_turn_during_an_import(db: Database, url: str) -> None:
    stop = threading.Event()
    commits: list[int] = []

    def flood() -> None:
        writer = BatchWriter(url)
        dialect.event.listen(writer._connection.engine, "commit", lambda _: commits.append(1))
        n = 0
        while not stop.is_set():
            writer.run(put, f"flood{n}")
            n += 1
        writer.commit()
        writer.close()

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        waits = []
        for n in range(10):
            before = len(commits)
            await db.write(put, f"live{n}")
            waits.append(len(commits) - before)
    finally:
        stop.set()
        thread.join()
    # Within a second, on a machine that does not stop meanwhile.
    assert max(waits) * LOCK_SECONDS < 1.0, waits


def test_what_was_committed_survives_a_killed_process(url: str) -> None:
    script = (
        "import os, sys\n"
        "from bridge.store.engine import BatchWriter\n"
        "from tests.contract.test_engine import put\n"
        "w = BatchWriter(sys.argv[1])\n"
        "w.run(put, 'kept')\n"
        "w.commit()\n"
        "w.run(put, 'lost')\n"
        "os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, url], check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 9
    assert keys(connect_reader(url)) == {"kept"}


def test_the_file_is_in_wal_mode_and_synced_in_full(sqlite_url: str) -> None:
    with writer_engine(sqlite_url).connect() as conn:
        assert conn.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert conn.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert conn.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert sqlite3.sqlite_version_info >= (3, 35)

"""A PostgreSQL that goes away, stops answering or loses an answer: nothing is lost, nothing is there twice."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from bridge.directory import StoreDirectory
from bridge.domain.live import EVERYONE
from bridge.domain.times import utc_now
from bridge.errors import InvalidInput, Transient
from bridge.store import dialect, feed, inboxes
from bridge.store.engine import BatchWriter, Database
from pbx.interface import NumberKind, PhoneNumber
from tests.contract.desk_server import eventually
from tests.postgres import PostgresServer

NUMBER = PhoneNumber(NumberKind.E164, "0501234567", "+380501234567")


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """The tests' server, which runs again afterwards."""
    yield postgres
    if not postgres.is_running:
        postgres.start()


@pytest.fixture
async def store(server: PostgresServer, postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    await database.open()
    yield database
    await database.close()


def put(conn: Connection, number: int) -> int:
    feed.append(conn, "entry", EVERYONE, {"n": number}, utc_now())
    return number


def stored(conn: Connection) -> list[int]:
    return sorted(data["n"] for (data,) in conn.exec_driver_sql("SELECT data FROM feed"))


async def test_while_it_is_away_all_is_transient_and_goes_on_after(
    store: Database, server: PostgresServer, postgres_url: str
) -> None:
    directory = StoreDirectory(postgres_url)
    assert directory.find_card(NUMBER, "") is None
    await store.write(put, 1)
    server.stop(signal.SIGINT)
    for _ in range(3):
        with pytest.raises(Transient, match="is not there"):
            await store.write(put, 2)
        with pytest.raises(Transient, match="is not there"):
            await store.read(stored)
        with pytest.raises(Transient, match="is not there"):
            directory.find_card(NUMBER, "")
    server.start()
    assert await store.write(put, 3) == 3
    assert await store.read(stored) == [1, 3]
    assert directory.find_card(NUMBER, "") is None


async def test_a_restart_between_two_requests_is_not_seen(store: Database, server: PostgresServer) -> None:
    await asyncio.gather(*(store.read(stored) for _ in range(8)))
    await store.write(put, 1)
    server.stop(signal.SIGINT)
    server.start()
    assert await store.write(put, 2) == 2
    assert await asyncio.gather(*(store.read(stored) for _ in range(8))) == [[1, 2]] * 8


@pytest.mark.fault
async def test_killed_while_it_writes_what_was_answered_is_there_once_and_nothing_else(
    store: Database, server: PostgresServer, seed: int
) -> None:
    kept: list[int] = []
    going = True

    async def write(start: int) -> None:
        number = start
        while going:
            try:
                kept.append(await store.write(put, number))
            except Transient:
                await asyncio.sleep(0.01)
            number += 10

    writers = [asyncio.create_task(write(start)) for start in range(10)]
    await eventually(lambda: len(kept) > random.Random(seed).randrange(20, 400))
    await asyncio.to_thread(server.stop)
    before = len(kept)
    # Not in a thread of the pool: the server ends with the thread that started it.
    server.start()
    await eventually(lambda: len(kept) > before + 20)
    going = False
    await asyncio.gather(*writers)
    assert await store.read(stored) == sorted(kept)


@pytest.mark.parametrize("reached", [True, False])
async def test_of_a_commit_whose_answer_was_lost_the_server_is_asked(
    store: Database, monkeypatch: pytest.MonkeyPatch, *, reached: bool
) -> None:
    await store.write(put, 1)
    engine_dialect = store._writer.dialect
    plain = engine_dialect.do_commit

    def lose(connection: Any) -> None:
        if reached:
            plain(connection)
        connection.dbapi_connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patched:
        patched.setattr(engine_dialect, "do_commit", lose)
        if reached:
            assert await store.write(put, 2) == 2
        else:
            with pytest.raises(Transient, match="closed the connection"):
                await store.write(put, 2)
    assert await store.read(stored) == ([1, 2] if reached else [1])
    assert await store.write(put, 3) == 3


async def test_a_value_that_it_cannot_keep_is_refused_by_name(store: Database) -> None:
    """SQLite keeps any: there it is stored."""
    with pytest.raises(InvalidInput, match="larger than the database keeps"):
        await store.write(feed.append, "t" * 33, EVERYONE, {}, utc_now())
    with pytest.raises(InvalidInput, match="larger than the database keeps"):
        await store.write(inboxes.resolve_inbox, "email", "".join(map(chr, range(0x4E00, 0x5E00))))
    with pytest.raises(InvalidInput, match="larger than the database keeps"):
        await store.read(feed.read_after, 1 << 70, 1)
    assert await store.write(put, 1) == 1


async def test_a_writer_that_stands_still_loses_the_lock(
    store: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "_IDLE_SECONDS", 1)
    stopped = BatchWriter(postgres_url)
    stopped.run(put, 1)
    assert await store.write(put, 2) == 2
    with pytest.raises(Transient, match="is not there"):
        stopped.commit()
    assert await store.read(stored) == [2]

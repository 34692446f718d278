"""What the PBX told is written, in order, however the database behaves meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from bridge.domain.times import utc_now
from bridge.errors import Transient
from bridge.flows.ordered_writer import OrderedWriter, Write
from bridge.store import feed
from bridge.store.dialect import writer_engine
from bridge.store.engine import Database
from tests.contract.desk_server import eventually


def put(writer: OrderedWriter, number: int) -> None:
    writer.put(
        Write(
            lambda connection: feed.append(connection, "entry", "all", {"n": number}, utc_now()), "test", "c"
        )
    )


async def written(db: Database) -> list[int]:
    await db.write(feed.number_rows)
    return [row.data["n"] for row in await db.read(feed.read_after, 0, 1000)]


async def test_a_locked_database_delays_and_reorders_nothing(
    db: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.store.dialect.LOCK_WAIT", 0.05)
    commits = []
    writer = OrderedWriter(db, lambda: commits.append(1))
    writer.start()
    put(writer, 0)
    await writer.drain()
    other = writer_engine(url).connect()
    other.begin()
    for number in range(1, 200):
        put(writer, number)
    await eventually(lambda: len(writer) == 199)
    assert commits == [1]
    other.close()
    await writer.drain()
    assert await written(db) == list(range(200))
    await writer.close()


async def test_what_fails_half_way_is_done_again_from_its_beginning(db: Database) -> None:
    writer = OrderedWriter(db, lambda: None)
    tries = []

    def away_at_first(connection: Connection) -> None:
        feed.append(connection, "entry", "all", {"n": 1}, utc_now())
        tries.append(1)
        if len(tries) < 3:
            raise Transient("away")

    put(writer, 0)
    writer.put(Write(away_at_first, "test", "c"))
    put(writer, 2)
    writer.start()
    await writer.drain()
    assert await written(db) == [0, 1, 2]
    await writer.close()


async def test_what_can_never_be_written_holds_nobody_up(db: Database) -> None:
    writer = OrderedWriter(db, lambda: None)

    def mistake(connection: Connection) -> None:
        feed.append(connection, "entry", "all", {"n": -1}, utc_now())
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    put(writer, 0)
    writer.put(Write(mistake, "test", "c"))
    put(writer, 2)
    writer.start()
    await writer.drain()
    assert await written(db) == [0, 2]
    await writer.close()


async def test_close_writes_what_is_queued(db: Database) -> None:
    writer = OrderedWriter(db, lambda: None)
    writer.start()
    for number in range(100):
        put(writer, number)
    await writer.close()
    assert await written(db) == list(range(100))

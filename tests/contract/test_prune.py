"""What nobody needs any more goes in time; what is still work, or still named, never does."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bridge.domain.agent import Role
from bridge.domain.ids import new_id
from bridge.domain.times import utc_now
from bridge.flows import prune as prune_flow
from bridge.flows.keep_file import forget_file, keep_file
from bridge.flows.prune import Prune
from bridge.settings import Retention
from bridge.store import agents, arrivals, attachments, inboxes, prunings
from bridge.store.attachments import make_attachment
from bridge.store.engine import Database
from bridge.store.schema import arrival as arrival_table
from bridge.store.schema import dead_letter, outbox, upload

NOW = utc_now()
DAY = timedelta(days=1)


@pytest.fixture
async def inbox_id(db: Database) -> str:
    return (await db.write(inboxes.resolve_inbox, "tiny", "one")).id


async def bodies(db: Database) -> dict[str, bytes]:
    def read(connection: Connection) -> dict[str, bytes]:
        rows = connection.execute(select(arrival_table.c.source_key, arrival_table.c.body))
        return {row.source_key: row.body for row in rows}

    return await db.read(read)


def give_up(connection: Connection, key: str) -> None:
    """The work of the arrival of this key is a dead letter."""
    found = select(arrival_table.c.id).where(arrival_table.c.source_key == key)
    arrival_id = str(connection.scalar(found))
    row = connection.execute(select(outbox).where(outbox.c.key == arrival_id)).one()
    connection.execute(outbox.delete().where(outbox.c.key == arrival_id))
    kept = {
        name: row._mapping[name]
        for name in ("id", "consumer", "topic", "key", "payload", "created_at", "tries")
    }
    connection.execute(dead_letter.insert().values(**kept, died_at=NOW, reason="x"))


async def test_bodies_go_when_they_are_understood_and_old_and_their_keys_stay(
    db: Database, inbox_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune_flow, "AT_ONCE", 2)
    for key, days in (("waits", 99), ("failed", 99), ("one", 99), ("two", 91), ("three", 91), ("young", 89)):
        await db.write(arrivals.keep, inbox_id, key, key.encode(), NOW - days * DAY)
    await db.write(give_up, "failed")

    def understand(connection: Connection) -> None:
        waits = select(arrival_table.c.id).where(arrival_table.c.source_key == "waits")
        connection.execute(outbox.delete().where(outbox.c.key != str(connection.scalar(waits))))

    await db.write(understand)
    prune = Prune(db, tmp_path, Retention(), lambda: NOW)
    await prune()
    kept = {"waits": b"waits", "failed": b"failed", "young": b"young"}
    assert await bodies(db) == {"one": b"", "two": b"", "three": b""} | kept
    # What its provider sends again, however late, is known.
    assert not await db.write(arrivals.keep, inbox_id, "one", b"one", NOW)
    # What was still work is looked at once more.
    await db.write(lambda connection: connection.execute(outbox.delete()) and None)
    await prune()
    assert (await bodies(db))["waits"] == b""


async def test_an_arrival_that_is_work_again_keeps_its_body(db: Database, inbox_id: str) -> None:
    await db.write(arrivals.keep, inbox_id, "again", b"again", NOW - 40 * DAY)
    arrival_id = await db.read(lambda connection: connection.scalar(select(arrival_table.c.id)))
    await db.write(prunings.empty, [str(arrival_id)])
    assert await bodies(db) == {"again": b"again"}


async def test_uploads_that_nobody_sent_go_with_their_bytes_unless_these_are_wanted(
    db: Database, tmp_path: Path
) -> None:
    agent = await db.write(
        lambda connection: agents.save_agent(
            connection,
            login="a",
            name="A",
            role=Role.AGENT,
            extension=None,
            language="en",
            password_hash="x",
            phone_key_hash=None,
            at=NOW,
        )
    )

    async def add(data: bytes, days: float) -> str:
        sha256 = keep_file(tmp_path, data)
        long_ago = (NOW - days * DAY).timestamp()
        os.utime(tmp_path / sha256, (long_ago, long_ago))
        file = make_attachment("a", "text/plain", len(data), sha256)
        await db.write(attachments.add_upload, agent.id, file, NOW - days * DAY)
        return sha256

    gone, young, shared = await add(b"gone", 8), await add(b"young", 6), await add(b"shared", 9)
    await add(b"shared", 1)
    wanted = await add(b"wanted", 8)
    # A visitor is about to send the same bytes.
    keep_file(tmp_path, b"wanted")
    await Prune(db, tmp_path, Retention(), lambda: NOW)()
    left = await db.read(lambda connection: set(connection.scalars(select(upload.c.sha256))))
    assert left == {young, shared}
    assert {each.name for each in tmp_path.iterdir() if len(each.name) == 64} == {young, shared, wanted}
    assert not (tmp_path / gone).exists()


def test_a_file_that_is_kept_while_it_is_forgotten_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = keep_file(tmp_path, b"x")
    unlink = Path.unlink

    def keep_first(self: Path) -> None:
        assert keep_file(tmp_path, b"x") == name
        unlink(self)

    monkeypatch.setattr(Path, "unlink", keep_first)
    assert forget_file(tmp_path, name, NOW + 365 * DAY)
    assert (tmp_path / name).read_bytes() == b"x"
    assert not forget_file(tmp_path, new_id(), NOW)

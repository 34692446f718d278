"""The outbox: work is done once in the end, wherever a process is killed between its cause and its effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bridge.bus.memory import MemoryBus
from bridge.bus.outbox import KEPT, OutboxConsumer
from bridge.domain.live import EVERYONE
from bridge.domain.ports import Subject
from bridge.domain.times import utc_now
from bridge.domain.topic import Group, Topic
from bridge.errors import NotFound, Transient
from bridge.store import dead_letters, feed, outbox
from bridge.store.engine import BatchWriter, Database
from bridge.store.outbox import Work
from tests.contract.desk_server import Clock, eventually

GROUP = Group.TRANSCRIBER


def put(connection: Connection, *keys: str) -> None:
    for key in keys:
        outbox.put(connection, Topic.TRANSCRIBE, key, utc_now())


@asynccontextmanager
async def consuming(
    db: Database,
    do: Callable[[Work], Awaitable[None]],
    clock: Clock,
    bus: MemoryBus | None = None,
    group: Group = GROUP,
) -> AsyncIterator[OutboxConsumer]:
    consumer = OutboxConsumer(db, bus or MemoryBus(), group, do, clock)
    task = asyncio.create_task(consumer.run())
    yield consumer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Doing:
    """Finishes each piece of work in one transaction with its effect, as a flow does; `before` may fail first."""

    def __init__(self, db: Database, before: Callable[[Work], Awaitable[None]] | None = None) -> None:
        self.db = db
        self.before = before
        self.effects: list[str] = []

    async def __call__(self, work: Work) -> None:
        if self.before:
            await self.before(work)
        if await self.db.write(outbox.finish, work.id):
            self.effects.append(work.key)


async def test_each_piece_is_done_once_though_it_was_asked_for_twice(db: Database) -> None:
    await db.write(put, "a", "b", "a")
    done = Doing(db)
    async with consuming(db, done, Clock()) as consumer:
        await eventually(lambda: len(done.effects) == 2)
        await eventually(lambda: consumer.waiting == 0)
    assert sorted(done.effects) == ["a", "b"]
    assert consumer.waiting_seconds == 0


async def test_work_and_its_cause_happen_together_or_not_at_all(db: Database) -> None:
    def cause(connection: Connection) -> None:
        put(connection, "a")
        raise ValueError("the cause failed")

    with pytest.raises(ValueError, match="the cause failed"):
        await db.write(cause)
    assert (await db.read(outbox.measure, GROUP, utc_now())).waiting == 0


async def test_the_bus_wakes_the_consumer_before_it_looks_by_itself(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.bus.outbox.POLL_SECONDS", 60)
    bus, done = MemoryBus(), Doing(db)
    async with consuming(db, done, Clock(), bus):
        await db.write(put, "a")
        bus.tell(Subject.WORK)
        await eventually(lambda: done.effects == ["a"])


async def test_what_waits_is_counted_also_while_the_bus_tells_of_others_work(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.bus.outbox.POLL_SECONDS", 60)
    monkeypatch.setattr("bridge.bus.outbox.COUNT_SECONDS", 0.05)
    bus, done = MemoryBus(), Doing(db)
    async with consuming(db, done, Clock(), bus) as consumer:
        await db.write(outbox.put, Topic.TRANSCRIBE, "later", utc_now() + timedelta(hours=1))

        def counted() -> bool:
            bus.tell(Subject.WORK)
            return consumer.waiting == 1

        await eventually(counted)
    assert done.effects == []


async def test_work_of_another_process_is_found_without_being_woken(db: Database, url: str) -> None:
    done = Doing(db)
    async with consuming(db, done, Clock()):
        writer = BatchWriter(url)
        writer.run(put, "a")
        writer.commit()
        writer.close()
        await eventually(lambda: done.effects == ["a"])


async def test_killed_after_taking_it_another_does_it_when_its_time_is_up(db: Database) -> None:
    await db.write(put, "a")
    now = utc_now()
    taken = await db.write(outbox.take, GROUP, now, now + KEPT)
    assert taken is not None
    done, clock = Doing(db), Clock()
    async with consuming(db, done, clock):
        await eventually(lambda: clock() > now + timedelta(seconds=0.5))
        assert done.effects == []
        clock.ahead = KEPT
        await eventually(lambda: done.effects == ["a"])


async def test_killed_between_the_effect_and_the_commit_there_is_one_effect(db: Database, url: str) -> None:
    """The first process dies with its transaction open; the second one repeats all of it."""
    await db.write(put, "a")

    def effect(connection: Connection, work: Work) -> bool:
        if not outbox.finish(connection, work.id):
            return False
        feed.append(connection, "effect", EVERYONE, {"key": work.key}, utc_now())
        return True

    now = utc_now()
    work = await db.write(outbox.take, GROUP, now, now + KEPT)
    assert work is not None
    dying = BatchWriter(url)
    assert dying.run(effect, work)
    dying.close()
    again = await db.write(outbox.take, GROUP, now + KEPT, now + 2 * KEPT)
    assert again is not None
    assert (again.id, again.tries) == (work.id, 2)
    assert await db.write(effect, again)
    assert not await db.write(effect, again)

    def count(connection: Connection) -> int:
        return int(connection.exec_driver_sql("SELECT count(*) FROM feed WHERE type = 'effect'").scalar_one())

    assert await db.read(count) == 1


async def test_slow_work_is_kept_from_others(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.bus.outbox.RENEW_SECONDS", 0.02)
    await db.write(put, "a")
    going, clock = asyncio.Event(), Clock()

    async def slow(work: Work) -> None:
        await going.wait()

    done = Doing(db, slow)
    async with consuming(db, done, clock):
        await eventually(lambda: db.read(is_taken, clock))
        clock.ahead = KEPT + timedelta(seconds=10)

        async def renewed() -> bool:
            return await db.write(outbox.take, GROUP, clock(), clock()) is None

        await eventually(renewed)
        going.set()
        await eventually(lambda: done.effects == ["a"])


async def test_a_hurry_reaches_what_waits_to_be_tried_again_and_never_what_is_being_done(
    db: Database,
) -> None:
    await db.write(put, "a")
    now = utc_now()
    work = await db.write(outbox.take, GROUP, now, now + KEPT)
    assert work is not None
    await db.write(outbox.hurry, Topic.TRANSCRIBE, "a", now)
    assert not await db.read(outbox.has_due, GROUP, now)
    await db.write(outbox.wait, work.id, now + KEPT)
    await db.write(outbox.hurry, Topic.TRANSCRIBE, "a", now)
    assert await db.read(outbox.has_due, GROUP, now)


def third(tries: list[int], clock: Clock) -> bool:
    """Whether it is tried for the third time; the clock goes on until then."""
    if len(tries) < 3:
        clock.ahead += timedelta(seconds=60)
    return len(tries) == 3


def is_taken(connection: Connection, clock: Clock) -> bool:
    backlog = outbox.measure(connection, GROUP, clock())
    return backlog.waiting == 1 and not backlog.is_due


async def test_what_fails_is_tried_again_later_and_does_not_hold_up_the_rest(db: Database) -> None:
    await db.write(put, "bad", "good")
    tries: list[int] = []

    async def fail(work: Work) -> None:
        if work.key == "bad":
            tries.append(work.tries)
            raise Transient("not now") if work.tries < 3 else ValueError("a mistake")

    done, clock = Doing(db, fail), Clock()
    clock.stop()
    async with consuming(db, done, clock) as consumer:
        await eventually(lambda: done.effects == ["good"])
        assert tries == [1]
        await eventually(lambda: third(tries, clock))
        await eventually(lambda: consumer.waiting == 1 and consumer.waiting_seconds > 60)
    assert tries == [1, 2, 3]


async def test_a_server_that_stops_gives_its_work_back_at_once(db: Database) -> None:
    await db.write(put, "a")
    begun = asyncio.Event()

    async def never(work: Work) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with consuming(db, never, Clock()):
        await begun.wait()
    done = Doing(db)
    async with consuming(db, done, Clock()):
        await eventually(lambda: done.effects == ["a"])


async def test_poison_is_a_dead_letter_after_three_tries_and_holds_nobody_up(db: Database) -> None:
    await db.write(put, "poison", "good")
    tries: list[int] = []

    async def fail(work: Work) -> None:
        if work.key == "poison":
            tries.append(work.tries)
            raise ValueError("of no use")

    done, clock = Doing(db, fail), Clock()
    clock.stop()
    async with consuming(db, done, clock) as consumer:
        await eventually(lambda: done.effects == ["good"])
        await eventually(lambda: third(tries, clock))
        await eventually(lambda: (consumer.waiting, consumer.dead) == (0, 1))
    [letter], following = await db.read(dead_letters.list_letters, limit=10)
    assert (letter.group, letter.topic, letter.key, letter.tries) == (GROUP, Topic.TRANSCRIBE, "poison", 3)
    assert (letter.reason, following, tries) == ("ValueError: of no use", None, [1, 2, 3])


async def test_what_takes_its_worker_with_it_three_times_is_a_dead_letter(db: Database) -> None:
    await db.write(put, "deadly")
    clock = Clock()
    for _ in range(3):
        assert await db.write(outbox.take, GROUP, clock(), clock() + KEPT)
        clock.ahead += KEPT
    async with consuming(db, Doing(db), clock) as consumer:
        await eventually(lambda: consumer.dead == 1)
    [letter], _ = await db.read(dead_letters.list_letters, limit=10)
    assert "died" in letter.reason


async def test_what_is_away_is_waited_for_without_end(db: Database) -> None:
    await db.write(put, "a")
    tries: list[int] = []

    async def away(work: Work) -> None:
        tries.append(work.tries)
        if len(tries) <= 20:
            raise Transient("not there")

    done, clock = Doing(db, away), Clock()
    async with consuming(db, done, clock):
        while len(tries) <= 20:
            before = len(tries)
            clock.ahead += timedelta(minutes=10)
            await eventually(lambda before=before: len(tries) > before)
        await eventually(lambda: done.effects == ["a"])


async def test_a_dead_letter_is_retried_with_all_its_tries_or_dropped(db: Database) -> None:
    await db.write(put, "a", "b")
    now = utc_now()
    for _ in range(2):
        work = await db.write(outbox.take, GROUP, now, now + KEPT)
        assert work is not None
        assert await db.write(dead_letters.bury, work.id, "a reason", now)
        assert not await db.write(dead_letters.bury, work.id, "a reason", now)
    [newest], place = await db.read(dead_letters.list_letters, limit=1)
    [oldest], end = await db.read(dead_letters.list_letters, limit=1, before=place)
    assert ({newest.key, oldest.key}, end) == ({"a", "b"}, None)
    await db.write(put, oldest.key)
    await db.write(dead_letters.retry, newest.id, "admin", now)
    await db.write(dead_letters.retry, oldest.id, "admin", now)
    with pytest.raises(NotFound):
        await db.write(dead_letters.drop, oldest.id, "admin", now)
    taken = [await db.write(outbox.take, GROUP, utc_now(), utc_now() + KEPT) for _ in range(3)]
    assert {(work.key, work.tries, work.failures) for work in taken if work} == {("a", 1, 1), ("b", 1, 1)}
    assert taken[2] is None

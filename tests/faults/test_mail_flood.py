"""A flood of mail during calls, and whoever takes it in is killed: each mail and each call is stored once."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from bridge.domain.ids import new_id
from bridge.secrets import load_or_make
from bridge.store import inboxes
from bridge.store.schema import arrival, timeline_entry
from pbx.interface import Outcome
from tests.contract.channel_cases import mail
from tests.contract.desk_server import DeskServer, eventually, serving
from tests.dovecot import PASSWORD, Dovecot
from tests.e2e.harness import children_of, is_running
from tests.fakes.mail_reader import ADDRESS
from tests.fakes.scripted_call import ScriptedCall
from tests.soak import FIRST_SEED

pytestmark = pytest.mark.fault

ROOT = Path(__file__).parents[2]
FLOOD, SOME = 10_000, 60
PATIENCE = 1800.0
"""Seconds: mail is read by a process that gives way to all others, and in a soak there are many."""


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot()
    yield server
    server.remove()


@pytest.fixture
def count(request: pytest.FixtureRequest, seed: int) -> int:
    """The whole flood of one seed in a soak, for it takes long."""
    return FLOOD if request.config.getoption("--soak") and seed == FIRST_SEED else SOME


class MailReader:
    """A process that is started again when it was killed."""

    def __init__(self, *given: object) -> None:
        self._command = (sys.executable, "-m", "tests.fakes.mail_reader", *map(str, given))
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
        )

    async def kill(self) -> None:
        """What it has started ends with it."""
        assert self._process
        started = children_of(self._process.pid)
        self._process.kill()
        await self._process.wait()
        await eventually(lambda: not any(map(is_running, started)))


def list_mails(connection: Connection) -> list[str]:
    return list(connection.scalars(select(timeline_entry.c.body).where(timeline_entry.c.kind == "message")))


def count_arrivals(connection: Connection) -> int:
    return len(list(connection.scalars(select(arrival.c.id))))


def read_calls(connection: Connection) -> list[tuple[str, str, int]]:
    """Linkedid, outcome and the number of entries."""
    found = connection.execute(
        text(
            "SELECT linkedid, outcome, (SELECT count(*) FROM timeline_entry e"
            " WHERE e.call_id = call.id AND e.kind = 'call') FROM call"
        )
    )
    return [(row[0], row[1], row[2]) for row in found]


async def call_until_cancelled(server: DeskServer, told: list[tuple[str, str, int]]) -> None:
    while True:
        call = ScriptedCall(server.calls, f"+38050{len(told):07}")
        call.talk("101")
        call.left("101")
        call.ended(Outcome.ANSWERED)
        told.append((call.linkedid, "answered", 1))
        await asyncio.sleep(0.5)


async def test_each_mail_and_each_call_is_stored_once(
    url: str, tmp_path: Path, dovecot: Dovecot, chance: random.Random, count: int
) -> None:
    load_or_make(tmp_path, inboxes={f"email/{ADDRESS}": PASSWORD})
    user = f"flood{new_id()}"
    written = [f"mail {number}" for number in range(count)]
    senders = [f"customer{chance.randrange(50)}@example.org" for _ in written]
    arrive = dovecot.deliver(
        user, (mail(body=body, From=sender) for body, sender in zip(written, senders, strict=True))
    )
    moment = chance.randrange(count)
    reader = MailReader(url, tmp_path, dovecot.port, user)
    async with serving(url, tmp_path) as server:
        told: list[tuple[str, str, int]] = []
        calling = asyncio.create_task(call_until_cancelled(server, told))
        await reader.start()
        try:
            arrive()

            async def is_in_the_middle() -> bool:
                return await server.db.read(count_arrivals) > moment

            await eventually(is_in_the_middle, PATIENCE)
            await reader.kill()
            await reader.start()

            async def is_done() -> bool:
                return len(await server.db.read(list_mails)) >= count

            await eventually(is_done, PATIENCE)
            inbox = await server.db.read(inboxes.find_inbox, "email", ADDRESS)
            assert inbox
            place = await server.db.read(inboxes.get_cursor, inbox.id)
            assert place.endswith(f":{count}")
            # Whoever goes on from there finds what is new, and nothing again.
            await reader.kill()
            await reader.start()
            written.append("afterwards")
            await asyncio.to_thread(dovecot.append, user, mail(body="afterwards"))
            await eventually(lambda: is_more(server, count), PATIENCE)
        finally:
            await reader.kill()
        calling.cancel()
        await server.settle()
        assert Counter(each.strip() for each in await server.db.read(list_mails)) == Counter(written)
        assert await server.db.read(count_arrivals) == count + 1
        assert sorted(await server.db.read(read_calls)) == sorted(told)


async def is_more(server: DeskServer, count: int) -> bool:
    return len(await server.db.read(list_mails)) > count

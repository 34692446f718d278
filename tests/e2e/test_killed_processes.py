"""Processes of ours are killed one after the other under load: what the phones know is what is stored.

Also of calls that came, were answered and went while nobody watched: Asterisk's own records tell of those.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text

from bridge.domain.times import iso, utc_now
from bridge.settings import database_url, load
from bridge.store import feed
from bridge.store.engine import Database
from tests.e2e.harness import DID, Desk, eventually
from tests.e2e.roles import OmnilineInOne, OmnilineInRoles, OmnilineKept
from tests.fakes.sip_phone import SipPhone
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer

pytestmark = [pytest.mark.fault, pytest.mark.asyncio(loop_scope="module")]

KILL_EVERY = 2.0
AT_ONCE = 2
TALK = (0.3, 7.0)
"""Seconds; many a call is shorter than the time that nobody watches when one is killed."""
GIVES_UP = 0.15
"""How many callers nobody takes."""
EXTENSIONS = ("101", "102", "103")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """One process on SQLite; each role its own, two of most, on PostgreSQL and Redis."""
    return str(request.param)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def omniline(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[OmnilineKept]:
    home = tmp_path_factory.mktemp("killed") / "home"
    async with AsyncExitStack() as stack:
        if engine == "sqlite":
            server: OmnilineKept = OmnilineInOne(home)
        else:
            postgres: PostgresServer = request.getfixturevalue("postgres")
            redis = RedisServer()
            stack.callback(redis.remove)
            server = OmnilineInRoles(home, stack.enter_context(postgres.blank_database()), redis.url)
        stack.push_async_callback(server.stop)
        await server.start()
        yield server


@dataclass(frozen=True)
class Made:
    """A call as the phones know it."""

    began: datetime
    ended: datetime
    outcome: str


class Callers:
    """Several that call one after the other, each time from another number; `made` tells by the number.

    Their numbers begin with `prefix`.
    """

    def __init__(self, carrier: SipPhone, chance: random.Random, prefix: str) -> None:
        self.made: dict[str, Made] = {}
        self._carrier = carrier
        self._chance = chance
        self._count = 0
        self._prefix = prefix
        self._taken: dict[str, asyncio.Event] = {}
        """Of those who are to be taken, whether they were."""

    async def call_until(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            self._count += 1
            number, began = f"{self._prefix}{self._count:03}", utc_now()
            gives_up, taken = self._chance.random() < GIVES_UP, asyncio.Event()
            if not gives_up:
                self._taken[number] = taken
            dialog = self._carrier.call(DID, number=number)
            await dialog.wait("up", within=5)
            if not gives_up:
                await asyncio.wait_for(taken.wait(), 15)
            await asyncio.sleep(self._chance.uniform(*TALK))
            assert dialog.state == "up", "the call was lost"
            await dialog.hang_up()
            self.made[number] = Made(began, utc_now(), "abandoned" if gives_up else "answered")

    async def take_at(self, phone: SipPhone) -> None:
        """An agent takes who is to be taken; for the others the phone rings until they give up."""
        while True:
            dialog = await phone.incoming.get()
            assert dialog.invite
            found = re.search(r"sip:([^@]+)@", dialog.invite.get("from"))
            taken = self._taken.get(found[1]) if found else None
            await dialog.answer(180 if taken is None else 200)
            if taken is not None:
                taken.set()

    def expected(self) -> list[Stored]:
        """Nobody makes a customer of a number that was not spoken with, so that call has no entry."""
        return sorted(
            (number, "ended", call.outcome, *((1, 1) if call.outcome == "answered" else (0, 0)))
            for number, call in self.made.items()
        )

    def inside(self, gaps: list[dict[str, str]]) -> int:
        """How many calls lie in a stretch of which is said that nobody watched."""
        return sum(
            any(gap["since"] <= iso(call.began) and iso(call.ended) <= gap["until"] for gap in gaps)
            for call in self.made.values()
        )


Stored = tuple[str, str, str | None, int, int]
"""Caller, state, outcome, the number of entries and that of recordings."""


def read_calls(connection: Connection, prefix: str) -> list[Stored]:
    """Of the callers whose numbers begin so."""
    found = connection.execute(
        text(
            "SELECT caller, state, outcome, (SELECT count(*) FROM timeline_entry e"
            " WHERE e.call_id = call.id AND e.kind = 'call'),"
            " (SELECT count(*) FROM recording r WHERE r.call_id = call.id) FROM call WHERE caller LIKE :numbers"
        ),
        {"numbers": f"{prefix}%"},
    )
    return sorted(tuple(row) for row in found)


async def test_whoever_is_killed_no_call_is_lost_none_doubled_and_none_stays(
    omniline: OmnilineKept, seed: int, chance: random.Random, request: pytest.FixtureRequest
) -> None:
    seconds = 60 if request.config.getoption("--soak") else 20
    server = ("127.0.0.1", omniline.sip_port)
    secrets = omniline.secrets.phones
    phones = [await SipPhone.open(f"agent-{at}", server, secrets[at].sip_password) for at in EXTENSIONS]
    carrier = await SipPhone.open("carrier", server)
    prefix = f"+38067{seed:04}"
    callers = Callers(carrier, chance, prefix)
    answering = [asyncio.create_task(callers.take_at(phone)) for phone in phones]
    deadline = time.monotonic() + seconds
    calling = [asyncio.create_task(callers.call_until(deadline)) for _ in range(AT_ONCE)]
    killed: Counter[str] = Counter()
    while time.monotonic() < deadline:
        await asyncio.sleep(KILL_EVERY)
        victims = omniline.list_victims()
        if victims:
            victim = chance.choice(victims)
            killed[victim.name] += 1
            victim.kill()
    await asyncio.gather(*calling)
    for front in omniline.fronts:
        await omniline.wait_ready(front)
    db = Database(database_url(omniline.home, load(omniline.home, omniline.environment)))
    await db.open()

    async def settled() -> bool:
        return await db.read(read_calls, prefix) == callers.expected()

    try:
        await eventually(settled, within=20)
    except AssertionError:
        assert await db.read(read_calls, prefix) == callers.expected(), f"killed: {killed}"
    gaps = [row.data for row in await db.read(feed.list_notices, "gap")]
    print(
        f"{len(callers.made)} calls, {killed.total()} kills, {len(gaps)} gaps with {callers.inside(gaps)} calls"
    )
    async with Desk(omniline.fronts[0], "admin", omniline.secrets.admin_password) as admin:

        async def quiet() -> bool:
            agents: list[dict[str, Any]] = (await admin.get("agents"))["items"]
            return all(agent["state"] in ("available", "offline") for agent in agents)

        await eventually(quiet, what="no agent is in a call that is over")
        for extension in EXTENSIONS:
            assert (await admin.get("ringing", extension=extension))["items"] == []
    for task in answering:
        task.cancel()
    for phone in (*phones, carrier):
        phone.close()
    await db.close()

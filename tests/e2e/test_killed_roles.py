"""Processes of ours are killed one after the other under load: what the phones know is what is stored."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text

from bridge.domain.times import iso, utc_now
from bridge.store import feed
from bridge.store.engine import Database
from tests.e2e.harness import DID, Desk, eventually
from tests.e2e.roles import OmnilineInRoles
from tests.fakes.sip_phone import SipPhone
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer

pytestmark = [pytest.mark.fault, pytest.mark.asyncio(loop_scope="module")]

KILL_EVERY = 2.0
AT_ONCE = 2
TALK = (5.0, 9.0)
"""Seconds; longer than nobody watches when one is killed."""
EXTENSIONS = ("101", "102", "103")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def omniline(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> AsyncIterator[OmnilineInRoles]:
    redis = RedisServer()
    with postgres.blank_database() as url:
        server = OmnilineInRoles(tmp_path_factory.mktemp("killed") / "home", url, redis.url)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()
            redis.remove()


async def answer_all(phone: SipPhone) -> None:
    while True:
        dialog = await phone.incoming.get()
        await dialog.answer(200)


class Callers:
    """Several that call one after the other, each time from another number; `made` tells when."""

    def __init__(self, carrier: SipPhone, chance: random.Random) -> None:
        self.made: dict[str, tuple[datetime, datetime]] = {}
        self._carrier = carrier
        self._chance = chance
        self._count = 0
        self._first = chance.randrange(1000) * 1000

    async def call_until(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            self._count += 1
            number, began = f"+38067{self._first + self._count:07}", utc_now()
            dialog = self._carrier.call(DID, number=number)
            await dialog.wait("up", within=5)
            await asyncio.sleep(self._chance.uniform(*TALK))
            assert dialog.state == "up", "the call was lost"
            await dialog.hang_up()
            self.made[number] = began, utc_now()


Stored = tuple[str, str, str | None, int]
"""Caller, state, outcome and the number of entries."""


def read_calls(connection: Connection) -> list[Stored]:
    found = connection.execute(
        text(
            "SELECT caller, state, outcome, (SELECT count(*) FROM timeline_entry e"
            " WHERE e.call_id = call.id AND e.kind = 'call') FROM call"
        )
    )
    return [(row[0], row[1], row[2], row[3]) for row in found]


def was_unseen(times: tuple[datetime, datetime], gaps: list[dict[str, str]]) -> bool:
    """Whether the whole call lies in a stretch of which is said that nobody watched."""
    began, ended = iso(times[0]), iso(times[1])
    return any(gap["since"] <= began and ended <= gap["until"] for gap in gaps)


async def test_whoever_is_killed_no_call_is_lost_none_doubled_and_none_stays(
    omniline: OmnilineInRoles, postgres: PostgresServer, chance: random.Random, request: pytest.FixtureRequest
) -> None:
    seconds = 60 if request.config.getoption("--soak") else 20
    server = ("127.0.0.1", omniline.sip_port)
    secrets = omniline.secrets.phones
    phones = [await SipPhone.open(f"agent-{at}", server, secrets[at].sip_password) for at in EXTENSIONS]
    carrier = await SipPhone.open("carrier", server)
    answering = [asyncio.create_task(answer_all(phone)) for phone in phones]
    callers = Callers(carrier, chance)
    deadline = time.monotonic() + seconds
    calling = [asyncio.create_task(callers.call_until(deadline)) for _ in range(AT_ONCE)]
    killed: Counter[str] = Counter()
    while time.monotonic() < deadline:
        await asyncio.sleep(KILL_EVERY)
        victim = chance.choice([each for each in omniline.processes if each.is_running])
        killed[victim.name] += 1
        victim.kill()
    await asyncio.gather(*calling)
    for front in omniline.fronts:
        await omniline.wait_ready(front)
    db = Database(omniline.environment["OMNILINE_DATABASE__URL"])
    await db.open()

    async def settled() -> bool:
        gaps = [row.data for row in await db.read(feed.list_notices, "gap")]
        seen = {number for number, times in callers.made.items() if not was_unseen(times, gaps)}
        rows = await db.read(read_calls)
        whole = [(number, "ended", "answered", 1) for number in seen | {row[0] for row in rows}]
        return sorted(rows) == sorted(whole)

    await eventually(settled, within=20, what=f"each call is stored once and has ended; killed: {killed}")
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

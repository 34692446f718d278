"""A disk that fills up again and again while calls go on: what they told is stored once."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from structlog.testing import capture_logs

from bridge.errors import Transient
from pbx.interface import Outcome
from tests.contract.desk_server import serving
from tests.fakes.scripted_call import ScriptedCall

pytestmark = pytest.mark.fault

CALLS = 40


def fill(connection: Connection) -> None:
    """No further page can be had, as on a disk that is full, until a commit failed for it and the store connects anew."""
    connection.execute(text("PRAGMA max_page_count = 1"))


def read_calls(connection: Connection) -> list[tuple[str, str | None]]:
    return [tuple(row) for row in connection.execute(text("SELECT linkedid, outcome FROM call"))]


async def test_calls_during_a_full_disk_are_stored_once(
    sqlite_url: str, tmp_path: Path, chance: random.Random
) -> None:
    moments = chance.sample(range(CALLS // 2), 3)
    told = []
    with capture_logs() as logs:
        async with serving(sqlite_url, tmp_path) as server:
            for number in range(CALLS):
                if number in moments:
                    with suppress(Transient):  # it is full already
                        await server.db.write(fill)
                call = ScriptedCall(server.calls, f"+38050111{number:04}")
                call.talk("101")
                call.left("101")
                call.ended(Outcome.ANSWERED)
                told.append((call.linkedid, "answered"))
                await asyncio.sleep(chance.random() * 0.02)
            async with asyncio.timeout(30):
                await server.settle()
            stored = await server.db.read(read_calls)
            assert sorted(stored) == sorted(told)
            entries = await server.db.read(
                lambda c: c.scalar(text("SELECT count(*) FROM timeline_entry WHERE kind = 'call'"))
            )
            assert entries == CALLS
    assert "the disk is full" in [line.get("reason") for line in logs]

"""The whole product on PostgreSQL: a real call, also while the database is away."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.harness import Desk, Omniline, eventually, invite_of
from tests.postgres import PostgresServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of the sample company: the VIP with an unpaid order.
KNOWN = "+380501110001"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def omniline(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> AsyncIterator[Omniline]:
    with postgres.blank_database() as url:
        home = tmp_path_factory.mktemp("on-postgresql") / "home"
        server = Omniline(home, OMNILINE_DATABASE__URL=url)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()


async def test_a_call_from_the_ring_to_the_timeline(
    omniline: Omniline, agent_101: Desk, tmp_path: Path
) -> None:
    code, listed, said = await omniline.run("agents", "list", "--json")
    assert code == 0, said
    assert {"101", "102", "103"} <= {agent["login"] for agent in json.loads(listed)["items"]}
    row = {"order": "7", "status": "paid", "at": "2026-11-01T10:00:00Z", "customer": {"phone": KNOWN}}
    (tmp_path / "orders.jsonl").write_text(json.dumps({**row, "total": 100, "currency": "UAH", "items": []}))
    code, _, said = await omniline.run("import", "orders", str(tmp_path / "orders.jsonl"))
    assert code == 0, said
    phone = await omniline.answering("101", ring_ms=1500)
    caller = await omniline.calling(KNOWN)
    customer = (await agent_101.get("customers", phone=KNOWN))["items"][0]
    (pop,) = await agent_101.wait_for_pops()
    assert pop["data"]["card"]["customer"]["id"] == customer["id"]
    assert "7" in {order["order"] for order in pop["data"]["card"]["orders"]}
    assert await caller.wait(30)
    assert await phone.wait(30)
    # The AGI process found the name before the phone rang.
    shown = invite_of(phone.read_messages()).partition("\nFrom:")[2].partition("\n")[0]
    assert customer["name"].split()[0] in shown
    call = await agent_101.newest_call(KNOWN, state="ended")
    assert call["outcome"] == "answered"
    timeline = (await agent_101.get(f"customers/{customer['id']}/timeline", limit=10))["items"]
    assert call["id"] in {entry["call_id"] for entry in timeline if entry["kind"] == "call"}


async def test_the_database_goes_away_and_the_call_passes_and_is_written_after(
    omniline: Omniline, agent_101: Desk, postgres: PostgresServer
) -> None:
    phone = await omniline.answering("101", ring_ms=500)
    postgres.stop(signal.SIGINT)
    try:
        caller = await omniline.calling("+380501110002")
        assert await caller.wait(30)
        assert await phone.wait(30)
    finally:
        postgres.start()

    async def written() -> list[dict[str, Any]]:
        calls = (await agent_101.get("calls", limit=10))["items"]
        return [call for call in calls if call["caller"] == "+380501110002" and call["state"] == "ended"]

    (call,) = await eventually(written, within=20, what="the call in the database")
    assert call["outcome"] == "answered"

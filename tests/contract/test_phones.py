"""What agents' phones show, and what admins have seen of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.desk_server import Client, DeskServer, logged_in, serving


@pytest.fixture
async def server(url: str, tmp_path: Path) -> AsyncIterator[DeskServer]:
    async with serving(url, tmp_path) as running:
        yield running


@pytest.fixture
async def admin(server: DeskServer) -> AsyncIterator[Client]:
    async with logged_in(server, "admin") as client:
        yield client


def rung_of(line: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(rung for rung in line["rungs"] if rung["rung"] == name)
    return found


async def test_an_admin_sees_what_is_on_and_keeps_what_was_seen(server: DeskServer, admin: Client) -> None:
    first, *others = (await admin.get("phones"))["items"]
    assert (first["extension"], first["profile"], first["name"]) == ("101", "other", "Agent 101")
    assert [line["extension"] for line in others] == ["102", "103"]
    assert [rung["rung"] for rung in first["rungs"] if rung["on"]] == [
        "name",
        "call_info",
        "card_header",
        "desk",
    ]
    assert {rung["shown"] for rung in first["rungs"]} == {None}
    phone = f"phones/{first['agent_id']}"
    for shown in (True, False):
        status, line = await admin.ask("POST", f"{phone}/proofs", {"rung": "name", "shown": shown})
        assert status == 200
        assert (rung_of(line, "name")["shown"], rung_of(line, "name")["by"]) == (shown, "Agent admin")
    assert (await admin.get("phones"))["items"][0] == line
    assert (
        await admin.ask("POST", f"phones/{server.agents['admin'].id}/proofs", {"rung": "name", "shown": True})
    )[0] == 404
    assert (await admin.ask("POST", f"{phone}/proofs", {"rung": "smell", "shown": True}))[0] == 422


async def test_a_test_call_rings_a_phone_that_is_there_and_free(server: DeskServer, admin: Client) -> None:
    path = f"phones/{server.agents['101'].id}/test_call"
    assert (await admin.ask("POST", path))[0] == 409
    server.calls.states.set_registered(frozenset({"101"}))
    assert (await admin.ask("POST", path)) == (204, None)
    assert server.control.tested == ["101"]
    server.control.away = True
    assert (await admin.ask("POST", path))[0] == 503
    assert server.control.tested == ["101"]

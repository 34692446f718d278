"""The token of a ringing leg: what it opens, and when it is worth nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bridge.flows.pop_tokens import token_of
from pbx.interface import Outcome, WithdrawReason
from tests.contract.desk_server import POP_KEY, DeskServer, serving
from tests.fakes.scripted_call import ScriptedCall

KNOWN = "+380501110001"


@pytest.fixture
async def server(url: str, tmp_path: Path) -> AsyncIterator[DeskServer]:
    async with serving(url, tmp_path) as running:
        yield running


async def opened(server: DeskServer, token: str) -> tuple[int, str]:
    """Without a login, as a phone does."""
    async with (
        aiohttp.ClientSession() as phone,
        phone.get(f"{server.url}/api/v1/pop/{token}") as answer,
    ):
        return answer.status, await answer.text()


async def test_a_token_lives_as_long_as_its_leg(server: DeskServer) -> None:
    await server.add_customer("Оксана", KNOWN)
    call = ScriptedCall(server.calls, KNOWN)
    call.started()
    first, second = (token_of(POP_KEY, call.invited(extension)) for extension in ("101", "102"))
    for token in (first, second):
        status, text = await opened(server, token)
        assert (status, "Оксана" in text) == (200, True)
    call.answered("101")
    call.withdrawn("102", WithdrawReason.ANSWERED_ELSEWHERE)
    assert (await opened(server, first))[0] == 200
    dead = await opened(server, second)
    call.left("101")
    call.ended(Outcome.ANSWERED)
    wrong = [first, "0" * 40, token_of("q" * 32, call.linkedid), "'; --", "%00", "x" * 500]
    assert {await opened(server, token) for token in wrong} == {dead}
    assert dead[0] == 404


async def test_the_token_of_one_leg_tells_nothing_of_another(server: DeskServer) -> None:
    await server.add_customer("Оксана", KNOWN)
    known, other = ScriptedCall(server.calls, KNOWN), ScriptedCall(server.calls, "+380671234567")
    for call in (known, other):
        call.started()
    mine, theirs = (token_of(POP_KEY, call.invited(at)) for call, at in ((known, "101"), (other, "102")))
    _, text = await opened(server, theirs)
    assert ("Оксана" in text, KNOWN in text) == (False, False)
    other.ended(Outcome.ABANDONED)
    assert (await opened(server, theirs))[0] == 404
    assert (await opened(server, mine))[0] == 200


async def test_a_call_that_ends_unseen_takes_its_tokens_along(server: DeskServer) -> None:
    call = ScriptedCall(server.calls, KNOWN)
    call.started()
    token = token_of(POP_KEY, call.invited("101"))
    call.ended(Outcome.UNKNOWN)
    assert (await opened(server, token))[0] == 404


async def test_with_the_token_nothing_else_can_be_had(server: DeskServer) -> None:
    call = ScriptedCall(server.calls, KNOWN)
    call.started()
    token = token_of(POP_KEY, call.invited("101"))
    async with aiohttp.ClientSession() as phone:
        for method, path in (("GET", "calls"), ("GET", "ringing"), ("PUT", "calls/x/note")):
            headers = {"Authorization": f"Bearer {token}"}
            async with phone.request(
                method, f"{server.url}/api/v1/{path}", headers=headers, json={}
            ) as answer:
                assert answer.status in (401, 404)
        async with phone.post(f"{server.url}/api/v1/pop/{token}") as answer:
            assert answer.status == 405

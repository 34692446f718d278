"""A clock that is set a day forward or back in the middle of a call: the call ends, and is wrapped up, all the same."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from pbx.interface import Outcome
from tests.contract.desk_server import Clock, logged_in, serving
from tests.fakes.scripted_call import ScriptedCall

pytestmark = pytest.mark.fault


@pytest.mark.parametrize("days", [1, -1])
async def test_a_call_during_which_the_clock_is_set(
    url: str, tmp_path: Path, chance: random.Random, days: int
) -> None:
    clock = Clock()
    moment = chance.randrange(4)

    def at(step: int) -> None:
        if step == moment:
            clock.ahead += timedelta(days=days)

    async with serving(url, tmp_path, clock=clock) as server, logged_in(server, "101") as client:
        await client.follow()
        call = ScriptedCall(server.calls, "+380501110001")
        at(0)
        call.ring("101")
        (pop,) = await client.wait_for("screen_pop")
        at(1)
        call.answered("101")
        call.left("101")
        at(2)
        call.ended(Outcome.ANSWERED)
        await server.settle()
        await client.wait_for("call")
        at(3)
        # A session lasts 12 hours by that clock: whoever is a day ahead logs in again.
        async with logged_in(server, "101") as again:
            call_id = pop["data"]["call_id"]
            status, _ = await again.ask("PUT", f"calls/{call_id}/note", {"text": "Передзвонити", "rev": 1})
            assert status == 200
            status, answer = await again.ask("POST", f"calls/{call_id}/wrap_up", {"disposition": "other"})
            assert (status, answer["entry"]["text"]) == (200, "Передзвонити")
            detail = await again.get(f"calls/{call_id}")
            assert (detail["state"], detail["outcome"]) == ("ended", "answered")
            assert (await again.get("ringing", extension="101"))["items"] == []

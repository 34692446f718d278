"""Calls that nobody answered become work, by real calls; speaking with the caller ends it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.harness import Desk, Omniline, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of the sample company.
KNOWN = "+380501110001"
UNKNOWN = "+380671234567"


async def work_of(desk: Desk, key: str) -> dict[str, Any] | None:
    items = (await desk.get("worklist"))["items"]
    return next((item for item in items if item["key"] == key), None)


async def test_a_voicemail_is_work_with_its_words(omniline: Omniline, agent_101: Desk) -> None:
    # First of all: no phone is registered yet, and the queue gives up at once.
    caller = await omniline.calling(
        UNKNOWN, before_ms=300, talk_ms=15_000, say="I am calling about my order of yesterday. " * 7
    )
    assert await caller.wait(40)

    async def heard() -> dict[str, Any] | None:
        item = await work_of(agent_101, UNKNOWN)
        words = item and item["voicemails"] and item["voicemails"][0]["transcript"]
        return item if words and words["state"] == "ready" else None

    item = await eventually(heard, within=40, what="a voicemail with its words")
    assert item
    (message,) = item["voicemails"]
    assert message["duration_ms"] > 1000
    url = f"{omniline.url}/api/v1/recordings/{message['id']}/audio"
    async with agent_101.session.get(url) as answer:
        assert answer.status == 200
    status, _ = await agent_101.send("POST", f"calls/{item['call']['id']}/handled")
    assert status == 204
    assert await work_of(agent_101, UNKNOWN) is None


async def test_a_caller_who_gave_up_is_work_until_somebody_answers_them(
    omniline: Omniline, agent_101: Desk
) -> None:
    phone = await omniline.answering("101", scenario="ring")
    for _ in range(2):
        gave_up = await omniline.calling(KNOWN, before_ms=0, talk_ms=500)
        await gave_up.wait(20)
        await agent_101.newest_call(KNOWN, state="ended")
    await phone.stop()

    async def tried_twice() -> dict[str, Any] | None:
        item = await work_of(agent_101, KNOWN)
        return item if item and item["attempts"] == 2 else None

    item = await eventually(tried_twice, what="two attempts of one caller")
    assert item
    assert item["call"]["outcome"] == "abandoned"
    assert item["call"]["customer_name"]
    status, taken = await agent_101.send("POST", f"calls/{item['call']['id']}/take")
    assert (status, taken["call"]["owner_id"]) == (200, (await agent_101.get("me"))["agent"]["id"])

    answering = await omniline.answering("101")
    caller = await omniline.calling(KNOWN, talk_ms=500)
    assert await caller.wait(30)
    assert await answering.wait(10)
    assert await work_of(agent_101, KNOWN) is None
    assert (await agent_101.get(f"calls/{item['call']['id']}"))["handled_at"]

    async def told() -> bool:
        return {"key": KNOWN, "item": None} in [each["data"] for each in agent_101.of_type("work")]

    await eventually(told, what="the desk hears that it is done")

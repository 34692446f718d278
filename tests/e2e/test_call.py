"""A call to the company number, end to end on real Asterisk with real SIP phones."""

from __future__ import annotations

import audioop
import io
import re
import wave
from typing import Any

import aiohttp
import pytest

from bridge.domain.times import iso, utc_now
from tests.e2e.harness import DID, Desk, Omniline, eventually, invite_of

# One server for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of the sample company: the VIP with an unpaid order.
KNOWN = "+380501110001"
UNKNOWN = "+380671234567"


def stages_of(call: dict[str, Any]) -> list[str]:
    return [stage["stage"] for stage in call["stages"]]


async def loudness(desk: Desk, server: Omniline, recording_id: str) -> tuple[int, int]:
    """RMS of the left (caller) and the right (agent) side of a recording."""
    async with desk.session.get(f"{server.url}/api/v1/recordings/{recording_id}/audio") as answer:
        assert answer.status == 200, await answer.text()
        data = await answer.read()
    with wave.open(io.BytesIO(data)) as audio:
        assert audio.getnchannels() == 2
        frames = audio.readframes(audio.getnframes())
    return audioop.rms(audioop.tomono(frames, 2, 1, 0), 2), audioop.rms(audioop.tomono(frames, 2, 0, 1), 2)


async def test_a_known_caller_pops_talks_and_ends_on_the_timeline(
    omniline: Omniline, agent_101: Desk
) -> None:
    phone = await omniline.answering("101", ring_ms=1500)
    caller = await omniline.calling(KNOWN)
    customer = (await agent_101.get("customers", phone=KNOWN))["items"][0]
    (pop,) = await agent_101.wait_for_pops()
    card = pop["data"]["card"]
    assert card["customer"]["id"] == customer["id"]
    assert card["recent"]
    call = await agent_101.newest_call(KNOWN, state="open")
    status, draft = await agent_101.send(
        "PUT", f"calls/{call['id']}/note", {"text": "Wants the parcel on Friday", "rev": 1}
    )
    assert status == 200, draft
    assert await caller.wait(30)
    assert await phone.wait(10)

    invite = invite_of(phone.read_messages())
    display = re.search(r'^From: "(.*?)" <sip:([^@]+)@', invite, re.MULTILINE)
    assert display, invite
    assert customer["name"].split()[0] in display[1]
    assert len(display[1]) <= 40
    assert display[2] == KNOWN

    call = await agent_101.newest_call(KNOWN, state="ended")
    stages = stages_of(call)
    assert set(stages) >= {"invite", "identified", "ringing", "pop_sent", "pop_shown", "answered", "ended"}
    assert stages.index("pop_shown") < stages.index("answered")
    assert call["outcome"] == "answered"
    assert call["customer_id"] == customer["id"]

    status, done = await agent_101.send("POST", f"calls/{call['id']}/wrap_up", {"disposition": "resolved"})
    assert status == 200, done
    timeline = (await agent_101.get(f"customers/{customer['id']}/timeline", limit=10))["items"]
    mine = {entry["kind"]: entry for entry in timeline if entry["call_id"] == call["id"]}
    assert set(mine) - {"transcript"} == {"call", "note"}
    assert mine["note"]["text"] == "Wants the parcel on Friday"
    (recording,) = call["recordings"]
    left, right = await loudness(agent_101, omniline, recording["id"])
    assert left > 200
    assert right > 200


async def test_an_anonymous_caller_rings_without_a_customer(omniline: Omniline, agent_101: Desk) -> None:
    phone = await omniline.answering("101")
    caller = await omniline.calling("anonymous", talk_ms=500)
    assert await caller.wait(30)
    assert await phone.wait(10)
    call = await agent_101.newest_call("", state="ended")
    assert call["customer_id"] is None
    (pop,) = agent_101.pops()
    assert pop["data"]["card"]["customer"] is None


async def test_an_unknown_caller_becomes_a_customer_once_answered(
    omniline: Omniline, agent_101: Desk
) -> None:
    gave_up = await omniline.calling(UNKNOWN, before_ms=0, talk_ms=300)
    ringing = await omniline.answering("101", scenario="ring")
    await gave_up.wait(20)
    await ringing.stop()
    await agent_101.newest_call(UNKNOWN, state="ended")
    assert (await agent_101.get("customers", phone=UNKNOWN))["items"] == []

    phone = await omniline.answering("101")
    caller = await omniline.calling(UNKNOWN, talk_ms=500)
    assert await caller.wait(30)
    assert await phone.wait(10)
    call = await agent_101.newest_call(UNKNOWN, state="ended")
    (customer,) = (await agent_101.get("customers", phone=UNKNOWN))["items"]
    assert call["customer_id"] == customer["id"]
    assert invite_of(phone.read_messages()).count(UNKNOWN) >= 1


async def test_two_agents_ring_and_the_others_pop_goes_when_one_answers(
    omniline: Omniline, agent_101: Desk, agent_102: Desk
) -> None:
    slow = await omniline.answering("102", scenario="ring")
    phone = await omniline.answering("101", ring_ms=1500)
    caller = await omniline.calling(KNOWN, talk_ms=500)
    assert await caller.wait(30)
    assert await phone.wait(10)
    assert await slow.wait(10)
    (pop,) = agent_102.pops()
    (withdrawn,) = agent_102.of_type("screen_pop_withdrawn")
    assert withdrawn["data"]["pop_id"] == pop["data"]["id"]
    assert withdrawn["data"]["reason"] == "answered_elsewhere"
    assert agent_101.of_type("screen_pop_withdrawn") == []


async def test_the_pop_goes_when_the_caller_gives_up_and_when_the_agent_rejects(
    omniline: Omniline, agent_101: Desk
) -> None:
    ringing = await omniline.answering("101", scenario="ring")
    gave_up = await omniline.calling(KNOWN, before_ms=0, talk_ms=800)
    assert await gave_up.wait(20)
    assert await ringing.wait(10)

    async def withdrawn() -> list[str]:
        return [m["data"]["reason"] for m in agent_101.of_type("screen_pop_withdrawn")]

    assert await eventually(withdrawn) == ["caller_gave_up"]
    rejecting = await omniline.answering("101", scenario="reject", ring_ms=500)
    caller = await omniline.calling(KNOWN, before_ms=0, talk_ms=3000)
    assert await rejecting.wait(15)
    assert await caller.wait(20)

    async def both() -> bool:
        return (await withdrawn())[:2] == ["caller_gave_up", "rejected"]

    await eventually(both)


async def test_a_trunk_caller_who_says_101_is_no_agent(omniline: Omniline, agent_101: Desk) -> None:
    phone = await omniline.answering("102", ring_ms=500)
    caller = await omniline.calling("101", talk_ms=500)
    assert await caller.wait(30)
    await phone.wait(10)
    call = await agent_101.newest_call("101", state="ended")
    assert call["direction"] == "inbound"
    assert call["dialled"] == DID
    assert call["customer_id"] is None


async def test_hostile_caller_ids_ring_through_and_break_nothing(omniline: Omniline, agent_101: Desk) -> None:
    hostile = [
        ('"; DROP TABLE call; --', "1' OR '1'='1"),
        ("${SHELL(id)}", "${EXTEN}"),
        ("x" * 500, "9" * 300),
        ('Ім\'я "в лапках", кома', "+380501110001"),
    ]
    since = iso(utc_now())
    for name, user in hostile:
        phone = await omniline.answering("101", ring_ms=300)
        caller = await omniline.calling(user, name=name, talk_ms=300)
        assert await caller.wait(30), user
        assert await phone.wait(10)
        await agent_101.finish_wrap_ups()
    async with aiohttp.ClientSession() as session, session.get(f"{omniline.url}/readyz") as answer:
        assert answer.status == 200
    calls = [call for call in (await agent_101.get("calls", limit=20))["items"] if call["started_at"] > since]
    assert len(calls) == len(hostile)
    assert all(call["outcome"] == "answered" for call in calls)

"""A caller presses the code of a continue-link, on a real telephone line: in the queue, and while an agent speaks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.harness import DID, Desk, Omniline, eventually
from tests.fakes.sip_phone import Dialog, SipPhone

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of the sample company; the number is nobody's.
KNOWN = "+380501110001"
UNKNOWN, ANOTHER = "+380671234599", "+380671234598"


async def offer(desk: Desk, title: str) -> tuple[str, dict[str, Any]]:
    """A customer whose matter goes on by telephone, and the link."""
    customer = (await desk.get("customers", phone=KNOWN))["items"][0]
    status, matter = await desk.send("POST", f"customers/{customer['id']}/matters", {"title": title})
    assert status == 201, matter
    status, link = await desk.send("POST", f"matters/{matter['id']}/continue", {"channel": "phone"})
    assert status == 201, link
    assert link["number"] == DID
    return customer["id"], link


async def is_theirs(desk: Desk, caller: str, customer_id: str, title: str) -> bool:
    call = await desk.newest_call(caller)
    card = await desk.get(f"calls/{call['id']}/card")
    if (card["customer"] or {}).get("id") != customer_id:
        return False
    (matter,) = [each for each in card["matters"] if each["title"] == title]
    return call["id"] in {link["thing_id"] for link in matter["links"]}


async def dial(omniline: Omniline, number: str) -> tuple[SipPhone, Dialog]:
    caller = await SipPhone.open("caller", ("127.0.0.1", omniline.sip_port))
    dialog = caller.call(DID, number=number)
    await dialog.wait("up")
    return caller, dialog


async def test_a_code_pressed_in_the_queue_brings_the_matter_before_the_answer(
    omniline: Omniline, agent_101: Desk
) -> None:
    customer_id, link = await offer(agent_101, "The kettle")
    phone = await omniline.answering("101", scenario="ring")
    caller, dialog = await dial(omniline, UNKNOWN)

    async def popped() -> bool:
        return bool(agent_101.of_type("screen_pop"))

    await eventually(popped, what="a pop of a stranger")
    await dialog.press(f"12*{link['code']}#")

    async def found() -> bool:
        return await is_theirs(agent_101, UNKNOWN, customer_id, "The kettle")

    await eventually(found, what="the card has the matter while the phone rings")
    assert (await agent_101.newest_call(UNKNOWN))["state"] == "open"
    await dialog.hang_up()
    await phone.wait(10)
    caller.close()


async def test_a_code_pressed_while_the_agent_speaks_joins_the_stranger_with_whom_they_are(
    omniline: Omniline, agent_101: Desk
) -> None:
    customer_id, link = await offer(agent_101, "The lamp")
    phone = await omniline.answering("101", ring_ms=300)
    caller, dialog = await dial(omniline, ANOTHER)

    async def answered() -> bool:
        call = await agent_101.newest_call(ANOTHER)
        return call["answered_at"] is not None and call["customer_id"] not in (None, customer_id)

    await eventually(answered, what="a stranger speaks with 101")
    await dialog.press(f"{link['code']}#")

    async def found() -> bool:
        return await is_theirs(agent_101, ANOTHER, customer_id, "The lamp")

    await eventually(found, what="the call is theirs")
    (owner,) = (await agent_101.get("customers", phone=ANOTHER))["items"]
    assert owner["id"] == customer_id
    await dialog.hang_up()
    await phone.wait(10)
    caller.close()

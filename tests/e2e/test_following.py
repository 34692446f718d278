"""The pop follows the call: transfers, pick-up and parking by real phones on real Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.harness import DID, Desk, Omniline, eventually
from tests.fakes.sip_phone import Dialog, SipPhone

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of the sample company.
KNOWN = "+380501110001"


class Company:
    """The carrier, three phones with their desks, and the caller that is on the line."""

    def __init__(self, carrier: SipPhone, phones: dict[str, SipPhone], desks: dict[str, Desk]) -> None:
        self.carrier, self.phones, self.desks = carrier, phones, desks

    async def dial_in(self, *ringing: str) -> tuple[Dialog, list[Dialog]]:
        """The caller's call, and the ends of it that ring at these extensions."""
        call = self.carrier.call(DID, number=KNOWN)
        return call, [await self.next_at(extension) for extension in ringing]

    async def next_at(self, extension: str) -> Dialog:
        async def rings() -> Dialog | None:
            phone = self.phones[extension]
            return phone.incoming.get_nowait() if phone.incoming.qsize() else None

        found = await eventually(rings, within=15, what=f"{extension} rings")
        assert found
        return found

    async def pop_of(self, extension: str, call_id: str) -> dict[str, Any]:
        async def shown() -> list[dict[str, Any]]:
            cards = [
                pop["data"]["card"]
                for pop in self.desks[extension].pops()
                if pop["data"]["call_id"] == call_id
            ]
            return cards if cards and cards[-1]["customer"] else []

        return (await eventually(shown, what=f"a pop of the call at {extension}"))[-1]

    async def wait_state(self, extension: str, state: str, call_id: str) -> None:
        async def is_so() -> bool:
            told = [
                m["data"]
                for m in self.desks[extension].of_type("agent_state")
                if m["data"]["extension"] == extension
            ]
            return bool(told) and (told[-1]["state"], told[-1]["call_id"]) == (state, call_id)

        await eventually(is_so, what=f"{extension} is {state} on the call")


@pytest_asyncio.fixture(loop_scope="module")
async def company(omniline: Omniline) -> AsyncIterator[Company]:
    server = ("127.0.0.1", omniline.sip_port)
    secrets = omniline.secrets.phones
    phones = {
        at: await SipPhone.open(f"agent-{at}", server, secrets[at].sip_password)
        for at in ("101", "102", "103")
    }
    carrier = await SipPhone.open("carrier", server)
    desks = {at: Desk(omniline, at, secrets[at].desk_password) for at in phones}
    for desk in desks.values():
        await desk.__aenter__()
        await desk.listen()
    yield Company(carrier, phones, desks)
    for phone in (*phones.values(), carrier):
        for dialog in phone.dialogs.values():
            if dialog.state == "up":
                await dialog.hang_up()
        phone.close()
    for desk in desks.values():
        await desk.finish_wrap_ups()
        await desk.__aexit__()


async def test_an_attended_transfer_takes_card_and_note_along(company: Company) -> None:
    call, (first, _) = await company.dial_in("101", "102")
    await first.answer(200)
    call_id = (await company.desks["101"].newest_call(KNOWN, state="open"))["id"]
    await company.wait_state("101", "in_call", call_id)
    draft = {"text": "Wants the parcel on Friday", "rev": 1}
    assert (await company.desks["101"].send("PUT", f"calls/{call_id}/note", draft))[0] == 200
    first.hold(on=True)
    consultation = company.phones["101"].call("103")
    third = await company.next_at("103")
    await third.answer(200)
    await consultation.wait("up")

    async def asked() -> dict[str, Any] | None:
        pops = company.desks["103"].pops()
        return pops[0]["data"] if pops and pops[0]["data"]["card"]["colleague"] else None

    pop = await eventually(asked, what="the pop of the colleague who asks")
    assert pop
    assert pop["card"]["colleague"]["extension"] == "101"
    asked_id = pop["call_id"]
    await company.wait_state("103", "in_call", asked_id)
    first.transfer("103", replaces=consultation)
    card = await company.pop_of("103", call_id)
    assert card["caller"] == KNOWN
    assert card["customer"]["name"]
    assert [note["text"] for note in card["notes"]] == ["Wants the parcel on Friday"]
    await company.wait_state("103", "in_call", call_id)
    await company.wait_state("101", "wrap_up", call_id)
    await call.hang_up()
    await company.wait_state("103", "wrap_up", call_id)
    status, _ = await company.desks["103"].send("PUT", f"calls/{call_id}/note", {"text": "Sold", "rev": 1})
    assert status == 200


async def test_a_call_that_is_picked_up_pops_there_and_goes_elsewhere(company: Company) -> None:
    call, _ = await company.dial_in("101", "102")
    picked = company.phones["103"].call("**101")
    await picked.wait("up")
    call_id = (await company.desks["103"].newest_call(KNOWN, state="open"))["id"]
    card = await company.pop_of("103", call_id)
    assert card["customer"]["name"]
    await company.wait_state("103", "in_call", call_id)

    async def withdrawn() -> bool:
        return all(
            [m["data"]["reason"] for m in company.desks[at].of_type("screen_pop_withdrawn")]
            == ["answered_elsewhere"]
            for at in ("101", "102")
        )

    await eventually(withdrawn, what="the pops of 101 and 102 are withdrawn")
    await call.hang_up()
    await company.wait_state("103", "wrap_up", call_id)
    detail = await company.desks["103"].newest_call(KNOWN, state="ended")
    assert (detail["id"], detail["outcome"]) == (call_id, "answered")
    assert [recording["kind"] for recording in detail["recordings"]] == ["call"]


async def test_a_parked_call_pops_where_it_is_fetched(company: Company) -> None:
    call, (first, _) = await company.dial_in("101", "102")
    await first.answer(200)
    call_id = (await company.desks["101"].newest_call(KNOWN, state="open"))["id"]
    await company.wait_state("101", "in_call", call_id)
    first.transfer("700")

    async def fetched() -> Dialog | None:
        taken = company.phones["103"].call("701")
        await taken.wait("up")
        try:
            await company.wait_state("103", "in_call", call_id)
        except AssertionError:
            return None
        return taken

    await eventually(fetched, within=30, what="103 has the caller from place 701")
    await first.hang_up()
    await company.wait_state("101", "wrap_up", call_id)
    assert (await company.pop_of("103", call_id))["customer"]["name"]
    await call.hang_up()
    await company.wait_state("103", "wrap_up", call_id)


async def test_a_transfer_in_a_loop_stays_one_call(company: Company) -> None:
    call, (here, _) = await company.dial_in("101", "102")
    await here.answer(200)
    call_id = (await company.desks["101"].newest_call(KNOWN, state="open"))["id"]
    for extension in ("103", "102", "101", "103"):
        here.transfer(extension)
        there = await company.next_at(extension)
        if here.state == "up":  # what a phone does when it hears that the transfer went through
            await here.hang_up()
        await there.answer(200)
        await company.pop_of(extension, call_id)
        await company.wait_state(extension, "in_call", call_id)
        here = there
    await call.hang_up()
    for desk in company.desks.values():
        mine = [each["id"] for each in (await desk.get("me"))["unfinished"]]
        assert mine == [call_id]
    detail = await company.desks["101"].newest_call(KNOWN, state="ended")
    answered = [stage["extension"] for stage in detail["stages"] if stage["stage"] == "answered"]
    assert answered == ["101", "103", "102", "101", "103"]

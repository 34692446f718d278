"""The rungs of the ladder by real calls: what stands in the INVITE and comes as a MESSAGE, and what the token opens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.harness import DID, Desk, Omniline, eventually
from tests.fakes.sip_phone import Dialog, SipPhone

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of the sample company.
KNOWN = "+380501110001"
PHONES = """
[[phones]]
extension = "101"
profile = "bria"

[[phones]]
extension = "102"
profile = "linphone"
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Omniline]:
    """101 has a phone that shows everything, 102 one that shows messages."""
    home: Path = tmp_path_factory.mktemp("ladder") / "home"
    server = Omniline(home)
    code, _, err = await server.run("sample")
    assert code == 0, err
    settings = home / "omniline.toml"
    settings.write_text(settings.read_text() + PHONES)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


async def ringing_at(phone: SipPhone) -> Dialog:
    async def rings() -> Dialog | None:
        return phone.incoming.get_nowait() if phone.incoming.qsize() else None

    found = await eventually(rings, within=15, what="the phone rings")
    assert found
    return found


async def status_of(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


async def test_token_and_message_reach_the_phones_that_show_them(company: Omniline) -> None:
    server = ("127.0.0.1", company.sip_port)
    secrets = company.secrets.phones
    first = await SipPhone.open("agent-101", server, secrets["101"].sip_password)
    second = await SipPhone.open("agent-102", server, secrets["102"].sip_password)
    carrier = await SipPhone.open("carrier", server)
    call = carrier.call(DID, number=KNOWN)
    here, there = await ringing_at(first), await ringing_at(second)
    assert here.invite
    assert there.invite
    assert (there.invite.get("call-info"), there.invite.get("x-omniline-card")) == ("", "")
    token = here.invite.get("x-omniline-card")
    assert len(token) == 40
    assert here.invite.get("call-info") == f"<{company.url}/pop/{token}>;purpose=info"

    async def opened() -> dict[str, Any] | None:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{company.url}/api/v1/pop/{token}") as answer,
        ):
            found: dict[str, Any] | None = await answer.json() if answer.status == 200 else None
            return found

    card = await eventually(opened, what="the token opens the card")
    assert card
    assert (card["caller"], bool(card["customer"]["name"])) == (KNOWN, True)
    assert KNOWN not in here.invite.get("call-info")

    async def told() -> bool:
        return bool(first.texts and second.texts)

    await eventually(told, what="both phones have a MESSAGE")
    lines = second.texts[0].splitlines()
    assert lines[0] == card["customer"]["name"]
    assert 2 <= len(lines) <= 4
    await here.answer(200)
    assert await status_of(f"{company.url}/pop/{token}") in (200, 503)  # 503: the desk is not built here
    await call.hang_up()

    async def is_dead() -> bool:
        return await status_of(f"{company.url}/api/v1/pop/{token}") == 404

    await eventually(is_dead, what="the token is dead")
    for path in ("pop", "api/v1/pop"):
        answers = set()
        for wrong in (token, "0" * 40, "x"):
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{company.url}/{path}/{wrong}") as answer,
            ):
                answers.add((answer.status, await answer.text()))
        assert len(answers) == 1
        assert answers.pop()[0] == 404
    for phone in (first, second, carrier):
        phone.close()


async def test_a_phone_that_refuses_the_message_rings_all_the_same(company: Omniline) -> None:
    server = ("127.0.0.1", company.sip_port)
    secrets = company.secrets.phones["102"]
    phone = await SipPhone.open("agent-102", server, secrets.sip_password)
    phone.refuses_texts = True
    carrier = await SipPhone.open("carrier", server)
    async with Desk(company, "102", secrets.desk_password) as desk:
        await desk.listen()
        call = carrier.call(DID, number=KNOWN)
        there = await ringing_at(phone)
        await there.answer(200)

        async def refused() -> bool:
            return bool(phone.texts) and bool(desk.of_type("screen_pop"))

        await eventually(refused, what="the message was refused, the pop is there")
        await call.hang_up()
        detail = await desk.newest_call(KNOWN, state="ended")
        assert detail["outcome"] == "answered"
        await desk.finish_wrap_ups()
    for each in (phone, carrier):
        each.close()

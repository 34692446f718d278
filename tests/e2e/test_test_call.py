"""An admin's test call reaches a real phone by the pop's own way, and leaves nothing behind that would be work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.e2e.harness import Desk, Omniline, eventually
from tests.fakes.sip_phone import SipPhone

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Omniline]:
    """101 has a phone that shows everything."""
    home: Path = tmp_path_factory.mktemp("test_call") / "home"
    server = Omniline(home)
    code, _, err = await server.run("sample")
    assert code == 0, err
    settings = home / "omniline.toml"
    settings.write_text(settings.read_text() + '\n[[phones]]\nextension = "101"\nprofile = "bria"\n')
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


async def test_a_test_call_shows_every_rung_and_is_nobodys_work(company: Omniline) -> None:
    secrets = company.secrets.phones["101"]
    phone = await SipPhone.open("agent-101", ("127.0.0.1", company.sip_port), secrets.sip_password)
    async with (
        Desk(company, "admin", company.secrets.admin_password) as admin,
        Desk(company, "101", secrets.desk_password) as desk,
    ):
        await desk.listen()
        before = (await admin.get("customers", q="test"))["items"]

        async def is_registered() -> bool:
            return any(line["registered"] for line in (await admin.get("phones"))["items"])

        await eventually(is_registered, within=15, what="the phone is registered")
        line = next(each for each in (await admin.get("phones"))["items"] if each["extension"] == "101")
        path = f"phones/{line['agent_id']}/test_call"
        assert (await admin.send("POST", path))[0] == 204
        async with aiohttp.ClientSession() as session:
            dialog = await phone.incoming.get()
            assert dialog.invite
            assert '"Omniline test" <sip:test@' in dialog.invite.get("from")
            token = dialog.invite.get("x-omniline-card")
            assert dialog.invite.get("call-info") == f"<{company.url}/pop/{token}>;purpose=info"
            async with session.get(f"{company.url}/api/v1/pop/{token}") as answer:
                assert answer.status == 200
                assert (await answer.json())["colleague"]["name"] == "Omniline test"

        async def told() -> bool:
            return bool(phone.texts) and any(pop["data"]["card"]["colleague"] for pop in desk.pops())

        await eventually(told, what="a MESSAGE and a pop with its card")
        assert phone.texts[0].splitlines()[0] == "Omniline test"
        assert len(phone.texts[0].splitlines()) == 4
        (pop,) = desk.pops()
        assert pop["data"]["card"]["colleague"]["name"] == "Omniline test"
        await dialog.answer(200)

        async def over() -> dict[str, Any] | None:
            call: dict[str, Any] = await admin.get(f"calls/{pop['data']['call_id']}")
            return call if call["state"] == "ended" else None

        call = await eventually(over, within=15, what="the call ends by itself")
        assert call
        assert (call["direction"], call["customer_id"], call["recordings"]) == ("internal", None, [])
        # Once more, and nobody answers: that is no work either.
        assert (await admin.send("POST", path))[0] == 204
        again = await phone.incoming.get()
        await again.answer(486)

        async def both_over() -> bool:
            calls = (await admin.get("calls"))["items"]
            return len(calls) == 2 and {each["state"] for each in calls} == {"ended"}

        await eventually(both_over, within=15, what="the second one ends")
        assert (await admin.get("worklist"))["items"] == []
        assert (await admin.get("me"))["unfinished"] == (await desk.get("me"))["unfinished"] == []
        assert (await admin.get("customers", q="test"))["items"] == before
        assert desk.of_type("entry") == []
    phone.close()

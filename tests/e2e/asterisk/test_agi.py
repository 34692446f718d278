"""What a real Asterisk makes of what our AGI session sends."""

from __future__ import annotations

import asyncio

from pbx.agi.handlers import Handler, Services, identify_caller
from pbx.agi.lookup import CardLookup
from pbx.agi.metrics import AgiMetrics
from pbx.agi.server import AgiServer
from pbx.agi.session import AgiSession
from pbx.errors import Rejected
from pbx.interface import CallerCard
from tests.e2e.asterisk.conftest import Pbx
from tests.fakes.directory import FakeDirectory

HOSTILE = {
    "CALLERID(name)": 'Олена "Ко,ва\\льчук" (VIP) ${EXTEN} $[1+1]',
    "CHANNEL(language)": "uk",
    "__EMPTY": "",
    "COMMA": 'a,b=c,"d"',
    "BACKSLASH": "\\",
    "QUOTE": '"',
    "OPEN": "([",
    "CLOSE": ")],x",
    "VARIABLE": "${CHANNEL} $[1+1] ${SHELL(id)}",
    "SEPARATORS": "'x'|y&z;w==",
    "SPACES": "  lead and trail  ",
    "ESCAPES": '\\"\\,\\\\%0a\\n',
    "LETTERS": "🙂 Їжак ß",
}


async def test_values_arrive_as_they_are_whatever_they_hold(pbx: Pbx) -> None:
    read: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def set_and_read(session: AgiSession, services: Services) -> None:
        await session.set_variables(HOSTILE)
        answers = {name: await session.execute("GET VARIABLE", name.lstrip("_")) for name in HOSTILE}
        read.set_result({name: answer.data for name, answer in answers.items()})

    await _serve(pbx, set_and_read)
    caller = await pbx.call()
    assert await asyncio.wait_for(read, 10) == HOSTILE
    await caller.stop()


async def test_a_refused_command_is_told_and_the_session_goes_on(pbx: Pbx) -> None:
    seen: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()

    async def misbehave(session: AgiSession, services: Services) -> None:
        errors = []
        for command in ("BOGUS", "SAY DIGITS"):
            try:
                await session.execute(command)
            except Rejected as error:
                errors.append(str(error)[-3:])
        errors.append((await session.execute("EXEC NoSuchApplication", "x")).result)
        errors.append((await session.execute("GET VARIABLE", "OMNI_DIALLED")).data)
        seen.set_result(errors)

    await _serve(pbx, misbehave)
    caller = await pbx.call()
    assert await asyncio.wait_for(seen, 10) == ["510", "520", "-2", "+380445550100"]
    await caller.stop()


async def test_the_name_on_the_card_is_the_name_in_the_agents_invite(pbx: Pbx) -> None:
    await _serve(pbx, identify_caller.handle)
    phone = await pbx.phone("101")
    caller = await pbx.call()
    assert await caller.wait(20)
    assert await phone.wait(10)
    assert 'From: "Олена \\"Ко,ва\\\\льчук\\" (VIP)" <sip:+380671234567@' in phone.read_messages()
    assert (await pbx.ami.one("OmniIdentified"))["Customer"] == "018f-olena"


async def _serve(pbx: Pbx, handler: Handler) -> None:
    metrics = AgiMetrics()
    directory = FakeDirectory({"+380671234567": CallerCard("018f-olena", 'Олена "Ко,ва\\льчук" (VIP)', "uk")})
    services = Services(CardLookup(directory, metrics), "UA")
    server = AgiServer(services, {"identify_caller": handler}, metrics)
    await server.start("127.0.0.1", pbx.config.agi_port)

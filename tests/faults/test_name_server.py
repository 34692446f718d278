"""A name server that does not answer: only those who need it wait, and no longer than they must."""

from __future__ import annotations

import asyncio
import functools
import random
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge import names
from bridge.channels.email import listening
from bridge.channels.fetching import fetch_file
from bridge.channels.outgoing import Outgoing
from bridge.channels.shop import ShopChannel
from bridge.channels.whatsapp import WhatsAppChannel
from bridge.domain.ids import new_id
from bridge.domain.message import OutboundMessage
from bridge.domain.order import BuyerAddresses, OrderRequest, RequestState
from bridge.domain.webhook import Event
from bridge.errors import Transient
from tests.contract.channel_cases import CASES, mail
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import eventually
from tests.contract.test_email import mailbox
from tests.dovecot import PASSWORD, Dovecot
from tests.fakes.scripted_call import ScriptedCall
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.fault

SOON = 10.0
"""Seconds: far from the half minute that a silent name server takes."""
ANSWERS = 8
PATIENCE = 40.0


class NameServer:
    """What the system's resolver asks for `localhost` and what ends in `.example`: silent until it `answers`."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self._ask = socket.getaddrinfo

    def find(self, host: str | None, *rest: Any) -> Any:
        if host is not None and (host == "localhost" or host.endswith(".example")):
            if not self.answers.wait(30):
                raise socket.gaierror(socket.EAI_AGAIN, "as the system says in the end")
            host = "127.0.0.1"
        return self._ask(host, *rest)


def on_our_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """On that of `omniline serve`."""

    @functools.wraps(test)
    def run(**given: Any) -> None:
        with asyncio.Runner(loop_factory=names.Loop) as runner:
            runner.run(test(**given))

    return run


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server.find)
    monkeypatch.setattr(names, "SECONDS", 0.3)
    monkeypatch.setattr(listening, "LONGEST_WAIT", 1.0)
    yield server
    server.answers.set()


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot()
    yield server
    server.remove()


@on_our_loop
async def test_whoever_needs_no_name_that_is_asked_for_does_not_wait(name_server: NameServer) -> None:
    asked = [
        asyncio.create_task(names.await_name(f"{number}.silent.example", 443))
        for number in range(40)
        for _ in range(3)
    ]
    await asyncio.sleep(0)
    began = time.monotonic()
    await names.await_name("127.0.0.1", 443)
    await asyncio.to_thread(int)
    assert time.monotonic() - began < SOON
    assert threading.active_count() < 60
    assert {type(error) for error in await asyncio.gather(*asked, return_exceptions=True)} == {
        socket.gaierror
    }
    # That question's time is over, and its answer has not come.
    took = []
    for _ in range(3):
        began = time.monotonic()
        with pytest.raises(socket.gaierror):
            await names.await_name("1.silent.example", 443)
        took.append(time.monotonic() - began)
    # The quickest: this machine may stop meanwhile.
    assert min(took) < names.SECONDS / 2
    name_server.answers.set()
    await eventually(lambda: threading.active_count() < 20)
    await names.await_name("1.silent.example", 443)


@on_our_loop
async def test_what_asks_others_is_told_to_come_again(name_server: NameServer) -> None:
    """And not that it may have been done: the name comes before whatever is sent."""
    event = Event(id=new_id(), type="entry", at="2026-11-22T08:00:00Z", data={})
    message = OutboundMessage(
        key=new_id(), inbox="1", thread="1", text="hello", conversation_id=new_id(), to="1"
    )
    request = OrderRequest(
        id=new_id(),
        shop="main",
        order=None,
        state=RequestState.WAITING,
        items=(),
        total=0,
        currency="UAH",
        by="Agent",
        at="2026-11-22T08:00:00Z",
    )
    asking: tuple[Awaitable[object], ...] = (
        Outgoing()("https://hooks.example/", "secret", event),
        fetch_file("https://files.example/1"),
        WhatsAppChannel("UA", "https://graph.example", "recipient").send("token", message),
        ShopChannel("UA", "https://shop.example").place("secret", request, BuyerAddresses()),
    )
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(error) for error in told} == {Transient}


@on_our_loop
async def test_other_channels_and_calls_go_on(
    url: str,
    tmp_path: Path,
    name_server: NameServer,
    dovecot: Dovecot,
    chance: random.Random,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The mail server is known by its name here, WhatsApp by its address."""
    async with SmtpServer(PASSWORD).running() as smtp:
        user = f"names{new_id()}"
        box = mailbox(dovecot, smtp, login=user, imap_host="localhost", smtp_host="localhost")
        await asyncio.to_thread(dovecot.append, user, mail(body="from the mailbox"))
        async with channels_serving(url, tmp_path, mailboxes=(box,), password=PASSWORD) as running:
            talks = await begin(running)
            await running.desk.follow()
            written: dict[str, list[str]] = {name: [] for name in talks}
            for number in range(ANSWERS):
                name = chance.choice(list(talks))
                body = {"text": f"answer {number}", "key": f"{number}"}
                status, _ = await running.desk.ask("POST", f"conversations/{talks[name]}/messages", body)
                assert status == 201
                written[name].append(body["text"])
                began = time.monotonic()
                ScriptedCall(running.server.calls, f"+3805011100{number:02}").ring("101")
                await running.desk.wait_for("screen_pop", number + 1)
                assert time.monotonic() - began < SOON

            def has_whatsapp() -> bool:
                return [sent.text for sent in running.whatsapp.sent] == written["whatsapp"]

            await eventually(has_whatsapp, PATIENCE)
            assert not smtp.sent

            monkeypatch.setattr(names, "SECONDS", 30.0)
            name_server.answers.set()
            running.server.clock.ahead += timedelta(minutes=11)

            def has_mail() -> bool:
                running.server.clock.ahead += timedelta(seconds=1)
                return len(smtp.sent) == len(written["email"])

            await eventually(has_mail, PATIENCE)
            texts = [each.get_content().split("\n")[0].strip() for each in smtp.mails]
            assert texts == written["email"]
            assert has_whatsapp()

            async def is_received() -> bool:
                return [each.text for each in await running.read()].count("from the mailbox") == 1

            await eventually(is_received, PATIENCE)


async def begin(running: ChannelServer) -> dict[str, str]:
    """A conversation in each channel, by its name."""
    await running.send(CASES["email"], mail())
    await running.whatsapp.post(running.whatsapp.write("380501234567", "Sheena", "hello"))
    return {each.channel: each.conversation_id or "" for each in await running.read()}

"""The AMI link and the shipped manager account on a real Asterisk."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from pbx.ami.client import AmiAccount, AmiClient
from pbx.ami.control import AmiControl
from pbx.ami.tracker import Tracker
from pbx.errors import Rejected
from pbx.interface import AgentAnswered, AgentRinging, Call, CallEnded, Outcome, QueueMember
from tests.e2e.asterisk.conftest import SECRET, Pbx
from tests.e2e.harness import DID, eventually
from tests.fakes.ami_transcript import RecordingSink
from tests.fakes.sip_phone import Dialog, SipPhone


class Watch:
    """A client and a tracker, running, and what they have told."""

    def __init__(self, port: int, open_calls: tuple[Call, ...] = ()) -> None:
        self.sink = RecordingSink()
        self.client = AmiClient(AmiAccount("127.0.0.1", port, "omniline", SECRET))
        self.tracker = Tracker("pbx1", self.sink, open_calls)
        self.tasks = [
            asyncio.create_task(self.client.run()),
            asyncio.create_task(self.tracker.run(self.client.news)),
        ]

    async def until(self, condition: Callable[[], object], what: str) -> None:
        async def probe() -> object:
            return condition()

        await eventually(probe, what=what)

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest_asyncio.fixture
async def watch(pbx: Pbx) -> AsyncIterator[Watch]:
    watch = Watch(pbx.config.ami_port)
    await watch.until(lambda: watch.client.is_connected, "the AMI link")
    yield watch
    await watch.stop()


@pytest_asyncio.fixture
async def phones(pbx: Pbx) -> AsyncIterator[dict[str, SipPhone]]:
    """101 and the trunk."""
    server = ("127.0.0.1", pbx.config.sip_port)
    phones = {
        "101": await SipPhone.open("agent-101", server, SECRET),
        "trunk": await SipPhone.open("t", server),
    }
    yield phones
    for phone in phones.values():
        phone.close()


async def call_in(watch: Watch, phones: dict[str, SipPhone]) -> tuple[Dialog, Dialog]:
    """A call that 101 has answered: the caller's end and the agent's."""
    call = phones["trunk"].call(DID, number="+380501234567")
    ringing = await asyncio.wait_for(phones["101"].incoming.get(), 10)
    await watch.until(lambda: watch.sink.of(AgentRinging), "ringing")
    await ringing.answer(200)
    await watch.until(lambda: watch.sink.of(AgentAnswered), "the answer")
    return call, ringing


async def test_the_shipped_account_can_do_what_is_asked_of_it(
    pbx: Pbx, watch: Watch, phones: dict[str, SipPhone]
) -> None:
    control = AmiControl(watch.client, pbx.process.command)

    async def is_registered() -> bool:
        return await control.find_registered() == {"101"}

    # Asterisk tells a phone's new state a moment after it has answered the registration.
    await eventually(is_registered, within=5)
    await control.pause_member("101", paused=True, reason="перерва")
    assert "paused" in await pbx.process.command("queue show support")
    await control.pause_member("101", paused=False)
    with pytest.raises(Rejected, match="Interface not found"):
        await control.pause_member("999", paused=True)


async def test_who_waits_and_who_is_kept_out_is_asked_of_asterisk(
    pbx: Pbx, watch: Watch, phones: dict[str, SipPhone]
) -> None:
    control = AmiControl(watch.client, pbx.process.command)
    await control.pause_member("102", paused=True, reason="wrap-up")
    call = phones["trunk"].call(DID, number="+380501234567")
    await asyncio.wait_for(phones["101"].incoming.get(), 10)
    (kept,) = watch.sink.calls.values()
    (queue,) = await control.list_queues()
    assert (queue.name, [caller.leg for caller in queue.waiting]) == ("support", [kept.linkedid])
    assert abs((queue.waiting[0].since - kept.started_at).total_seconds()) < 2
    assert queue.members == (
        QueueMember("101", paused=False),
        QueueMember("102", paused=True, reason="wrap-up"),
    )
    # Who begins to watch now knows the queue of a call that it never saw join it.
    newcomer = Watch(pbx.config.ami_port)
    await newcomer.until(lambda: newcomer.sink.calls, "the call is found")
    await newcomer.until(lambda: newcomer.sink.calls[kept.linkedid].queue == "support", "its queue")
    await newcomer.stop()
    await call.hang_up()

    async def nobody_waits() -> bool:
        return all(not queue.waiting for queue in await control.list_queues())

    await eventually(nobody_waits)


@pytest.mark.parametrize(
    "action",
    [
        {"Action": "Originate", "Channel": "PJSIP/agent-101", "Application": "Wait", "Data": "1"},
        {"Action": "Command", "Command": "core show version"},
        {"Action": "GetConfig", "Filename": "pjsip.conf"},
        {"Action": "ModuleLoad", "LoadType": "reload"},
        {"Action": "Redirect", "Channel": "PJSIP/x", "Context": "agents", "Exten": "101", "Priority": "1"},
    ],
)
async def test_the_shipped_account_cannot_do_more(watch: Watch, action: dict[str, str]) -> None:
    name = action.pop("Action")
    with pytest.raises(Rejected, match=f"{name}: Permission denied"):
        await watch.client.ask(name, action)


async def test_a_wrong_secret(pbx: Pbx) -> None:
    client = AmiClient(AmiAccount("127.0.0.1", pbx.config.ami_port, "omniline", "wrong"))
    with pytest.raises(Rejected, match="Authentication failed"):
        await asyncio.wait_for(client.run(), 10)


async def test_a_call_is_adopted_by_the_next_watcher(
    pbx: Pbx, watch: Watch, phones: dict[str, SipPhone]
) -> None:
    call, _ = await call_in(watch, phones)
    await watch.stop()
    left = tuple(watch.sink.calls.values())
    successor = Watch(pbx.config.ami_port, left)
    await successor.until(lambda: successor.client.is_connected, "the second link")
    await call.hang_up()
    await successor.until(lambda: successor.sink.of(CallEnded), "the end")
    await successor.stop()
    (ended,) = successor.sink.calls.values()
    assert (ended.linkedid, ended.outcome) == (left[0].linkedid, Outcome.ANSWERED)
    assert ended.answered_at == left[0].answered_at


async def test_a_killed_asterisk_leaves_no_ghost(pbx: Pbx, watch: Watch, phones: dict[str, SipPhone]) -> None:
    await call_in(watch, phones)
    assert pbx.process.pid
    os.kill(pbx.process.pid, signal.SIGKILL)
    await pbx.process.wait_died()
    await pbx.process.start()
    await watch.until(lambda: watch.sink.of(CallEnded), "the end")
    (call,) = watch.sink.calls.values()
    assert call.outcome is Outcome.UNKNOWN
    assert len(watch.sink.gaps) == 1
    assert watch.tracker.open_calls == 0

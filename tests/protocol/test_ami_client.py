"""The AMI link against an Asterisk that is slow, rude, frozen or gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from pbx.ami import client as client_module
from pbx.ami.client import AmiAccount, AmiClient, Heard, LinkLost, News, utc_now
from pbx.ami.control import AmiControl
from pbx.ami.facts import LegCreated, LegHungUp, MessageLeft
from pbx.ami.snapshot import Snapshot
from pbx.errors import Rejected, Transient
from pbx.interface import LegState
from tests.fakes.ami_server import SECRET, USER, AmiServer, encode

T = TypeVar("T")


async def no_console(line: str) -> str:
    raise AssertionError(f"nothing of this is asked at the console: {line}")


CREATED = {
    "Event": "Newchannel",
    "Timestamp": "1795380095.476126",
    "Channel": "PJSIP/trunk-loopback-00000000",
    "CallerIDNum": "+380501234567",
    "Exten": "+380445550100",
    "Uniqueid": "1795380095.0",
    "Linkedid": "1795380095.0",
}
CYRILLIC = {
    "Event": "UserEvent",
    "UserEvent": "OmniVoicemail",
    "Uniqueid": "1795380095.0",
    "Box": "Підтримка",
    "Name": 'Олена \\"Лєна\\"',
}
LIVE = {
    "Event": "Status",
    "Channel": "PJSIP/trunk-loopback-00000000",
    "ChannelState": "6",
    "CallerIDNum": "+380501234567",
    "Exten": "start",
    "DNID": "+380445550100",
    "Uniqueid": "1795380095.0",
    "Linkedid": "1795380095.0",
    "BridgeID": "",
    "Seconds": "7",
    "Variable": "OMNI_IDENTIFIED=(null)",
}


async def soon(what: Awaitable[T]) -> T:
    return await asyncio.wait_for(what, 30)


@pytest.fixture(autouse=True)
def _no_early_ping(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is, no ping is answered between what a test tells."""
    monkeypatch.setattr(client_module, "FIRST_PING", 600.0)


@asynccontextmanager
async def connected(
    server: AmiServer, *, patience: float = 60.0, ping_every: float = 600.0
) -> AsyncIterator[AmiClient]:
    """A client whose first snapshot has been taken out of the queue."""
    account = AmiAccount("127.0.0.1", server.port, USER, SECRET)
    client = AmiClient(account, patience=patience, ping_every=ping_every)
    running = asyncio.create_task(client.run())
    try:
        assert isinstance(await soon(client.news.get()), Snapshot)
        yield client
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def next_but_heard(client: AmiClient) -> News:
    while isinstance(news := await client.news.get(), Heard):
        pass
    return news


@pytest.fixture
async def server() -> AsyncIterator[AmiServer]:
    async with AmiServer() as server:
        yield server


async def test_facts_come_in_order(server: AmiServer) -> None:
    async with connected(server) as client:
        for number in range(50):
            await server.tell({**CREATED, "Uniqueid": f"1.{number}"})
        facts = [await soon(client.news.get()) for _ in range(50)]
    assert [fact.uniqueid for fact in facts if isinstance(fact, LegCreated)] == [f"1.{n}" for n in range(50)]


async def test_events_that_nobody_reads_are_dropped(server: AmiServer) -> None:
    async with connected(server) as client:
        await server.tell({"Event": "RTCPSent", "Uniqueid": "1.1"})
        await server.tell({"Event": "UserEvent", "UserEvent": "Elsewhere", "Uniqueid": "1.1"})
        await server.tell(CREATED)
        assert isinstance(await soon(client.news.get()), LegCreated)


async def test_headers_are_found_by_their_whole_name(server: AmiServer) -> None:
    async with connected(server) as client:
        await server.tell(
            {"Event": "Newchannel", "DestUniqueid": "9.9", "Channel": "", **CREATED, "Exten": ""}
        )
        fact = await soon(client.news.get())
    assert isinstance(fact, LegCreated)
    assert (fact.uniqueid, fact.channel, fact.dialled) == (CREATED["Uniqueid"], CREATED["Channel"], "")


async def test_a_refused_login_says_so(server: AmiServer) -> None:
    client = AmiClient(AmiAccount("127.0.0.1", server.port, USER, "wrong"))
    with pytest.raises(Rejected, match="refused the AMI login of 'omniline': Authentication failed"):
        await soon(client.run())
    assert not client.is_connected
    assert client.news.empty()


@pytest.mark.parametrize("chunk", [1, 2, 7])
async def test_letters_survive_any_cut(server: AmiServer, chunk: int) -> None:
    async with connected(server) as client:
        server.chunk = chunk
        await server.tell(CYRILLIC)
        fact = await soon(client.news.get())
    assert isinstance(fact, MessageLeft)
    assert (fact.box, fact.name) == ("Підтримка", 'Олена \\"Лєна\\"')


async def test_a_letter_cut_in_two_reads(server: AmiServer) -> None:
    whole = encode(CYRILLIC)
    cut = whole.index("Підтримка".encode()) + 3
    async with connected(server) as client:
        # The event before it shows that the first half of the letter was read.
        await server.write(encode(CREATED) + whole[:cut])
        assert isinstance(await soon(client.news.get()), LegCreated)
        await server.write(whole[cut:])
        fact = await soon(client.news.get())
    assert isinstance(fact, MessageLeft)
    assert fact.box == "Підтримка"


async def test_broken_utf8_is_replaced_and_nothing_else_is_lost(server: AmiServer) -> None:
    async with connected(server) as client:
        await server.write(encode(CREATED).replace(b"+380501234567", b"\xff\xfe1"))
        await server.tell(CYRILLIC)
        first, second = await soon(client.news.get()), await soon(client.news.get())
    assert isinstance(first, LegCreated)
    assert first.caller == "\ufffd\ufffd1"
    assert isinstance(second, MessageLeft)


async def test_login_over_a_trickle(server: AmiServer) -> None:
    server.chunk, server.pace = 1, 0.002
    async with connected(server, patience=0.05) as client:
        assert client.is_connected


async def test_the_snapshot_comes_first_and_what_happened_meanwhile_after_it(server: AmiServer) -> None:
    server.items["Status"] = [LIVE]
    server.before_list_end = [{"Event": "Hangup", "Uniqueid": LIVE["Uniqueid"], "Cause": "16"}]
    client = AmiClient(AmiAccount("127.0.0.1", server.port, USER, SECRET))
    running = asyncio.create_task(client.run())
    snapshot, fact = await soon(client.news.get()), await soon(client.news.get())
    running.cancel()
    assert isinstance(snapshot, Snapshot)
    (leg,) = snapshot.legs
    assert (leg.state, leg.bridge, leg.identified) == (LegState.UP, None, None)
    assert leg.created.dialled == "+380445550100"
    assert (snapshot.at - leg.created.at).total_seconds() == 7
    assert isinstance(fact, LegHungUp)


async def test_a_reset_link_comes_back_with_a_snapshot(server: AmiServer) -> None:
    async with connected(server) as client:
        server.reset()
        assert isinstance(await soon(client.news.get()), LinkLost)
        assert isinstance(await soon(client.news.get()), Snapshot)
        await server.tell(CREATED)
        assert isinstance(await soon(client.news.get()), LegCreated)


async def test_asterisk_away_for_a_while(server: AmiServer) -> None:
    async with connected(server) as client:
        server.stop()
        assert isinstance(await soon(client.news.get()), LinkLost)
        with pytest.raises(Transient):
            await client.ask("Ping", {})
        with capture_logs() as logs:
            while not any(entry["event"] == "ami_away" for entry in logs):
                await asyncio.sleep(0.01)
        await server.start()
        assert isinstance(await soon(client.news.get()), Snapshot)
        assert client.news.empty()


def test_a_half_open_link_is_noticed_within_ten_seconds() -> None:
    assert client_module.PING_EVERY + client_module.PATIENCE < 10


async def test_a_half_open_link(server: AmiServer) -> None:
    async with connected(server, patience=0.2, ping_every=0.1) as client:
        server.silent = {"Ping", "Login"}
        assert isinstance(await soon(next_but_heard(client)), LinkLost)
        assert not client.is_connected
        server.silent = set()
        assert isinstance(await soon(client.news.get()), Snapshot)


async def test_each_answered_ping_says_until_when_all_is_told(server: AmiServer) -> None:
    before = utc_now()
    async with connected(server, ping_every=0.05) as client:
        first = await soon(client.news.get())
        assert isinstance(first, Heard)
        assert before <= first.at <= utc_now()


async def test_a_link_that_talks_but_does_not_answer_pings_is_alive(server: AmiServer) -> None:
    patience = 1.0
    async with connected(server, patience=patience, ping_every=0.05) as client:
        server.silent = {"Ping"}
        until = asyncio.get_running_loop().time() + 2.5 * patience
        while asyncio.get_running_loop().time() < until:
            await server.tell({"Event": "Noise"})
            await asyncio.sleep(0.02)
        assert client.is_connected


async def test_an_originate_in_flight_is_never_sent_twice(server: AmiServer) -> None:
    async with connected(server) as client:
        server.silent = {"Originate"}
        answer = asyncio.create_task(client.ask("Originate", {"Channel": "PJSIP/agent-101"}))
        while not server.count("Originate"):
            await asyncio.sleep(0.001)
        server.reset()
        with pytest.raises(Transient):
            await soon(answer)
        server.silent = set()
        assert isinstance(await soon(client.news.get()), LinkLost)
        assert isinstance(await soon(client.news.get()), Snapshot)
        await client.ask("Ping", {})  # what came before it on the wire has been received
        assert server.count("Originate") == 1


async def test_an_action_without_an_answer_is_given_up(server: AmiServer) -> None:
    async with connected(server) as client:
        server.silent = {"Originate"}
        with pytest.raises(Transient, match="no answer to AMI action Originate"):
            await client.ask("Originate", {}, within=0.1)
        assert client.is_connected


@pytest.mark.parametrize("value", ["x\r\nAction: Originate", "x\n", "x\r", "x\0", "\ud800"])
@pytest.mark.parametrize("where", ["key", "value"])
async def test_a_header_cannot_break_out(server: AmiServer, value: str, where: str) -> None:
    async with connected(server) as client:
        before = len(server.received)
        headers = {"Reason": value} if where == "value" else {value: "x"}
        with pytest.raises(Rejected):
            await client.ask("QueuePause", headers)
        await client.ask("Ping", {})
        assert [each["Action"] for each in server.received[before:]] == ["Ping"]


async def test_stopping_leaves_nobody_waiting(server: AmiServer) -> None:
    server.silent = {"Originate"}
    async with connected(server) as client:
        answer = asyncio.create_task(client.ask("Originate", {}))
        while not server.count("Originate"):
            await asyncio.sleep(0.001)
    with pytest.raises(Transient):
        await soon(answer)


async def test_refusals(server: AmiServer) -> None:
    server.refused = {"QueuePause", "DeviceStateList"}
    async with connected(server) as client:
        control = AmiControl(client, no_console)
        with pytest.raises(Rejected, match="QueuePause: Permission denied"):
            await control.pause_member("101", paused=True)
        with pytest.raises(Rejected, match="DeviceStateList: Permission denied"):
            await soon(control.find_registered())


async def test_control(server: AmiServer) -> None:
    states = {"PJSIP/agent-101": "NOT_INUSE", "PJSIP/agent-102": "UNAVAILABLE", "PJSIP/agent-103": "INUSE"}
    others = {"PJSIP/trunk-loopback": "NOT_INUSE", "Queue:support": "NOT_INUSE"}
    server.items["DeviceStateList"] = [
        {"Event": "DeviceStateChange", "Device": device, "State": state}
        for device, state in {**states, **others}.items()
    ]
    async with connected(server) as client:
        control = AmiControl(client, no_console)
        assert await control.find_registered() == {"101", "103"}
        await control.pause_member("101", paused=True, reason="перерва")
    (pause,) = [each for each in server.received if each["Action"] == "QueuePause"]
    assert (pause["Interface"], pause["Paused"], pause["Reason"]) == ("PJSIP/agent-101", "true", "перерва")


async def test_a_test_call_is_asked_for_once_and_of_an_extension_only() -> None:
    asked: list[str] = []

    async def console(line: str) -> str:
        asked.append(line)
        raise Transient("its answer was lost")

    control = AmiControl(AmiClient(AmiAccount("127.0.0.1", 1, USER, SECRET)), console)
    with pytest.raises(Transient):
        await control.ring_for_test("101")
    assert asked == ["channel originate Local/101@test-calls/n application Wait 5"]
    for wrong in ("101@from-trunk", "101/n application System", "", "+380501234567"):
        with pytest.raises(Rejected, match="no extension"):
            await control.ring_for_test(wrong)
    assert len(asked) == 1

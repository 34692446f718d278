"""The FastAGI server on a real socket: who calls, what Asterisk is told, and that no call is held."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from pbx.agi.handlers import Services, find_handlers
from pbx.agi.lookup import LANES, CardLookup
from pbx.agi.metrics import AgiMetrics
from pbx.agi.probe import passes_self_test
from pbx.agi.server import DEADLINE_SECONDS, MAX_SESSIONS, AgiServer
from pbx.agi.session import AgiSession
from pbx.interface import CallerCard
from tests.fakes.asterisk_agi import call, write_environment
from tests.fakes.directory import FakeDirectory

OLENA = CallerCard("018f-olena", 'Олена "Ко,ва\\льчук"', language="uk", vip=True, priority=5)

# The deadlines are real time: on a machine that does other things at once they would cut healthy sessions.
pytestmark = pytest.mark.realtime

IN_TIME = DEADLINE_SECONDS + 0.1


class Running:
    def __init__(self) -> None:
        self.directory = FakeDirectory({"+380671234567": OLENA})
        self.metrics = AgiMetrics()
        self.lookup = CardLookup(self.directory, self.metrics)
        self.handlers = {**find_handlers(), "silent": self._stay_silent}
        self.server = AgiServer(Services(self.lookup, "UA"), self.handlers, self.metrics)
        self.port = 0

    async def _stay_silent(self, session: AgiSession, services: Services) -> None:
        await asyncio.Event().wait()


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    agi = Running()
    agi.port = await agi.server.start("127.0.0.1", 0)
    yield agi
    agi.directory.gate.set()
    await agi.server.close()


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_known_caller_is_identified_in_one_command(running: Running) -> None:
    channel = await call(running.port)
    assert channel.variables == {
        "OMNI_IDENTIFIED": "1",
        "__OMNI_CUSTOMER": "018f-olena",
        "QUEUE_PRIO": "5",
        "CALLERID(name)": 'Олена "Ко,ва\\льчук"',
        "CHANNEL(language)": "uk",
    }
    assert len(channel.commands) == 1
    assert running.directory.asked == [("+380671234567", "+380445550100")]
    assert running.metrics.lookups_found == 1


async def test_an_unknown_caller_rings_with_the_number_as_name(running: Running) -> None:
    channel = await call(running.port, write_environment(agi_callerid="0501112233"))
    assert channel.variables == {
        "OMNI_IDENTIFIED": "1",
        "__OMNI_CUSTOMER": "",
        "QUEUE_PRIO": "0",
        "CALLERID(name)": "+380501112233",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"agi_callerid": "anonymous"},
        {"agi_callerid": "unknown", "agi_callingpres": "67"},
        {"agi_callerid": "+380671234567", "agi_callingpres": "35"},
    ],
)
async def test_a_withheld_number_is_not_looked_up_and_keeps_its_presentation(
    running: Running, changes: dict[str, str]
) -> None:
    channel = await call(running.port, write_environment(**changes))
    assert channel.variables == {"OMNI_IDENTIFIED": "1", "__OMNI_CUSTOMER": "", "QUEUE_PRIO": "0"}
    assert running.directory.asked == []


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("101", "101"),
        ('"; DROP TABLE customer', "DROPTABLEcustomer"),
        ("${SHELL(id)}", "SHELLid"),
        ("x" * 500, "x" * 40),
        ("\udcff\udcfe1", "1"),
    ],
)
async def test_a_hostile_number_identifies_nobody_and_shows_nothing_harmful(
    running: Running, raw: str, name: str
) -> None:
    channel = await call(running.port, write_environment(agi_callerid=raw))
    assert channel.variables["CALLERID(name)"] == name
    assert channel.variables["__OMNI_CUSTOMER"] == ""
    assert running.directory.asked == []


async def test_a_card_that_cannot_be_shown_as_it_is_does_not_stop_the_call(running: Running) -> None:
    running.directory.cards["+380671234567"] = CallerCard("id", "Оля\r\nHANGUP\udcff" + "я" * 500)
    channel = await call(running.port)
    assert channel.variables["CALLERID(name)"] == ("Оля  HANGUP " + "я" * 500)[:40]
    assert len(channel.commands) == 1


async def test_the_region_comes_from_the_number_that_was_dialled(running: Running) -> None:
    await call(running.port, write_environment(agi_callerid="030901820", agi_arg_1="+4930901821"))
    assert running.directory.asked == [("+4930901820", "+4930901821")]


async def test_a_slow_directory_makes_a_stranger_within_the_deadline(running: Running) -> None:
    running.directory.gate.clear()
    channel = await call(running.port)
    assert channel.variables["CALLERID(name)"] == "+380671234567"
    assert channel.variables["__OMNI_CUSTOMER"] == ""
    assert channel.elapsed >= 0.24
    assert channel.held < IN_TIME
    assert running.metrics.lookups_late == 1


async def test_a_directory_that_holds_all_lanes_holds_no_call(running: Running) -> None:
    running.directory.gate.clear()
    channels = await asyncio.gather(*[call(running.port) for _ in range(LANES * 3)])
    assert all(c.variables["OMNI_IDENTIFIED"] == "1" and c.held < IN_TIME for c in channels)
    running.directory.gate.set()
    assert (await call(running.port)).variables["__OMNI_CUSTOMER"] == "018f-olena"


async def test_a_slow_lookup_delays_nobody_else(running: Running) -> None:
    slow = "+380501112233"
    running.directory.slow = {slow}
    running.directory.gate.clear()
    # All at once, so that healthy lookups already wait in line behind slow ones when those turn out to be slow.
    held = [asyncio.create_task(call(running.port, write_environment(agi_callerid=slow))) for _ in range(3)]
    healthy = await asyncio.gather(*[call(running.port) for _ in range(20)])
    assert all(channel.variables["__OMNI_CUSTOMER"] == "018f-olena" for channel in healthy)
    assert max(channel.held for channel in healthy) < 0.2
    assert not any(task.done() for task in held)
    strangers = await asyncio.gather(*held)
    assert all(channel.variables["__OMNI_CUSTOMER"] == "" for channel in strangers)


async def test_a_broken_directory_makes_a_stranger_at_once(running: Running) -> None:
    running.directory.error = RuntimeError("database is locked")
    channel = await call(running.port)
    assert channel.variables["CALLERID(name)"] == "+380671234567"
    assert channel.held < DEADLINE_SECONDS - 0.02
    assert running.metrics.lookups_failed == 1


async def test_a_silent_handler_is_cut_at_the_deadline(running: Running) -> None:
    channel = await call(running.port, write_environment(agi_network_script="silent"))
    assert channel.commands == []
    assert channel.elapsed >= 0.29
    assert channel.held < IN_TIME
    assert running.metrics.expired == 1


async def test_a_process_that_got_no_cpu_reads_what_came_before_it_cuts(running: Running) -> None:
    async def two_commands(session: AgiSession, services: Services) -> None:
        await session.execute("NOOP", "1")
        await session.execute("NOOP", "2")

    running.handlers["two"] = two_commands
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(write_environment(agi_network_script="two"))
    assert await reader.readline() == b'NOOP "1"\n'
    writer.write(b"200 result=0\n")
    time.sleep(DEADLINE_SECONDS + 0.1)  # the server's loop is this one
    assert await reader.readline() == b'NOOP "2"\n'
    with suppress(ConnectionResetError):
        assert await reader.read() == b""
    assert running.metrics.expired == 1
    writer.close()


@pytest.mark.parametrize("reply", ["HANGUP", "200 result=-1", "511 Command Not Permitted on a dead channel"])
async def test_the_socket_is_closed_at_once_after_a_hang_up(running: Running, reply: str) -> None:
    channel = await call(running.port, replies=[reply])
    assert len(channel.commands) == 1
    assert channel.held < DEADLINE_SECONDS - 0.02
    assert running.metrics.hung_up == 1


@pytest.mark.parametrize(
    "reply",
    ["510 Invalid or unknown command", "520-Invalid\nUsage\n520 End of proper usage.", "200 result=-2"],
)
async def test_a_refused_command_ends_the_session(running: Running, reply: str) -> None:
    channel = await call(running.port, replies=[reply])
    assert channel.held < DEADLINE_SECONDS - 0.02
    assert running.metrics.failed == 1


@pytest.mark.parametrize(
    "environment",
    [
        write_environment(agi_network_script="no_such_handler"),
        write_environment(agi_network_script="../session"),
        write_environment(agi_callerid="1\nagi_network_script: self_test"),
        b"x" * 70_000,
        b"agi_x: 1\n" * 300,
        b"\n\n",
    ],
)
async def test_what_is_no_environment_of_ours_is_refused_at_once(
    running: Running, environment: bytes
) -> None:
    channel = await call(running.port, environment)
    assert channel.commands == []
    assert channel.held < DEADLINE_SECONDS - 0.02
    assert running.metrics.refused == 1


async def test_an_environment_may_come_a_byte_at_a_time(running: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    for byte in write_environment():
        writer.write(bytes([byte]))
        await writer.drain()
    assert (await reader.readline()).startswith(b"EXEC MSet ")
    writer.close()


async def test_the_handler_ends_with_the_connection(running: Running) -> None:
    running.directory.gate.clear()
    _, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(write_environment())
    await until(lambda: len(running.directory.asked) == 1)
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()  # with linger 0 this is a RST
    await until(lambda: running.metrics.open_sessions == 0, DEADLINE_SECONDS / 2)
    assert running.metrics.hung_up == 1


async def test_half_open_clients_do_not_stop_the_service(running: Running) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", running.port) for _ in range(MAX_SESSIONS)]
    for _ in range(20):
        channel = await call(running.port)
        assert channel.variables["__OMNI_CUSTOMER"] == "018f-olena"
        assert channel.held < IN_TIME
    await until(lambda: running.metrics.open_sessions == 0, 2 * DEADLINE_SECONDS)
    assert running.metrics.expired + running.metrics.evicted == MAX_SESSIONS
    for _, writer in silent:
        writer.close()


async def test_the_oldest_silent_client_makes_room_for_a_caller(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.agi.server.MAX_SESSIONS", 2)
    oldest, _ = await asyncio.open_connection("127.0.0.1", running.port)
    await asyncio.open_connection("127.0.0.1", running.port)
    channel = await call(running.port)
    assert channel.variables["__OMNI_CUSTOMER"] == "018f-olena"
    assert running.metrics.evicted == 1
    assert running.metrics.expired == 0
    with suppress(ConnectionResetError):
        assert await oldest.read() == b""


async def test_the_self_test_says_whether_callers_would_be_identified(running: Running) -> None:
    assert await passes_self_test("127.0.0.1", running.port)
    running.directory.error = RuntimeError("gone")
    assert not await passes_self_test("127.0.0.1", running.port)
    await running.server.close()
    assert not await passes_self_test("127.0.0.1", running.port)


async def test_what_was_done_is_counted(running: Running) -> None:
    for _ in range(3):
        await call(running.port)
    histogram = running.metrics.latency["identify_caller"]
    assert sum(histogram.counts) == 3
    assert 0 < histogram.total < 3

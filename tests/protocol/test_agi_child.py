"""The AGI process under its parent: killed, frozen, or with a frozen parent, it holds no calls."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import uvloop

from pbx.agi.child import AgiChild
from pbx.agi.probe import passes_self_test
from pbx.errors import Rejected, Transient
from tests.fakes.asterisk_agi import call

pytestmark = pytest.mark.realtime


def program(port: int) -> list[str]:
    return [sys.executable, "-m", "tests.fakes.agi_process", str(port)]


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def identifies(port: int) -> bool:
    with suppress(ConnectionRefusedError):
        return (await call(port)).variables.get("__OMNI_CUSTOMER") == "018f"
    return False


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
async def child() -> AsyncIterator[AgiChild]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = AgiChild(program(port))
    await child.start()
    yield child
    await child.stop()


async def test_a_process_that_cannot_be_had_is_an_error_that_passes() -> None:
    with pytest.raises(Transient, match="could not be started"):
        await AgiChild(["/nowhere/python"]).start()


async def test_it_serves_answers_pings_and_counts(child: AgiChild) -> None:
    assert await identifies(child.port)
    assert await passes_self_test("127.0.0.1", child.port)
    await until(lambda: "identify_caller" in child.metrics.latency)
    assert child.restarts == 0


async def test_a_killed_one_is_replaced(child: AgiChild) -> None:
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.restarts == 1 and child.pid is not None)
    assert child.pid != first
    assert await identifies(child.port)


async def test_a_frozen_one_lets_go_of_its_calls_within_a_second_and_a_half(child: AgiChild) -> None:
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    channel = await asyncio.wait_for(call(child.port), 10)
    assert channel.commands == []
    assert channel.held < 1.5
    await until(lambda: child.restarts == 1)
    assert not is_alive(first)
    assert await identifies(child.port)


async def test_one_that_dies_again_and_again_is_tried_ever_more_slowly(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    script = f"echo x >> {starts}; echo ready 1; exit 1"
    child = AgiChild(["/bin/sh", "-c", script])
    await child.start()
    await until(lambda: child.restarts >= 4)
    await child.stop()
    assert 4 <= starts.read_text().count("x") <= 7


def test_one_that_no_longer_listens_to_its_parent_is_replaced() -> None:
    async def watch() -> None:
        child = AgiChild(["/bin/sh", "-c", "echo ready 1; exec 0<&-; exec sleep 60"])
        await child.start()
        await until(lambda: child.restarts >= 2)
        await child.stop()

    uvloop.run(watch())  # as the product does: what a closed pipe raises is its loop's own


async def test_a_port_in_use_is_refused_by_name() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Rejected, match=r"agi\.port"):
            await AgiChild(program(taken.getsockname()[1])).start()


async def test_a_program_that_cannot_start_is_said_so() -> None:
    with pytest.raises(Transient, match="exit status 7"):
        await AgiChild(["/bin/sh", "-c", "exit 7"]).start()


async def test_stopping_leaves_no_process(child: AgiChild) -> None:
    pid = child.pid
    assert pid is not None
    await child.stop()
    assert not is_alive(pid)


class Parent:
    def __init__(self, process: asyncio.subprocess.Process, port: int, child_pid: int) -> None:
        self.process = process
        self.port = port
        self.child_pid = child_pid

    async def ask(self) -> list[int]:
        """The pid of its child now, and how often it was replaced."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        return [int(word) for word in (await self.process.stdout.readline()).split()]


@pytest.fixture
async def parent() -> AsyncIterator[Parent]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.agi_parent", stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    port, child_pid = [int(word) for word in (await process.stdout.readline()).split()]
    yield Parent(process, port, child_pid)
    if process.returncode is None:
        process.kill()
        await process.wait()


async def test_a_frozen_parent_stops_no_calls_and_kills_no_healthy_child(parent: Parent) -> None:
    parent.process.send_signal(signal.SIGSTOP)
    loop = asyncio.get_running_loop()
    resume_at = loop.time() + 2
    while loop.time() < resume_at:
        assert await identifies(parent.port)
        await asyncio.sleep(0.05)
    parent.process.send_signal(signal.SIGCONT)
    # Longer than the parent would need to judge its child by what it missed.
    decided_at = loop.time() + 1.5
    while loop.time() < decided_at:
        assert await parent.ask() == [parent.child_pid, 0]
        await asyncio.sleep(0.1)


async def test_the_child_leaves_with_its_parent(parent: Parent) -> None:
    parent.process.kill()
    await until(lambda: not is_alive(parent.child_pid), seconds=2)

"""ami_parse: CPU time that one AMI event costs, on the recorded events of a queue call that two phones ring for.

The recording holds every event that Asterisk tells our account, as it would without the filter in
manager.conf. `ours` reads those that we use to the end, into typed facts. Goals: at most 0.7 times a plain
dictionary of every event's headers, and 0.2 times unmodified panoramisk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from benchmarks.harness import Expectation, Ratio, Result, Size, measure
from pbx.ami.facts import read_fact
from pbx.ami.protocol import END, Link

RECORDING = Path(__file__).parent / "recordings" / "answered.ami"
CALLS = {Size.SMALL: 200, Size.FULL: 2000}
READ = 65_536
"""Bytes that a busy socket gives at once."""
GOALS = [Ratio("ours", "raw_dict", 0.7), Ratio("ours", "panoramisk", 0.2)]
KNOWN = [Expectation("panoramisk", "raw_dict", 3.2)]


class NoTransport(asyncio.Transport):
    def abort(self) -> None:
        return


class Quiet:
    """What panoramisk's protocol asks of its manager."""

    save_stream = None

    def dispatch(self, message: Message) -> None:
        return


def run(size: Size) -> Result:
    data = RECORDING.read_bytes() * CALLS[size]
    reads = [data[start : start + READ] for start in range(0, len(data), READ)]
    events = data.count(b"Event: ")

    def contestant(parse: Callable[[Sequence[bytes]], None]) -> Callable[[], float]:
        def sample() -> float:
            before = time.process_time()
            parse(reads)
            return (time.process_time() - before) / events * 1e6

        return sample

    contestants = {"raw_dict": raw_dict, "panoramisk": panoramisk, "ours": ours}
    samples = measure({name: contestant(parse) for name, parse in contestants.items()})
    return Result("ami_parse", "us of CPU an event", samples, GOALS, KNOWN, {"events a round": events})


def raw_dict(reads: Sequence[bytes]) -> None:
    rest = b""
    for read in reads:
        *messages, rest = (rest + read).split(END)
        for raw in messages:
            headers = {}
            for line in raw.decode().split("\r\n"):
                name, _, value = line.partition(": ")
                headers[name] = value


def panoramisk(reads: Sequence[bytes]) -> None:
    protocol = AMIProtocol()
    protocol.connection_made(NoTransport())
    protocol.factory = Quiet()
    protocol.encoding = "utf-8"
    for read in reads:
        protocol.data_received(read)


def ours(reads: Sequence[bytes]) -> None:
    async def feed() -> None:
        link = Link(read_fact)
        link.connection_made(NoTransport())
        for read in reads:
            link.data_received(read)

    asyncio.run(feed())

"""ingest_durable: time that a signed webhook takes until it is durable and answered for, 30 % of them sent twice, shuffled.

The shop's, sent to the inlet that `omniline serve` has, by PRODUCERS connections as fast as they are answered; nobody reads
them meanwhile (that is inlet_soak). Afterwards each message is there once. Goals: at least 8 times as many a second as with
a transaction for each message, at least 0.6 times as many as an aiohttp handler that does nothing, p99 within 25 ms.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import uvloop
from sqlalchemy import func, select

from benchmarks.harness import Bound, Ratio, Result, Size, measure
from benchmarks.ingest_servers import INBOX, PATH, signed
from benchmarks.pop_latency import percentile
from benchmarks.processes import Server, serving
from bridge.store.engine import connect_reader
from bridge.store.migrations import upgrade
from bridge.store.schema import arrival

MESSAGES = {Size.SMALL: 2_000, Size.FULL: 20_000}
REPEATED = 0.3
"""Of the requests."""
PRODUCERS = 64
BODY_BYTES = 1_000
OK = b"HTTP/1.1 200 "
GOALS = (Ratio("ours", "single", 1 / 8), Ratio("ours", "empty", 1 / 0.6), Bound("ours, p99 in ms", 25.0))


def run(size: Size) -> Result:
    slowest: list[float] = []
    with tempfile.TemporaryDirectory(prefix="omniline-ingest-") as folder, ExitStack() as stack:
        rounds = map(str, range(1_000_000))

        def contestant(name: str) -> Callable[[], float]:
            url = f"sqlite:///{Path(folder) / name}.sqlite3"
            upgrade(url)
            server = stack.enter_context(serving("benchmarks.ingest_servers", [name, url]))
            return lambda: sample(name, server, url)

        def sample(name: str, server: Server, url: str) -> float:
            requests = shuffled(f"{name}-{next(rounds)}", MESSAGES[size])
            before = kept(url)
            began = time.perf_counter()
            latencies = uvloop.run(_send(server.port, requests))
            spent = time.perf_counter() - began
            if name != "empty" and kept(url) - before != len(set(requests)):
                raise RuntimeError(f"{name} kept {kept(url) - before} of {len(set(requests))} messages")
            if name == "ours":
                slowest.append(percentile(latencies, 99) * 1e3)
            return spent / len(requests) * 1e6

        samples = measure({name: contestant(name) for name in ("empty", "single", "ours")})
    samples["ours, p99 in ms"] = slowest[1:]  # without the round that does not count
    notes = {"requests a round": MESSAGES[size], "producers": PRODUCERS, "bytes of a body": BODY_BYTES}
    return Result("ingest_durable", "us a request", samples, GOALS, notes=notes)


def shuffled(prefix: str, count: int) -> list[bytes]:
    """`count` requests, of which REPEATED are others' repetitions."""
    chance = random.Random(prefix)
    fresh = [request(f"{prefix}-{number}") for number in range(round(count * (1 - REPEATED)))]
    requests = fresh + chance.sample(fresh, count - len(fresh))
    chance.shuffle(requests)
    return requests


def request(key: str) -> bytes:
    body = key.encode().ljust(BODY_BYTES, b".")
    path = PATH.format(channel=INBOX[0], inbox=INBOX[1])
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{signed(body)}\r\n\r\n"
    return head.encode() + body


def kept(url: str) -> int:
    with connect_reader(url) as connection:
        return connection.execute(select(func.count()).select_from(arrival)).scalar_one()


class _Producer(asyncio.Protocol):
    """One connection that sends the next request once the last is answered; `ended` is called after the last of all."""

    def __init__(self, left: Iterator[bytes], latencies: list[float], ended: asyncio.Future[None]) -> None:
        self._left = left
        self._latencies = latencies
        self._ended = ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._send_next()

    def data_received(self, data: bytes) -> None:
        if not data.startswith(OK):
            self._ended.set_exception(RuntimeError(f"refused: {data[:100]!r}"))
            return
        self._latencies.append(time.perf_counter() - self._sent)
        self._send_next()

    def _send_next(self) -> None:
        following = next(self._left, None)
        if following is None:
            self._transport.close()
            self._ended.set_result(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(following)


async def _send(port: int, requests: Sequence[bytes]) -> list[float]:
    """See all of them answered; how many seconds each took."""
    loop = asyncio.get_running_loop()
    left, latencies = iter(requests), list[float]()
    ends = [loop.create_future() for _ in range(PRODUCERS)]
    for ended in ends:
        await loop.create_connection(partial(_Producer, left, latencies, ended), "127.0.0.1", port)
    await asyncio.gather(*ends)
    return latencies

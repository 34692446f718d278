"""agi_cost: CPU time that one call costs the AGI process, real environment, 16 calls in parallel.

Goals: with the card at most 2.5 times a bare uvloop loop that finds the same card; without a lookup, for the same three
commands, at most 0.6 of panoramisk on asyncio.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack

from benchmarks.agi_load import drive, environment
from benchmarks.dataset import Dataset, build
from benchmarks.harness import Expectation, Ratio, Result, Size, measure
from benchmarks.processes import Server, serving

CALLS = {Size.SMALL: 1500, Size.FULL: 5000}
GOALS = [Ratio("ours_card", "raw_card", 2.5), Ratio("ours", "panoramisk", 0.6)]
KNOWN = [Expectation("panoramisk", "raw", 5.4), Expectation("pyst2_threads", "panoramisk", 2.4)]
"""Measured with these contestants on a quiet machine, 2 cores, Python 3.11."""


def run(size: Size) -> Result:
    data = build(size)
    plain = [environment("three_commands", data.phone(0))] * CALLS[size]
    with ExitStack() as stack:

        def contestant(name: str, openings: list[bytes], commands: int) -> Callable[[], float]:
            server = stack.enter_context(serving("benchmarks.agi_servers", [name, data.url]))
            return lambda: _cpu_per_call(server, openings, commands)

        cards = _random_callers(data, CALLS[size])
        contestants = {
            **{name: contestant(name, plain, 3) for name in ("raw", "panoramisk", "pyst2_threads", "ours")},
            **{name: contestant(name, cards, 1) for name in ("raw_card", "ours_card")},
        }
        samples = measure(contestants)
    notes = {"calls a round": CALLS[size], "customers": data.customers, "entries": data.entries}
    return Result("agi_cost", "us of CPU a call", samples, GOALS, KNOWN, notes)


def _random_callers(data: Dataset, count: int) -> list[bytes]:
    chance = random.Random(1)
    numbers = [data.phone(chance.randrange(data.customers)) for _ in range(count)]
    return [environment("identify_caller", number) for number in numbers]


def _cpu_per_call(server: Server, openings: list[bytes], commands: int) -> float:
    before = server.cpu_seconds()
    drive(server.port, openings, commands)
    return (server.cpu_seconds() - before) / len(openings) * 1e6

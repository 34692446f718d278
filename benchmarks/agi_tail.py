"""agi_tail: what callers wait for the AGI process, at the slowest of a hundred, while 5 % of the lookups take a second.

Calls come at their time, whatever became of those before. Goals: callers whose lookup is healthy wait at most 1.2 times what
they wait when all are; the others have rung as strangers within 250 ms.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from benchmarks.agi_load import Session, drive_paced, environment
from benchmarks.agi_servers import is_sick
from benchmarks.dataset import build
from benchmarks.harness import Bound, Ratio, Result, Size, measure
from benchmarks.pop_latency import percentile
from benchmarks.processes import serving

RATE = 100
CALLS = {Size.SMALL: 500, Size.FULL: 3_000}
STRANGER = b"__OMNI_CUSTOMER=,"
GOALS = (Ratio("healthy beside sick", "all healthy", 1.2), Bound("sick", 250.0))


def run(size: Size) -> Result:
    data = build(size)
    chance = random.Random(1)
    callers = [data.phone(chance.randrange(data.customers)) for _ in range(CALLS[size])]
    openings = [environment("identify_caller", caller) for caller in callers]
    sick: list[float] = []
    with ExitStack() as stack:
        healthy_port, sick_port = (
            stack.enter_context(serving("benchmarks.agi_servers", [name, data.url])).port
            for name in ("ours_card", "ours_sick")
        )

        def all_healthy() -> float:
            return waited(apart(callers, drive_paced(healthy_port, openings, RATE))[0])

        def beside_sick() -> float:
            healthy, slow = apart(callers, drive_paced(sick_port, openings, RATE))
            if not all(STRANGER in session.said for session in slow):
                raise RuntimeError("a caller whose lookup was late did not ring as a stranger")
            sick.append(waited(slow))
            return waited(healthy)

        contestants: dict[str, Callable[[], float]] = {
            "all healthy": all_healthy,
            "healthy beside sick": beside_sick,
        }
        samples = measure(contestants)
    samples["sick"] = sick[1:]  # without the round that does not count
    notes = {"calls a round": CALLS[size], "calls a second": RATE, "customers": data.customers}
    return Result("agi_tail", "ms, p99", samples, GOALS, notes=notes)


def apart(callers: Sequence[str], sessions: Sequence[Session]) -> tuple[list[Session], list[Session]]:
    """The sessions of callers with a healthy lookup, and those of the others."""
    pairs = list(zip(callers, sessions, strict=True))
    return [s for c, s in pairs if not is_sick(c)], [s for c, s in pairs if is_sick(c)]


def waited(sessions: Sequence[Session]) -> float:
    return percentile([session.seconds * 1e3 for session in sessions], 99)

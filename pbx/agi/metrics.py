"""What the AGI process counts. It travels to the parent as JSON beside each pong; a restarted process begins at 0."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final

BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.3)
"""Upper bounds in seconds; the last count of a histogram is what took longer."""


@dataclass(slots=True)
class Histogram:
    """Durations in seconds. `counts` are per bucket, not cumulative."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds


@dataclass(slots=True)
class AgiMetrics:
    """`latency` is from the connection to the handler's end, by handler.

    `expired`: sessions cut at the hard deadline. `evicted`: silent clients cut to make room. `refused`: sessions
    without a handler or with an environment that is none. `failed`: handlers that raised. `lookups_*`: what
    became of the directory's answers.
    """

    latency: dict[str, Histogram] = field(default_factory=dict)
    open_sessions: int = 0
    expired: int = 0
    evicted: int = 0
    refused: int = 0
    failed: int = 0
    hung_up: int = 0
    lookups_found: int = 0
    lookups_unknown: int = 0
    lookups_late: int = 0
    lookups_failed: int = 0

    def observe(self, handler: str, seconds: float) -> None:
        histogram = self.latency.get(handler)
        if histogram is None:
            histogram = self.latency[handler] = Histogram()
        histogram.observe(seconds)

"""What /metrics tells: a registry of our own, filled by those who know. No label ever holds a customer's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_POP_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=True)
        self._pops = Histogram(
            "omniline_pop_seconds",
            "From the agent's INVITE until the pop was sent to a desk, and until the desk said that it shows it",
            ["stage"],
            buckets=_POP_BUCKETS,
            registry=self._registry,
        )
        self._lags = Histogram(
            "omniline_ami_lag_seconds",
            "From Asterisk's time of an event until it was worked on",
            buckets=_POP_BUCKETS,
            registry=self._registry,
        )
        self.ami_lag: float | None = None
        """Seconds, of the newest event."""
        self._requests = Histogram(
            "omniline_http_request_seconds",
            "Time to answer a request of the desk's API",
            ["method", "route", "status"],
            registry=self._registry,
        )

    def observe_pop(self, stage: str, seconds: float) -> None:
        """`stage` is pop_sent or pop_shown."""
        self._pops.labels(stage).observe(max(0.0, seconds))

    def observe_ami_lag(self, seconds: float) -> None:
        # Asterisk's clock is this machine's, yet it is told in microseconds and may be set back.
        self.ami_lag = max(0.0, seconds)
        self._lags.observe(self.ami_lag)

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route` is its pattern, never the path itself."""
        self._requests.labels(method, route, status).observe(seconds)

    def watch(self, name: str, what: str, value: Callable[[], float]) -> None:
        """Show `value()` as the gauge `omniline_<name>`; it is asked for at every look, and must not block."""
        Gauge(f"omniline_{name}", what, registry=self._registry).set_function(value)

    def watch_groups(self, name: str, what: str, values: Mapping[str, Callable[[], float]]) -> None:
        """Like `watch`, with a value for each consumer group of the outbox."""
        gauge = Gauge(f"omniline_{name}", what, ["group"], registry=self._registry)
        for group, value in values.items():
            gauge.labels(group).set_function(value)

    def add(self, collector: Collector) -> None:
        """Take in one that reads its numbers elsewhere when it is asked."""
        self._registry.register(collector)

    def render(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self._registry)

"""What the AGI process counts, for /metrics: read at the moment somebody asks, counted nowhere twice."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from pbx.agi.child import AgiChild
from pbx.agi.metrics import BUCKETS, Histogram

_COUNTED = ("expired", "evicted", "refused", "failed", "hung_up")
_LOOKUPS = ("lookups_found", "lookups_unknown", "lookups_late", "lookups_failed")


class AgiCollector(Collector):
    """As of the AGI process's last pong."""

    def __init__(self, child: AgiChild) -> None:
        self._child = child

    def collect(self) -> Iterable[Metric]:
        metrics = self._child.metrics
        latency = HistogramMetricFamily(
            "omniline_agi_session_seconds", "From the connection to the handler's end", labels=["handler"]
        )
        for handler, histogram in metrics.latency.items():
            latency.add_metric([handler], _buckets(histogram), histogram.total)
        yield latency
        ends = CounterMetricFamily("omniline_agi_sessions_cut", "Sessions that ended early", labels=["why"])
        for name in _COUNTED:
            ends.add_metric([name], getattr(metrics, name))
        yield ends
        lookups = CounterMetricFamily("omniline_agi_lookups", "Answers of the directory", labels=["result"])
        for name in _LOOKUPS:
            lookups.add_metric([name.removeprefix("lookups_")], getattr(metrics, name))
        yield lookups
        yield GaugeMetricFamily(
            "omniline_agi_sessions_open", "Sessions open now", value=metrics.open_sessions
        )
        yield CounterMetricFamily(
            "omniline_agi_restarts", "AGI processes replaced", value=self._child.restarts
        )


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    bounds = [*(str(bound) for bound in BUCKETS), "+Inf"]
    return list(zip(bounds, accumulate(histogram.counts), strict=True))

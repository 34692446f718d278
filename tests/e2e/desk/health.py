"""The health that the fake desk server shows."""

from __future__ import annotations

from bridge.domain.health import Health, Part, PhoneState, Versions, WatchedGap
from bridge.domain.queue import MemberLine, QueueLine, WaitingCall
from bridge.domain.times import utc_now
from tests.e2e.desk.people import before


def health() -> Health:
    """All is well; an hour ago nobody watched for 12 seconds."""
    now = utc_now()
    return Health(
        started_at=before(now, hours=30),
        versions=Versions("0.1.0", "22.10.1", "3.11.7"),
        ami_lag_ms=0.7,
        waiting_news=0,
        waiting_writes=0,
        waiting_work=3,
        waiting_work_seconds=4.2,
        calls_open=2,
        desks=4,
        stalls=0,
        parts=[Part("ami", ok=True), Part("agi", ok=True), Part("database", ok=True)],
        gaps=[WatchedGap(before(now, hours=1, seconds=12), before(now, hours=1))],
        phones=[
            PhoneState("101", "Андрій Мельник", registered=True),
            PhoneState("102", "Марія Ткач", registered=True),
            PhoneState("103", "Оксана Гриценко", registered=False),
        ],
        queues=[
            QueueLine(
                name="sales",
                waiting=[WaitingCall(since=before(now, seconds=40), call=None)],
                members=[
                    MemberLine(extension="101", paused=False, reason=""),
                    MemberLine(extension="102", paused=True, reason="wrap-up"),
                ],
            ),
        ],
    )

"""What an admin is told of the installation, and what Prometheus reads."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.desk.metrics import Metrics
from bridge.domain.times import iso, utc_now
from bridge.store.dialect import writer_engine
from pbx.interface import Outcome, QueueLook, QueueMember, WatchGap
from tests.contract.desk_server import VITALS, eventually, logged_in, serving
from tests.fakes.scripted_call import ScriptedCall


async def test_the_health_page_is_told_all_of_it(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path) as server, logged_in(server, "admin") as admin:
        since, until = utc_now() - timedelta(seconds=30), utc_now()
        server.calls.accept_gap(WatchGap("pbx1", since, until))
        server.control.registered = frozenset({"101"})
        server.control.queues = (QueueLook("sales", members=(QueueMember("101", paused=True),)),)

        async def seen() -> Any:
            health = await admin.get("health")
            return (
                health if health["gaps"] and any(phone["registered"] for phone in health["phones"]) else None
            )

        health = await eventually(seen)
        assert health["gaps"] == [{"since": iso(since), "until": iso(until)}]
        paused = {"extension": "101", "paused": True, "reason": ""}
        assert health["queues"] == [{"name": "sales", "waiting": [], "members": [paused]}]
        assert {part["name"]: part["ok"] for part in health["parts"]} == {
            "ami": True,
            "agi": True,
            "database": True,
        }
        assert {phone["extension"] for phone in health["phones"] if phone["registered"]} == {"101"}
        assert (health["ami_lag_ms"], health["versions"]["asterisk"]) == (VITALS.ami_lag_ms, "22.10.1")
        server.missing["ami"] = "AMI is not logged in"
        parts = (await admin.get("health"))["parts"]
        assert [part["name"] for part in parts if not part["ok"]] == ["ami"]


async def test_whoever_asks_is_told_in_time_that_no_write_is_taken(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.desk.routes.health.WRITE_SECONDS", 0.1)
    async with serving(url, tmp_path) as server, logged_in(server, "admin") as admin:
        with writer_engine(url).connect() as other, other.begin():
            parts = (await admin.get("health"))["parts"]
        assert [part["name"] for part in parts if not part["ok"]] == ["database"]
        monkeypatch.setattr("bridge.desk.routes.health.WRITE_SECONDS", 60)
        assert all(part["ok"] for part in (await admin.get("health"))["parts"])


def test_every_seam_has_its_metric() -> None:
    metrics = Metrics()
    metrics.observe_ami_lag(0.004)
    metrics.observe_ami_lag(-1.0)
    metrics.observe_pop("pop_sent", 0.003)
    metrics.watch_groups("outbox_age_seconds", "The age of the oldest work", {"transcriber": lambda: 4.0})
    text = metrics.render().decode()
    for line in (
        "omniline_ami_lag_seconds_count 2.0",
        'omniline_ami_lag_seconds_bucket{le="0.005"} 2.0',
        'omniline_pop_seconds_count{stage="pop_sent"} 1.0',
        'omniline_outbox_age_seconds{group="transcriber"} 4.0',
    ):
        assert line in text.splitlines()


async def test_a_call_is_followed_through_the_log_by_its_ids(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path) as server:
        customer = await server.add_customer("Оксана", "+380501110001")
        with capture_logs() as logs:
            call = ScriptedCall(server.calls, "+380501110001")
            call.talk("101", customer_id=customer)
            call.ended(Outcome.ANSWERED)
            await server.settle()
    lines = {line["event"]: line for line in logs}
    call_id = lines["call_started"]["call_id"]
    assert (lines["call_ended"]["call_id"], lines["call_ended"]["customer_id"]) == (call_id, customer)
    entry = lines["entry_appended"]
    assert (entry["call_id"], entry["customer_id"], entry["kind"]) == (call_id, customer, "call")
    assert entry["entry_id"]
    assert "380501110001" not in str(logs)

"""What Asterisk 22 answered to QueueStatus, with two callers waiting and one of two members in a wrap-up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pbx.ami.protocol import END
from pbx.ami.snapshot import Item, read_queues
from pbx.interface import QueueLook, QueueMember, WaitingCaller

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
ANSWER = Path(__file__).parents[1] / "fixtures/ami/queue_status.answer"


def read_items(text: str) -> list[Item]:
    messages = text.strip().split(END.decode())
    return [dict(line.split(": ", 1) for line in each.split("\r\n")) for each in messages]


def test_callers_in_their_order_and_members_with_their_pauses() -> None:
    items = read_items(ANSWER.read_bytes().decode())
    expected = QueueLook(
        "support",
        waiting=(
            WaitingCaller("pbx1-1795768298.0", NOW - timedelta(seconds=2)),
            WaitingCaller("pbx1-1795768298.2", NOW - timedelta(seconds=2)),
        ),
        members=(QueueMember("101", paused=False), QueueMember("102", paused=True, reason="wrap-up")),
    )
    assert read_queues(items, NOW) == (expected,)
    assert read_queues(items[::-1], NOW) == (expected,)


def test_an_empty_queue_is_one_too() -> None:
    assert read_queues([{"Event": "QueueParams", "Queue": "sales"}], NOW) == (QueueLook("sales"),)
    assert read_queues([], NOW) == ()

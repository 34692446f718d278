"""Recorded AMI sessions as facts, and a sink that remembers what it was told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from pbx.ami.facts import Fact, read_fact
from pbx.ami.protocol import END, Event
from pbx.ami.tracker import Tracker
from pbx.interface import Call, CallEvent, WatchGap

FOLDER = Path(__file__).parent.parent / "fixtures" / "ami"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ami"))


def read_transcript(name: str) -> list[Fact]:
    events = (FOLDER / f"{name}.ami").read_bytes().split(END)
    return [fact for raw in events if (fact := read_fact(Event(raw)))]


class RecordingSink:
    """`events` in order, `calls` as they were last, `gaps`, and until when all was told."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []
        self.calls: dict[str, Call] = {}
        self.gaps: list[WatchGap] = []
        self.unwatched: list[tuple[Call, list[CallEvent]]] = []
        self.heard_at: datetime | None = None

    def accept(self, call: Call, events: Sequence[CallEvent]) -> None:
        self.calls[call.linkedid] = call
        self.events += events

    def accept_gap(self, gap: WatchGap) -> None:
        self.gaps.append(gap)

    def accept_unwatched(self, call: Call, events: Sequence[CallEvent]) -> None:
        self.unwatched.append((call, list(events)))

    def accept_heard(self, pbx: str, at: datetime) -> None:
        self.heard_at = at

    def of(self, kind: type[CallEvent]) -> list[CallEvent]:
        return [event for event in self.events if isinstance(event, kind)]


def track(facts: Iterable[Fact], open_calls: Iterable[Call] = ()) -> RecordingSink:
    sink = RecordingSink()
    tracker = Tracker("pbx1", sink, open_calls)
    for fact in facts:
        tracker.take(fact)
    return sink


def summarise(event: CallEvent) -> str:
    """ "AgentWithdrawn 102 rejected": the event with what matters of it."""
    names = ("extension", "reason", "outcome", "box", "customer_id")
    details = [str(value) for name in names if (value := getattr(event, name, None)) is not None]
    return " ".join([type(event).__name__, *details])

"""Keeps what the PBX tells of a call: its row, legs, stages, recordings, and its one entry on the timeline.

One `track` is one unit of work. The `call` entry is appended once, as soon as the customer is known: at once for a
known number; when an unknown one was answered or left a message, which makes a customer of it. The calls of anonymous
callers are nobody's until an agent files them, those between colleagues stay so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection

from bridge.domain.call import CallSummary
from bridge.domain.customer import Identity
from bridge.domain.entry import EntryDirection, EntryKind
from bridge.domain.live import EVERYONE
from bridge.domain.matter import Thing
from bridge.domain.times import iso
from bridge.errors import NotFound
from bridge.flows import recording_files
from bridge.flows.append_entry import PHONE, SOURCE, append_and_tell, append_call
from bridge.flows.attach_matter import attach
from bridge.flows.call_parties import Parties
from bridge.flows.finish_recording import finish_recording
from bridge.flows.follow_up import follow_up
from bridge.store import agents, call_views, calls, feed, filing, groups, people, wrap_ups
from bridge.store.calls import NewStage
from bridge.store.filing import Subject
from bridge.store.timeline import NewEntry
from pbx.interface import (
    AgentAnswered,
    AgentLeft,
    AgentRinging,
    AgentWithdrawn,
    Call,
    CallEnded,
    CallerIdentified,
    CallEvent,
    CallJoined,
    CallStarted,
    Direction,
    Leg,
    RecordingStarted,
    VoicemailLeft,
    WatchGap,
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Change:
    """`call` as it is after `events`. Its row gets `call_id` unless it has another one already.

    `legs` are those that are new or different; `stages` are steps that the PBX does not know of; `kept_out` tells until when
    those who leave are kept out of the queues, by extension.
    """

    call_id: str
    call: Call
    parties: Parties
    events: tuple[CallEvent, ...] = ()
    legs: tuple[Leg, ...] = ()
    stages: tuple[NewStage, ...] = ()
    kept_out: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where recordings are kept, and where Asterisk leaves voicemail."""

    recordings: Path
    voicemail: Path


def track(connection: Connection, change: Change, folders: Folders) -> None:
    """Store a change and what it means."""
    call = change.call
    saved = calls.save_call(
        connection, change.call_id, call, caller=change.parties.caller, dialled=change.parties.dialled
    )
    calls.save_legs(connection, saved.id, change.legs)
    calls.add_stages(connection, saved.id, [*_stages_of(change.events), *change.stages])
    for event in change.events:
        _keep(connection, saved.id, change, event)
    if saved.customer_id is None and _file_first(connection, saved.id, change):
        append_call(connection, saved.id)
    for event in change.events:
        if isinstance(event, VoicemailLeft):
            _append_message(connection, saved.id, event, folders)
    follow_up(connection, saved.id, call, change.parties, change.events)
    if change.events:
        summary = call_views.get_summary(connection, saved.id)
        _attach(connection, summary, change)
        feed.append(connection, "call", EVERYONE, summary, change.events[-1].at)
        ids = {"call_id": saved.id, "customer_id": summary.customer_id}
        for event in change.events:
            if isinstance(event, CallStarted):
                log.info("call_started", **ids, pbx=event.pbx, linkedid=event.linkedid)
            if isinstance(event, CallEnded):
                log.info("call_ended", **ids, outcome=event.outcome.value)


def track_unseen(connection: Connection, change: Change, folders: Folders) -> None:
    """Store a call that the PBX told of afterwards, unless it was seen after all."""
    if calls.find(connection, change.call.pbx, change.call.linkedid) is None:
        track(connection, change, folders)


def _attach(connection: Connection, call: CallSummary, change: Change) -> None:
    """A call that is taken up is about something; one that nobody answered, about what is open, if that is one thing."""
    answered = any(isinstance(event, AgentAnswered) for event in change.events)
    ended = any(isinstance(event, CallEnded) for event in change.events)
    if call.customer_id is not None and (answered or ended):
        opens_new = change.call.answered_at is not None
        at = change.events[-1].at
        attach(connection, Thing.CALL, call.id, call.customer_id, opens_new=opens_new, at=at)


def join(connection: Connection, event: CallJoined) -> None:
    """Two calls came together; either may be one that nobody saw begin."""
    this = calls.find(connection, event.pbx, event.linkedid)
    into = calls.find(connection, event.pbx, event.into)
    if this is not None and into is not None:
        calls.join(connection, this.id, into.id)


def mark_gap(connection: Connection, gap: WatchGap) -> None:
    """Say on the timelines of its calls, and on the desks, that nobody watched (invariant 8)."""
    times = {"since": iso(gap.since), "until": iso(gap.until)}
    for linkedid in sorted(gap.calls):
        call = calls.find(connection, gap.pbx, linkedid)
        if call is None or call.customer_id is None:
            continue
        key = f"gap/{gap.pbx}/{times['since']}/{call.id}"
        new = NewEntry(
            kind=EntryKind.GAP, source=SOURCE, source_key=key, at=gap.since, call_id=call.id, payload=times
        )
        append_and_tell(connection, new)
    feed.append(connection, "notice", EVERYONE, {"code": "gap", **times}, gap.until)


def _keep(connection: Connection, call_id: str, change: Change, event: CallEvent) -> None:
    """The rows that belong to an event."""
    match event:
        case AgentAnswered():
            calls.set_answered_by(connection, call_id, event.extension)
        case AgentLeft():
            _begin_wrap_up(connection, call_id, change, event)
        case RecordingStarted():
            calls.add_recording(
                connection, call_id, "call", event.name, started_at=event.at, state="recording"
            )


def _stages_of(events: Sequence[CallEvent]) -> list[NewStage]:
    stages = []
    for event in events:
        named = _stage_of(event)
        if named is not None:
            extension, leg = getattr(event, "extension", None), getattr(event, "leg", None)
            stages.append(NewStage(named[0], event.at, extension, leg, named[1]))
    return stages


def _stage_of(event: CallEvent) -> tuple[str, str | None] | None:  # noqa: PLR0911 - one line per kind of event
    """The stage's name and detail."""
    match event:
        case CallStarted():
            return "invite", None
        case CallerIdentified():
            return "identified", "known" if event.customer_id else "unknown"
        case AgentRinging():
            return "ringing", None
        case AgentWithdrawn():
            return "withdrawn", event.reason.value
        case AgentAnswered():
            return "answered", None
        case VoicemailLeft():
            return "voicemail", event.box
        case CallEnded():
            return "ended", event.outcome.value
    return None


def _begin_wrap_up(connection: Connection, call_id: str, change: Change, event: AgentLeft) -> None:
    agent = agents.find_at_extension(connection, event.extension)
    # Colleagues among themselves leave nothing to wrap up.
    if agent is not None and change.call.direction is not Direction.INTERNAL:
        wrap_ups.begin(connection, call_id, agent.id, event.at, change.kept_out.get(event.extension))


def _file_first(connection: Connection, call_id: str, change: Change) -> bool:
    """The system's first filing, if it can be made. Once a call was filed, by whomever, only people move it."""
    if calls.was_filed(connection, call_id):
        return False
    customer_id = _resolve_customer(connection, change)
    if customer_id is None:
        return False
    try:
        filing.file(
            connection,
            Subject.CALL,
            call_id,
            customer_id,
            by=filing.SYSTEM,
            reason="number",
            at=change.call.started_at,
        )
    except NotFound:
        # The PBX remembers an id that is not here any more: the call is nobody's until somebody files it.
        log.warning("caller_gone", call_id=call_id, customer_id=customer_id)
        return False
    return True


def _resolve_customer(connection: Connection, change: Change) -> str | None:
    """The leaf that holds the customer's number, or sits at its sub-number; a new customer when an unknown one was
    answered or left a message."""
    call, number = change.call, change.parties.customer_number
    owner = people.find_owner(connection, PHONE, number) if number else None
    if owner is not None:
        extension = change.parties.customer_extension
        behind = groups.find_at_extension(connection, owner.leaf_id, extension) if extension else None
        return behind or owner.leaf_id
    if call.customer_id:
        return call.customer_id
    if number is None or not (call.answered_at or call.voicemail):
        return None
    made = people.resolve_owner(
        connection,
        Identity(PHONE, number),
        people.NewCustomer(name=""),
        evidence={"source": SOURCE, "call": f"{call.pbx}/{call.linkedid}"},
        at=call.started_at,
    )
    return made.leaf_id


def _append_message(connection: Connection, call_id: str, event: VoicemailLeft, folders: Folders) -> None:
    """The caller's voicemail: kept as our own file, and a message that is filed with its call."""
    name = f"voicemail/{call_id}-{Path(event.name).name}"
    recording_id, created = calls.add_recording(
        connection, call_id, "voicemail", name, started_at=event.at, state="recording"
    )
    if not created:
        return
    try:
        recording_files.keep_message(folders.voicemail, event.name, folders.recordings, name)
    except NotFound:
        log.warning("voicemail_missing", call_id=call_id)
    duration = recording_files.measure(folders.recordings, "voicemail", name)
    finish_recording(connection, recording_id, duration)
    append_and_tell(
        connection,
        NewEntry(
            kind=EntryKind.MESSAGE,
            source=SOURCE,
            source_key=name,
            at=event.at,
            channel=PHONE,
            direction=EntryDirection.INBOUND,
            call_id=call_id,
            payload={"subtype": "voicemail", "recording_id": recording_id, "duration_ms": duration},
        ),
    )

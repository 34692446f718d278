"""The pure fold of what Asterisk says about legs into Calls and what happened to them.

A leg belongs for life to the Call in which its Uniqueid was first seen; a changed Linkedid joins two
Calls and moves nothing. Every function here takes a `Call` and gives a new one with the events that led
to it. A fact that is repeated, late or about a leg that is not in the call changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pbx.ami.facts import (
    BridgeEntered,
    BridgeLeft,
    DialBegan,
    DialEnded,
    DigitPressed,
    Fact,
    HangupRequested,
    Identified,
    Invited,
    LegCreated,
    LegHungUp,
    LegRinging,
    LegUp,
    MessageLeft,
    QueueJoined,
    RecordingBegan,
)
from pbx.guests import dismiss
from pbx.interface import (
    CODE_DIGITS,
    CODES_LISTENED_TO,
    TEST_CALLER,
    AgentAnswered,
    AgentInvited,
    AgentLeft,
    AgentRinging,
    AgentWithdrawn,
    Call,
    CallEnded,
    CallerIdentified,
    CallEvent,
    CallJoined,
    CallStarted,
    CodeEntered,
    Direction,
    Leg,
    LegRole,
    LegState,
    RecordingStarted,
    VoicemailLeft,
    WithdrawReason,
)
from pbx.outcome import find_outcome, find_reason, settle_outcome
from pbx.variables import (
    AGENT_ENDPOINT_PREFIX,
    OWN_CHANNEL_PREFIX,
    TEST_CALL_CONTEXT,
    TRUNK_ENDPOINT_PREFIX,
)

Folded = tuple[Call, list[CallEvent]]


def opens_call(fact: LegCreated) -> bool:
    """False for the legs that we make to listen or record, and for those that they dial."""
    return not fact.linkedid.startswith(OWN_CHANNEL_PREFIX) and not fact.uniqueid.startswith(
        OWN_CHANNEL_PREFIX
    )


def open_call(pbx: str, fact: LegCreated) -> Folded:
    """The Call that its first leg opens."""
    leg = _new_leg(fact, first=fact.uniqueid == fact.linkedid)
    rung, _, context = fact.channel.removeprefix("Local/").partition("@")
    is_test = context.startswith(f"{TEST_CALL_CONTEXT}-")
    call = Call(
        pbx=pbx,
        linkedid=fact.linkedid,
        direction=_first_direction(leg),
        caller=TEST_CALLER if is_test else fact.caller,
        dialled=rung if is_test else fact.dialled,
        started_at=fact.at,
        legs=MappingProxyType({leg.uniqueid: leg}),
    )
    return call, [CallStarted(pbx, call.linkedid, fact.at)]


def fold(call: Call, fact: Fact) -> Folded:
    """`call` after `fact`, and what happened to it; the same `call` and nothing where the fact adds nothing."""
    if isinstance(fact, LegCreated):
        return _add_leg(call, fact)
    if isinstance(fact, DialEnded) and fact.uniqueid not in call.legs:
        return _pick_up(call, fact)
    leg = call.legs.get(fact.uniqueid)
    if leg is None or leg.state is LegState.ENDED:
        return call, []
    return _fold_leg(call, leg, fact)


def _fold_leg(call: Call, leg: Leg, fact: Fact) -> Folded:  # noqa: PLR0911 - one line per kind of fact
    match fact:
        case Invited():
            return _invite(call, leg, fact.at)
        case LegRinging():
            return _ring(call, leg, fact.at)
        case LegUp():
            return _go_up(call, leg, fact.at), []
        # One that comes after the answer names a leg that took the dialler's place in a transfer.
        case DialBegan() if leg.answered_at is None:
            return _with_leg(call, leg, dialled_by=fact.dialler), []
        case DialEnded():
            return _end_dial(call, leg, fact)
        case BridgeEntered():
            return _enter_bridge(call, leg, fact)
        case BridgeLeft() if leg.bridge == fact.bridge:
            return _with_leg(call, leg, bridge=None), []
        case HangupRequested() if leg.cause is None:
            return _with_leg(call, leg, cause=fact.cause), []
        case LegHungUp():
            return _hang_up(call, leg, fact)
        case DigitPressed():
            return _press(call, leg, fact)
        case _:
            return _fold_call(call, fact)


def _fold_call(call: Call, fact: Fact) -> Folded:
    """Facts that are about the whole call, whichever leg they came on."""
    key = (call.pbx, call.linkedid, fact.at)
    match fact:
        case Identified() if call.identified_at is None or call.customer_id != fact.customer_id:
            call = replace(call, identified_at=fact.at, customer_id=fact.customer_id)
            return call, [CallerIdentified(*key, customer_id=fact.customer_id)]
        case QueueJoined():
            return replace(call, queue=fact.queue), []
        case RecordingBegan() if call.recording != fact.name:
            return replace(call, recording=fact.name), [RecordingStarted(*key, name=fact.name)]
        case MessageLeft():
            # A caller may leave two messages: each is told, the one who keeps them knows them by name.
            return replace(call, voicemail=True), [VoicemailLeft(*key, box=fact.box, name=fact.name)]
        case _:
            return call, []


def _press(call: Call, leg: Leg, fact: DigitPressed) -> Folded:
    """Six digits and # are a code. What else a caller presses is forgotten: it may be anything."""
    if leg.role is not LegRole.CALLER or call.direction is not Direction.INBOUND:
        return call, []
    if fact.digit.isdecimal():
        return replace(call, pressed=(call.pressed + fact.digit)[-CODE_DIGITS - 1 :]), []
    code, call = call.pressed, replace(call, pressed="")
    if fact.digit != "#" or len(code) != CODE_DIGITS or call.codes == CODES_LISTENED_TO:
        return call, []
    call = replace(call, codes=call.codes + 1)
    return call, [CodeEntered(call.pbx, call.linkedid, fact.at, code=code)]


def _new_leg(fact: LegCreated, *, first: bool) -> Leg:
    endpoint = _find_endpoint(fact.channel)
    is_agent = endpoint is not None and endpoint.startswith(AGENT_ENDPOINT_PREFIX)
    role = LegRole.CALLER if first else LegRole.AGENT if is_agent else LegRole.OTHER
    return Leg(
        uniqueid=fact.uniqueid,
        channel=fact.channel,
        role=role,
        state=LegState.CREATED,
        created_at=fact.at,
        endpoint=endpoint,
        extension=endpoint.removeprefix(AGENT_ENDPOINT_PREFIX) if endpoint and is_agent else None,
    )


def _find_endpoint(channel: str) -> str | None:
    """ "agent-101" of "PJSIP/agent-101-0000002a"."""
    technology, _, rest = channel.partition("/")
    return rest.rpartition("-")[0] if technology == "PJSIP" else None


def _first_direction(leg: Leg) -> Direction:
    if leg.endpoint is None or leg.extension is not None:
        return Direction.INTERNAL  # until it dials a trunk
    return Direction.INBOUND


def _is_trunk(leg: Leg) -> bool:
    return leg.endpoint is not None and leg.endpoint.startswith(TRUNK_ENDPOINT_PREFIX)


def _with_leg(call: Call, leg: Leg, **changes: Any) -> Call:
    changed = replace(leg, **changes)
    legs: Mapping[str, Leg] = MappingProxyType({**call.legs, leg.uniqueid: changed})
    return replace(call, legs=legs)


def _add_leg(call: Call, fact: LegCreated) -> Folded:
    if fact.uniqueid in call.legs:
        return call, []
    leg = _new_leg(fact, first=fact.uniqueid == call.linkedid)
    if call.direction is Direction.INTERNAL and _is_trunk(leg):
        call = replace(call, direction=Direction.OUTBOUND)
    return _with_leg(call, leg), []


def _tell(
    call: Call, leg: Leg, kind: type[AgentInvited | AgentRinging | AgentAnswered | AgentLeft], at: datetime
) -> list[CallEvent]:
    return [kind(call.pbx, call.linkedid, at, leg=leg.uniqueid, extension=leg.extension or "")]


def _invite(call: Call, leg: Leg, at: datetime) -> Folded:
    if leg.role is not LegRole.AGENT or not _is_waiting(leg) or leg.invited_at:
        return call, []
    return _with_leg(call, leg, invited_at=at), _tell(call, leg, AgentInvited, at)


def _ring(call: Call, leg: Leg, at: datetime) -> Folded:
    if leg.ringing_at or not _is_waiting(leg) or leg.state is LegState.UP:
        return call, []
    events = _tell(call, leg, AgentRinging, at) if leg.role is LegRole.AGENT else []
    return _with_leg(call, leg, state=LegState.RINGING, ringing_at=at), events


def _is_waiting(leg: Leg) -> bool:
    """Neither taken nor withdrawn yet."""
    return leg.answered_at is None and leg.withdrawn_at is None


def _go_up(call: Call, leg: Leg, at: datetime) -> Call:
    if leg.state is LegState.UP:
        return call
    if leg.role is LegRole.AGENT:  # two may pick up at once: `_take` tells who got the caller
        return _with_leg(call, leg, state=LegState.UP)
    return _with_leg(call, leg, state=LegState.UP, answered_at=leg.answered_at or at)


def _take(call: Call, leg: Leg, at: datetime) -> Folded:
    """An agent's leg, or the far end of an outbound call, got the caller."""
    if leg.role is LegRole.AGENT and _is_waiting(leg):
        call = replace(call, answered_at=call.answered_at or at)
        return _with_leg(call, leg, state=LegState.UP, answered_at=at), _tell(call, leg, AgentAnswered, at)
    if leg.role is LegRole.OTHER and _is_trunk(leg) and call.answered_at is None:
        dialler = call.legs.get(call.linkedid)
        # An agent who rang a customer speaks with them as one who was rung does.
        events = _tell(call, dialler, AgentAnswered, at) if dialler and dialler.extension else []
        return replace(call, answered_at=at), events
    return call, []


def _pick_up(call: Call, fact: DialEnded) -> Folded:
    """A leg of another Call took the place of the one that this Call had dialled."""
    if fact.status != "ANSWER" or fact.dialler not in call.legs:
        return call, []
    return replace(call, answered_at=call.answered_at or fact.at), []


def _end_dial(call: Call, leg: Leg, fact: DialEnded) -> Folded:
    if fact.status == "ANSWER":
        return _take(call, leg, fact.at)
    return _withdraw(call, leg, fact.at, find_reason(call, leg, leg.cause, fact.status))


def _enter_bridge(call: Call, leg: Leg, fact: BridgeEntered) -> Folded:
    call = _with_leg(call, leg, bridge=fact.bridge)
    call, events = _take(call, call.legs[leg.uniqueid], fact.at)
    into = fact.linkedid
    if into != call.linkedid and not call.joined_to and not into.startswith(OWN_CHANNEL_PREFIX):
        call = replace(call, joined_to=into)
        events = [*events, CallJoined(call.pbx, call.linkedid, fact.at, into=into)]
    return call, events


def _withdraw(call: Call, leg: Leg, at: datetime, reason: WithdrawReason) -> Folded:
    """An agent who was asked, and is not any more; nothing when they were not asked or took the call."""
    if leg.role is not LegRole.AGENT or not _is_waiting(leg) or not (leg.invited_at or leg.ringing_at):
        return call, []
    event = AgentWithdrawn(
        call.pbx, call.linkedid, at, leg=leg.uniqueid, extension=leg.extension or "", reason=reason
    )
    return _with_leg(call, leg, withdrawn_at=at), [event]


def _hang_up(call: Call, leg: Leg, fact: LegHungUp) -> Folded:
    cause = leg.cause or fact.cause
    if leg.role is LegRole.CALLER:
        call = replace(call, outcome=find_outcome(call, leg, fact.cause))
    outward = leg.role is LegRole.CALLER and leg.extension and call.direction is Direction.OUTBOUND
    if (outward and call.answered_at) or (leg.role is LegRole.AGENT and leg.answered_at):
        events = _tell(call, leg, AgentLeft, fact.at)
    else:
        watched = fact.cause is not None
        reason = find_reason(call, leg, cause, "") if watched else WithdrawReason.UNKNOWN
        call, events = _withdraw(call, leg, fact.at, reason)
    call = _with_leg(
        call, call.legs[leg.uniqueid], state=LegState.ENDED, ended_at=fact.at, cause=cause, bridge=None
    )
    if any(other.state is not LegState.ENDED for other in call.legs.values()):
        return call, events
    call, left = dismiss(call, call.guests, fact.at)
    outcome = settle_outcome(call, watched=fact.cause is not None)
    call = replace(call, ended_at=fact.at, outcome=outcome)
    return call, [*events, *left, CallEnded(call.pbx, call.linkedid, fact.at, outcome=outcome)]

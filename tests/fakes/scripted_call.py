"""A call as the PBX would tell it, step by step, without a PBX: each step goes to a CallSink."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from pbx.interface import (
    AgentAnswered,
    AgentInvited,
    AgentLeft,
    AgentRinging,
    AgentWithdrawn,
    Call,
    CallEnded,
    CallerIdentified,
    CallEvent,
    CallSink,
    CallStarted,
    CodeEntered,
    Direction,
    Leg,
    LegRole,
    LegState,
    Outcome,
    RecordingStarted,
    VoicemailLeft,
    WithdrawReason,
)

PBX = "pbx1"
DID = "+380445550100"
_numbers = itertools.count(1)


class ScriptedCall:
    """Every method is one thing that happens, 10 ms after the one before."""

    def __init__(
        self, sink: CallSink, caller: str, *, dialled: str = DID, direction: Direction = Direction.INBOUND
    ) -> None:
        self.sink = sink
        self.linkedid = f"1763800000.{next(_numbers)}"
        self._at = datetime(2026, 11, 22, 12, 0, tzinfo=UTC) + timedelta(minutes=next(_numbers))
        caller_leg = Leg(
            self.linkedid, "PJSIP/trunk-loopback-1", LegRole.CALLER, LegState.UP, self._at, "trunk-loopback"
        )
        self.call = Call(
            PBX,
            self.linkedid,
            direction,
            caller,
            dialled,
            self._at,
            legs=MappingProxyType({caller_leg.uniqueid: caller_leg}),
            queue="sales" if direction is Direction.INBOUND else None,
        )

    def started(self) -> None:
        self._tell(CallStarted)

    def identified(self, customer_id: str | None = None) -> None:
        self.call = replace(self.call, identified_at=self._at, customer_id=customer_id)
        self._tell(CallerIdentified, customer_id=customer_id)

    def invited(self, extension: str) -> str:
        """The uniqueid of the agent's leg."""
        leg = f"{self.linkedid}-{extension}"
        self._leg(
            leg,
            Leg(
                leg,
                f"PJSIP/agent-{extension}-1",
                LegRole.AGENT,
                LegState.CREATED,
                self._at,
                f"agent-{extension}",
                extension,
                invited_at=self._at,
            ),
        )
        self._tell(AgentInvited, leg=leg, extension=extension)
        return leg

    def ringing(self, extension: str) -> None:
        leg = self._change(extension, state=LegState.RINGING, ringing_at=self._at)
        self._tell(AgentRinging, leg=leg, extension=extension)

    def rung_back(self, extension: str) -> None:
        """Rings without having been announced, as a parked call that comes back does."""
        leg = f"{self.linkedid}-{extension}"
        endpoint = f"agent-{extension}"
        self._leg(
            leg,
            Leg(leg, f"PJSIP/{endpoint}-1", LegRole.AGENT, LegState.CREATED, self._at, endpoint, extension),
        )
        self.ringing(extension)

    def answered(self, extension: str) -> None:
        leg = self._change(extension, state=LegState.UP, answered_at=self._at)
        self.call = replace(self.call, answered_at=self.call.answered_at or self._at)
        self._tell(AgentAnswered, leg=leg, extension=extension)

    def far_end_answered(self) -> None:
        """Whom an agent has dialled takes the call: nothing is told of it but the time."""
        self.call = replace(self.call, answered_at=self._at)
        self.sink.accept(self.call, [])

    def withdrawn(self, extension: str, reason: WithdrawReason) -> None:
        leg = self._change(extension, state=LegState.ENDED, withdrawn_at=self._at, ended_at=self._at)
        self._tell(AgentWithdrawn, leg=leg, extension=extension, reason=reason)

    def left(self, extension: str) -> None:
        leg = self._change(extension, state=LegState.ENDED, ended_at=self._at)
        self._tell(AgentLeft, leg=leg, extension=extension)

    def joined_by(self, extension: str, consultation: ScriptedCall) -> None:
        """An agent takes the call over on the leg that they have in another one."""
        leg = f"{consultation.linkedid}-{extension}"
        self.call = replace(
            self.call,
            guests=MappingProxyType({**self.call.guests, leg: extension}),
            answered_at=self.call.answered_at or self._at,
        )
        self._tell(AgentAnswered, leg=leg, extension=extension)

    def left_by(self, extension: str) -> None:
        """And goes again."""
        leg = next(leg for leg, at in self.call.guests.items() if at == extension)
        staying = {each: at for each, at in self.call.guests.items() if each != leg}
        self.call = replace(self.call, guests=MappingProxyType(staying))
        self._tell(AgentLeft, leg=leg, extension=extension)

    def pressed(self, code: str) -> None:
        """The caller's code."""
        self._tell(CodeEntered, code=code)

    def recorded(self, name: str) -> None:
        self.call = replace(self.call, recording=name)
        self._tell(RecordingStarted, name=name)

    def left_message(self, name: str) -> None:
        self.call = replace(self.call, voicemail=True)
        self._tell(VoicemailLeft, box="sales", name=name)

    def ended(self, outcome: Outcome) -> None:
        self.call = replace(self.call, ended_at=self._at, outcome=outcome)
        self._tell(CallEnded, outcome=outcome)

    def ring(self, *extensions: str, customer_id: str | None = None) -> None:
        """From the first INVITE to ringing phones."""
        self.started()
        self.identified(customer_id)
        for extension in extensions:
            self.invited(extension)
            self.ringing(extension)

    def talk(self, extension: str, customer_id: str | None = None) -> None:
        """A whole answered call."""
        self.ring(extension, customer_id=customer_id)
        self.answered(extension)
        self.left(extension)
        self.ended(Outcome.ANSWERED)

    def _leg(self, uniqueid: str, leg: Leg) -> None:
        self.call = replace(self.call, legs=MappingProxyType({**self.call.legs, uniqueid: leg}))

    def _change(self, extension: str, **changes: Any) -> str:
        uniqueid = f"{self.linkedid}-{extension}"
        self._leg(uniqueid, replace(self.call.legs[uniqueid], **changes))
        return uniqueid

    def _tell(self, kind: type[CallEvent], **fields: Any) -> None:
        event = kind(PBX, self.linkedid, self._at, **fields)
        self.sink.accept(self.call, [event])
        self._at += timedelta(milliseconds=10)

"""What an unanswered leg, and a whole call, came to: verdicts over a `Call` as it stands.

Asterisk tells a leg's end twice, by the status of the dial and by the hang-up cause, and in a queue the
first says NOANSWER also for an agent who refused. So both are looked at, the cause first.
"""

from __future__ import annotations

from typing import Final

from pbx.interface import Call, Leg, LegState, Outcome, WithdrawReason

# Hang-up causes of Q.850 as Asterisk uses them (include/asterisk/causes.h).
USER_BUSY: Final = 17
CALL_REJECTED: Final = 21
ANSWERED_ELSEWHERE: Final = 26
# Nothing failed: 0 none given, 16 normal clearing, 18 no user responding, 19 no answer, 31 normal, 127 unspecified.
QUIET_CAUSES: Final = frozenset({0, 16, 18, 19, 31, 127})


def find_reason(call: Call, leg: Leg, cause: int | None, status: str) -> WithdrawReason:
    """Why an agent's leg stopped ringing.

    `cause` is the leg's own; `status` how the dial ended, '' when only the hang-up was seen.
    """
    if cause in (USER_BUSY, CALL_REJECTED) or status == "BUSY":
        return WithdrawReason.REJECTED
    if cause == ANSWERED_ELSEWHERE:
        return WithdrawReason.ANSWERED_ELSEWHERE
    if status in ("CHANUNAVAIL", "CONGESTION") or (cause is not None and cause not in QUIET_CAUSES):
        return WithdrawReason.FAILED
    if status == "NOANSWER":
        return WithdrawReason.NO_ANSWER
    if _gave_up(call, leg):
        return WithdrawReason.CALLER_GAVE_UP
    # Of a pick-up this is all that may be told before: the recording began, or another phone was let off.
    picked_up = call.recording or any(other.cause == ANSWERED_ELSEWHERE for other in call.legs.values())
    taken = status == "CANCEL" or call.answered_at or picked_up
    return WithdrawReason.ANSWERED_ELSEWHERE if taken else WithdrawReason.NO_ANSWER


def _gave_up(call: Call, leg: Leg) -> bool:
    """Whether the leg that dialled this one is gone or going."""
    dialler = call.legs.get(leg.dialled_by or call.linkedid)
    return dialler is not None and (dialler.state is LegState.ENDED or dialler.cause is not None)


def find_outcome(call: Call, caller: Leg, cause: int | None) -> Outcome:
    """What the call came to for the caller, whose leg ends now with `cause`."""
    if cause is None:
        return Outcome.UNKNOWN
    if call.answered_at or call.joined_to:
        return Outcome.ANSWERED
    if caller.cause is not None:  # the far end hung up, not our dialplan
        return Outcome.ABANDONED
    if cause in (USER_BUSY, CALL_REJECTED):
        return Outcome.BUSY
    return Outcome.NO_ANSWER if cause in QUIET_CAUSES else Outcome.FAILED


def settle_outcome(call: Call, *, watched: bool) -> Outcome:
    """The outcome once all legs are gone, the last of them before our eyes or not."""
    if call.outcome is Outcome.UNKNOWN or (call.outcome is None and not watched):
        return Outcome.UNKNOWN
    if call.answered_at:
        return Outcome.ANSWERED
    if call.voicemail:
        return Outcome.VOICEMAIL
    return call.outcome or Outcome.NO_ANSWER

"""Calls that nobody answered, as work: one piece for each caller, however often they tried."""

from __future__ import annotations

import msgspec

from bridge.domain.call import CallRecording, CallSummary


class WorkItem(msgspec.Struct, frozen=True, kw_only=True):
    """`call` is the caller's newest unanswered one, which also says who owns the work; `attempts` counts all that are open.

    `key` stays while the work is open: the caller's number, or the call's id where the number is withheld.
    `voicemails` of all attempts, newest first.
    """

    key: str
    call: CallSummary
    attempts: int
    first_at: str
    voicemails: list[CallRecording] = []


class WorkChange(msgspec.Struct, frozen=True, kw_only=True):
    """`item` is null when the work is done."""

    key: str
    item: WorkItem | None

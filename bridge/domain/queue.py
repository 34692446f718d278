"""Asterisk's queues as the API shows them: who waits now, and who is kept out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bridge.domain.call import CallSummary


class WaitingCall(msgspec.Struct, frozen=True, kw_only=True):
    """`since` is ISO 8601; `call` null for one that nobody has seen yet."""

    since: str
    call: CallSummary | None


class MemberLine(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` is why the member is paused, "wrap-up" after a call; empty where nobody said."""

    extension: str
    paused: bool
    reason: str


class QueueLine(msgspec.Struct, frozen=True, kw_only=True):
    """`waiting` in the order in which they are answered."""

    name: str
    waiting: Sequence[WaitingCall]
    members: Sequence[MemberLine]

"""Where an entry, a call or a conversation was moved to: who said so, when and why."""

from __future__ import annotations

import msgspec


class FilingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """`from_id` null: nobody was known before; the names are the leaves' own. `by` is the agent's name, or "system".

    `undoes` is the filing that this one takes back; `to_id` is then what that one had left.
    """

    id: str
    from_id: str | None
    from_name: str | None
    to_id: str | None
    to_name: str | None
    by: str
    reason: str
    at: str
    undoes: str | None = None

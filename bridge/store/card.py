"""The card of whoever calls: one query for the identity and its leaves, one for the entries, five cheap ones beside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    literal,
    literal_column,
    select,
    union_all,
)

from bridge.domain.card import Card, Colleague, LastSpoke
from bridge.domain.customer import Customer, CustomerKind
from bridge.domain.entry import Entry, EntryDirection, EntryKind
from bridge.domain.ids import new_id
from bridge.domain.times import iso
from bridge.store import (
    agents,
    clues,
    conversations,
    groups,
    matters,
    notes,
    orders,
    profiles,
    promises,
    schema,
    timeline,
)
from bridge.store.leaves import ranges, values_of
from bridge.store.prepared import Prepared
from bridge.store.profiles import Profile
from pbx.interface import TEST_CALLER

RECENT = 20
TEST_NAME = "Omniline test"
"""Who calls when an admin tries what a phone shows; the phone's own screen says the same (extensions.conf)."""

_entry = schema.timeline_entry
_call = schema.call
_agent = schema.agent


def read_card(
    conn: Connection,
    *,
    call_id: str,
    caller: str,
    dialled: str,
    customer_id: str | None = None,
    number: str | None = None,
    extension: str | None = None,
    queue: str | None = None,
    colleague: str | None = None,
    notes_for: str | None = None,
) -> Card:
    """The card of `customer_id`, else of the owner of `number` (E.164) or of whoever sits at its sub-number `extension`,
    else of nobody known. Its question is for `bridge.domain.question` to put into words.

    On a call among ourselves `colleague` is the extension at the other end. `notes_for` is the agent that it is made
    for, where others may have written on the call already.
    """
    card = _read_customer(
        conn,
        Card(call_id=call_id, caller=caller, dialled=dialled, customer=None, queue=queue),
        customer_id,
        number,
        extension,
    )
    if colleague == TEST_CALLER:
        card = msgspec.structs.replace(card, colleague=Colleague(name=TEST_NAME, extension=TEST_CALLER))
    elif colleague is not None and (other := agents.find_at_extension(conn, colleague)) is not None:
        card = msgspec.structs.replace(card, colleague=Colleague(name=other.name, extension=colleague))
    if notes_for is not None:
        card = msgspec.structs.replace(card, notes=notes.list_of_others(conn, call_id, notes_for))
    return card


def _read_customer(
    conn: Connection, bare: Card, customer_id: str | None, number: str | None, extension: str | None
) -> Card:
    profile = None
    if customer_id is not None:
        profile = profiles.find_profile(conn, customer_id)
    if profile is None and number is not None:
        profile = profiles.find_profile_by_address(conn, "phone", number)
        at = groups.find_at_extension(conn, profile.customer.id, extension) if profile and extension else None
        profile = profiles.find_profile(conn, at) if at else profile
    return bare if profile is None else _read_leaves(conn, bare, profile)


def rehearse(conn: Connection) -> None:
    """Ask all that a card is made of, of nobody: a connection that has done so answers the next one several times as fast."""
    profiles.find_profile_by_address(conn, "phone", "")
    nobody = Customer(id=new_id(), leaves=[new_id()], kind=CustomerKind.PERSON, name="")
    _read_leaves(conn, Card(call_id="", caller="", dialled="", customer=None), Profile(nobody, []))


def _read_leaves(conn: Connection, bare: Card, profile: Profile) -> Card:
    leaves = profile.customer.leaves
    recent = timeline.read_page(conn, leaves, limit=RECENT).items
    last_note, last_spoke = find_last_words(conn, leaves, recent)
    return msgspec.structs.replace(
        bare,
        customer=profile.customer,
        candidates=clues.with_clues(conn, profile.candidates),
        matters=matters.list_matters(conn, leaves),
        promises=promises.list_open(conn, leaves),
        conversations=conversations.list_open(conn, leaves),
        orders=orders.list_orders(conn, leaves),
        recent=recent,
        last_note=last_note,
        last_spoke=last_spoke,
    )


def find_last_words(
    conn: Connection, leaves: Sequence[str], recent: Sequence[Entry]
) -> tuple[Entry | None, LastSpoke | None]:
    """The newest note, and who of ours spoke or wrote last; `recent` are the newest entries, looked through first."""
    note = next((entry for entry in recent if entry.kind is EntryKind.NOTE), None)
    spoke = next((spoken for entry in recent if (spoken := _spoken(entry)) is not None), None)
    if (note is not None and spoke is not None) or len(recent) < RECENT:
        return note, spoke
    rows = _last_words(len(leaves)).rows(conn, **values_of(leaves))
    rows.sort(key=lambda row: row.at, reverse=True)
    if note is None:
        noted = next((row for row in rows if row.part == "note"), None)
        note = None if noted is None else timeline.get_entry(conn, noted.id)
    if spoke is None and rows:
        spoke = LastSpoke(author=rows[0].author, channel=rows[0].channel, at=iso(rows[0].at))
    return note, spoke


def _spoken(entry: Entry) -> LastSpoke | None:
    """A call that one of ours answered, a message or a note of ours."""
    if entry.kind is EntryKind.CALL:
        author = entry.payload.get("answered_by")
    elif entry.kind is EntryKind.NOTE or entry.direction is EntryDirection.OUTBOUND:
        author = entry.author
    else:
        author = None
    return LastSpoke(author=author, channel=entry.channel, at=entry.at) if author else None


@lru_cache(maxsize=64)
def _last_words(leaves: int) -> Prepared:
    """Per leaf the newest note, the newest message of ours and the newest answered call, each off an index."""
    parts = (_newest_note, _newest_written, _newest_answered)
    return Prepared(union_all(*(select(ranges(leaves, part)) for part in parts)))


# SQLite uses the partial index of what is ours only where its condition stands in the text, not in a parameter.
_NOTE: ColumnElement[str] = literal_column("'note'")
_OUTBOUND: ColumnElement[str] = literal_column("'outbound'")


def _newest_note(leaf: BindParameter[str]) -> Select[Any]:
    return _newest_entry("note", _entry.c.customer_id == leaf, _entry.c.kind == _NOTE)


def _newest_written(leaf: BindParameter[str]) -> Select[Any]:
    is_message = _entry.c.kind == "message"
    return _newest_entry("written", _entry.c.customer_id == leaf, _entry.c.direction == _OUTBOUND, is_message)


def _newest_entry(part: str, *conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            literal(part).label("part"),
            _entry.c.id,
            _entry.c.author,
            _entry.c.channel,
            _entry.c.occurred_at.label("at"),
        )
        .where(*conditions)
        .order_by(_entry.c.occurred_at.desc(), _entry.c.id.desc())
        .limit(1)
    )


def _newest_answered(leaf: BindParameter[str]) -> Select[Any]:
    return (
        select(
            literal("answered").label("part"),
            _call.c.id,
            _agent.c.name.label("author"),
            literal("phone").label("channel"),
            _call.c.started_at.label("at"),
        )
        .join(_agent, _agent.c.id == _call.c.answered_by)
        .where(_call.c.customer_id == leaf)
        .order_by(_call.c.started_at.desc())
        .limit(1)
    )

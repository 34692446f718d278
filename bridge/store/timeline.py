"""The timeline: entries appended once, read newest first by key.

A page is one limited range per leaf put together (`customer_id IN (…) ORDER BY … LIMIT` would sort all of a merged
person's entries).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    bindparam,
    func,
    insert,
    select,
)

from bridge.domain.entry import Entry, EntryDirection, EntryKind, Page
from bridge.domain.ids import new_id
from bridge.domain.terms import terms_of
from bridge.domain.times import utc_now
from bridge.errors import NotFound
from bridge.store import schema, words
from bridge.store.attachments import with_files
from bridge.store.entry_filter import ALL, CONDITIONS, EntryFilter
from bridge.store.leaves import ranges, values_of
from bridge.store.paging import place, read_place
from bridge.store.prepared import Prepared, PreparedWrite, values_of_columns
from bridge.store.shown_entry import entry_of, shown
from bridge.store.types import Id

_entry = schema.timeline_entry
_call = schema.call
_conversation = schema.conversation
_identity = schema.identity


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """`customer_id` is what is known besides the anchors; the call's and the conversation's customer go before it.

    `terms` are what it is found by, where they are worked out already.
    """

    kind: EntryKind
    source: str
    source_key: str
    at: datetime
    body: str = ""
    channel: str | None = None
    direction: EntryDirection | None = None
    author: str = ""
    customer_id: str | None = None
    identity_id: str | None = None
    call_id: str | None = None
    conversation_id: str | None = None
    replaces_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    terms: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Appended:
    """`created` is False when the source key was there already: nothing was changed then."""

    id: str
    customer_id: str | None
    created: bool


_BY_SOURCE = Prepared(
    select(_entry.c.id, _entry.c.customer_id).where(
        _entry.c.source == bindparam("source"), _entry.c.source_key == bindparam("source_key")
    )
)
_ANCHOR = Prepared(
    select(
        func.coalesce(
            select(_call.c.customer_id).where(_call.c.id == bindparam("call_id", type_=Id)).scalar_subquery(),
            select(_conversation.c.customer_id)
            .where(_conversation.c.id == bindparam("conversation_id", type_=Id))
            .scalar_subquery(),
            bindparam("customer_id", type_=Id),
            select(_identity.c.customer_id)
            .where(_identity.c.id == bindparam("identity_id", type_=Id))
            .scalar_subquery(),
        ).label("customer_id")
    )
)


_INSERT = PreparedWrite(
    insert(_entry).values(
        values_of_columns(_entry, *(column.name for column in _entry.c if column.name != "redacted_at"))
    )
)


def find_by_source(conn: Connection, source: str, source_key: str) -> Appended | None:
    """The entry that was ingested under this key."""
    rows = _BY_SOURCE.rows(conn, source=source, source_key=source_key)
    return Appended(rows[0].id, rows[0].customer_id, created=False) if rows else None


def append(conn: Connection, new: NewEntry) -> Appended:
    """Append an entry once per (source, source_key).

    It is filed under the customer of its call, else of its conversation, else the given one, else its
    identity's; under nobody where none of them is known.
    """
    found = find_by_source(conn, new.source, new.source_key)
    if found is not None:
        return found
    customer_id = new.customer_id
    if new.call_id or new.conversation_id or (new.identity_id and not customer_id):
        (anchor,) = _ANCHOR.rows(
            conn,
            call_id=new.call_id,
            conversation_id=new.conversation_id,
            customer_id=new.customer_id,
            identity_id=new.identity_id,
        )
        customer_id = anchor.customer_id
    entry_id = new_id()
    _INSERT.run(
        conn,
        id=entry_id,
        customer_id=customer_id,
        arrived_customer_id=customer_id,
        identity_id=new.identity_id,
        channel=new.channel,
        conversation_id=new.conversation_id,
        call_id=new.call_id,
        kind=new.kind,
        direction=new.direction,
        author=new.author,
        source=new.source,
        source_key=new.source_key,
        occurred_at=new.at,
        recorded_at=utc_now(),
        body=new.body,
        payload=dict(new.payload),
        replaces_id=new.replaces_id,
    )
    if new.kind in words.KINDS:
        terms = new.terms or terms_of(words.text_of(new.body, new.payload))
        words.add_entry(conn, entry_id, new.at, terms)
    return Appended(entry_id, customer_id, created=True)


@lru_cache(maxsize=256)
def _page(leaves: int, given: frozenset[str]) -> Prepared:
    entry = ranges(leaves, lambda leaf: _range(leaf, given))
    newest_first = (entry.c.occurred_at.desc(), entry.c.id.desc())
    return Prepared(shown(entry).order_by(*newest_first).limit(bindparam("limit")))


def _range(leaf: BindParameter[str], given: frozenset[str]) -> Select[Any]:
    """The newest entries of one leaf, off one index range."""
    return (
        select(_entry)
        .where(_entry.c.customer_id == leaf, *(CONDITIONS[name] for name in sorted(given)))
        .order_by(_entry.c.occurred_at.desc(), _entry.c.id.desc())
        .limit(bindparam("limit"))
    )


def read_page(
    conn: Connection,
    leaves: Sequence[str],
    *,
    limit: int = 50,
    before: str | None = None,
    only: EntryFilter = ALL,
) -> Page:
    """The newest `limit` entries of the given leaves; `before` is the `next` of the page before. One query.

    Raises InvalidInput for a cursor that is not one of ours.
    """
    if not leaves:
        return Page([], None)
    values: dict[str, Any] = {name: value for name, value in asdict(only).items() if value is not None}
    given = frozenset(values)
    if before is not None:
        given |= {"before"}
        values["before_at"], values["before_id"] = read_place(before)
    values["answered_by"] = only.agent_id
    rows = _page(len(leaves), given).rows(conn, limit=limit + 1, **values, **values_of(leaves))
    following = place(rows[limit - 1].occurred_at, rows[limit - 1].id) if len(rows) > limit else None
    return Page(with_files(conn, [entry_of(row) for row in rows[:limit]]), following)


_IN_CONVERSATION = (
    select(_entry)
    .where(_entry.c.conversation_id == bindparam("conversation_id", type_=Id))
    .order_by(_entry.c.occurred_at.desc(), _entry.c.id.desc())
    .limit(bindparam("limit"))
)


@lru_cache(maxsize=2)
def _conversation_page(is_first: bool) -> Prepared:
    part = _IN_CONVERSATION if is_first else _IN_CONVERSATION.where(CONDITIONS["before"])
    entry = part.subquery("found")
    return Prepared(shown(entry).order_by(entry.c.occurred_at.desc(), entry.c.id.desc()))


def read_conversation(
    conn: Connection, conversation_id: str, *, limit: int, before: str | None = None
) -> Page:
    """The newest entries of one conversation, as `read_page` gives them."""
    values: dict[str, Any] = {}
    if before is not None:
        values["before_at"], values["before_id"] = read_place(before)
    page = _conversation_page(before is None)
    rows = page.rows(conn, conversation_id=conversation_id, limit=limit + 1, **values)
    following = place(rows[limit - 1].occurred_at, rows[limit - 1].id) if len(rows) > limit else None
    return Page([entry_of(row) for row in rows[:limit]], following)


_PER_CHANNEL = (
    select(func.coalesce(_entry.c.channel, "none").label("channel"), func.count().label("entries"))
    .where(_entry.c.customer_id.in_(bindparam("leaves", expanding=True, type_=Id)))
    .group_by(_entry.c.channel)
    .order_by(_entry.c.channel)
)


def count_by_channel(conn: Connection, leaves: Sequence[str]) -> dict[str, int]:
    """How many entries the leaves have on each channel; "none" for those without one. Reads them all."""
    return {row.channel: row.entries for row in conn.execute(_PER_CHANNEL, {"leaves": list(leaves)})}


_ONE = Prepared(shown(_entry).where(_entry.c.id == bindparam("entry_id")))


def get_entry(conn: Connection, entry_id: str) -> Entry:
    """Raises NotFound."""
    rows = _ONE.rows(conn, entry_id=entry_id)
    if not rows:
        raise NotFound("no such entry")
    (entry,) = with_files(conn, [entry_of(rows[0])])
    return entry


_NEWER = Prepared(
    select(_entry.c.id)
    .where(_entry.c.replaces_id == bindparam("entry_id"))
    .order_by(_entry.c.id.desc())
    .limit(1)
)


def get_newest(conn: Connection, entry_id: str) -> Entry:
    """What stands for an entry now: itself, or the last of those that replaced it. Raises NotFound."""
    while rows := _NEWER.rows(conn, entry_id=entry_id):
        entry_id = rows[0].id
    return get_entry(conn, entry_id)


def list_entries(conn: Connection, ids: Sequence[str]) -> list[Entry]:
    """These entries, in any order."""
    rows = conn.execute(shown(_entry).where(_entry.c.id.in_(ids)))
    return with_files(conn, [entry_of(row) for row in rows])

"""Full text over messages, notes and transcripts: the terms of `domain.terms`, kept by FTS5 or as a tsvector.

Both only store the terms and find the rows that have them; what a term is, is said once, in Python. A row's number
grows with the time of its entry, so that the newest hits come off the index first, and a late entry in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, text

from bridge.domain.entry import EntryKind
from bridge.domain.terms import wanted_terms
from bridge.store import schema
from bridge.store.prepared import Prepared, PreparedWrite, values_of_columns
from bridge.store.types import EPOCH

_words = schema.entry_words

KINDS: Final = (EntryKind.MESSAGE, EntryKind.NOTE, EntryKind.TRANSCRIPT, EntryKind.PROMISE)
AT_ONCE: Final = 4_096
"""Numbers for each millisecond; the entries of one that has more than so many spill into the next."""
LAST: Final = (1 << 63) - 1
"""No number is greater."""
_OPTIMISED_PAGES: Final = 500

_LAST_OF = Prepared(
    select(func.max(_words.c.no).label("no")).where(
        _words.c.no >= bindparam("first"), _words.c.no <= bindparam("last")
    )
)
_INSERT = PreparedWrite(insert(_words).values(values_of_columns(_words, "no", "entry_id", "words")))
_FIND: Final = {
    "sqlite": text(
        "SELECT entry_words.no, entry_words.entry_id FROM entry_terms JOIN entry_words ON entry_words.no = entry_terms.rowid"
        " WHERE entry_terms MATCH :wanted AND entry_terms.rowid < :before ORDER BY entry_terms.rowid DESC LIMIT :limit"
    ),
    "postgresql": text(
        "SELECT no, CAST(entry_id AS text) AS entry_id FROM entry_words"
        " WHERE words @@ CAST(:wanted AS tsquery) AND no < :before ORDER BY no DESC LIMIT :limit"
    ),
}


@dataclass(frozen=True, slots=True)
class Found:
    """`no` is where the next page goes on: it takes what is before."""

    no: int
    entry_id: str


def text_of(body: str, payload: Mapping[str, Any]) -> str:
    """What an entry is found by."""
    subject = payload.get("subject")
    return f"{subject}\n{body}" if isinstance(subject, str) else body


def add_entry(conn: Connection, entry_id: str, at: datetime, terms: Sequence[str]) -> None:
    """Make an entry findable by its terms, in the transaction that appends it. Nothing for one that has none."""
    if terms:
        _INSERT.run(conn, no=_free_number(conn, at), entry_id=entry_id, words=" ".join(terms))


def first_number(at: datetime) -> int:
    """The first number of the millisecond."""
    return (at - EPOCH) // timedelta(milliseconds=1) * AT_ONCE


def _free_number(conn: Connection, at: datetime) -> int:
    first = first_number(at)
    while True:
        last: int | None = _LAST_OF.rows(conn, first=first, last=first + AT_ONCE - 1)[0].no
        if last is None:
            return first
        if last < first + AT_ONCE - 1:
            return last + 1
        first += AT_ONCE


def find_entries(conn: Connection, words: str, *, limit: int, before: int | None = None) -> Sequence[Found]:
    """The newest entries that have every one of the words, in any form of it. None for a text without words."""
    wanted = wanted_terms(words)
    if not wanted:
        return []
    both, either = (" AND ", " OR ") if conn.dialect.name == "sqlite" else (" & ", " | ")
    rows = conn.execute(
        _FIND[conn.dialect.name],
        {
            "wanted": both.join(f"({either.join(terms)})" for terms in wanted),
            "before": LAST if before is None else before,
            "limit": limit,
        },
    )
    return [Found(row.no, row.entry_id) for row in rows]


def forget(conn: Connection) -> bool:
    """One step of rewriting SQLite's index without what was taken out of it; whether there is more to do.

    FTS5 of Debian 12's SQLite marks a term as gone and keeps its letters until the two meet in a merge. Whoever erases
    repeats this, a transaction a step, until it says False. PostgreSQL's VACUUM does it by itself.
    """
    if conn.dialect.name != "sqlite":
        return False
    before = _changes(conn)
    conn.execute(
        text("INSERT INTO entry_terms (entry_terms, rank) VALUES ('merge', :pages)"),
        {"pages": -_OPTIMISED_PAGES},
    )
    # Fewer than two: nothing was left to merge (SQLite, "The 'merge' Command").
    return _changes(conn) - before >= 2


def _changes(conn: Connection) -> int:
    changes: int = conn.execute(text("SELECT total_changes()")).scalar_one()
    return changes

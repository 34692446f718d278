"""What the database itself refuses (invariant 3), as of revision 0001: SQLite's text of it.

An entry's content never changes and an entry is never deleted; redaction empties body, payload and author once.
`customer_id` of an entry, a call or a conversation may become only what its filings say:

- a filing counts while it is neither undone nor the undoing of one;
- a call, a conversation: the newest filing of it that counts, else NULL;
- an entry: the newest of itself, else of its call, else of its conversation, else where it arrived.
"""

from __future__ import annotations

from typing import Final

_COUNTS = "f.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM filing u WHERE u.undoes = f.id)"


def _newest(subject: str, subject_id: str) -> str:
    return (
        f"(SELECT f.to_id FROM filing f WHERE f.subject = '{subject}' AND f.subject_id = {subject_id}"  # noqa: S608
        f" AND {_COUNTS} ORDER BY f.id DESC LIMIT 1)"
    )


_FROZEN = (
    "id, identity_id, channel, conversation_id, call_id, kind, direction, source, source_key, occurred_at,"
    " recorded_at, replaces_id, arrived_customer_id"
)
_ENTRY_PLACE = (
    f"coalesce({_newest('entry', 'OLD.id')}, {_newest('call', 'OLD.call_id')},"
    f" {_newest('conversation', 'OLD.conversation_id')}, OLD.arrived_customer_id)"
)

SQLITE: Final = (
    f"""CREATE TRIGGER timeline_entry_frozen BEFORE UPDATE OF {_FROZEN} ON timeline_entry
BEGIN SELECT RAISE(ABORT, 'an entry is append-only'); END""",
    """CREATE TRIGGER timeline_entry_redaction BEFORE UPDATE OF body, payload, author, redacted_at ON timeline_entry
WHEN OLD.redacted_at IS NOT NULL OR NEW.redacted_at IS NULL
  OR NEW.body <> '' OR NEW.payload <> '{}' OR NEW.author NOT IN ('', OLD.author)
BEGIN SELECT RAISE(ABORT, 'an entry is append-only; redaction empties it, once'); END""",
    """CREATE TRIGGER timeline_entry_kept BEFORE DELETE ON timeline_entry
BEGIN SELECT RAISE(ABORT, 'an entry is append-only'); END""",
    f"""CREATE TRIGGER timeline_entry_filed BEFORE UPDATE OF customer_id ON timeline_entry
WHEN NEW.customer_id IS NOT {_ENTRY_PLACE}
BEGIN SELECT RAISE(ABORT, 'an entry is moved by a filing only'); END""",
    *(
        f"""CREATE TRIGGER {table}_filed BEFORE UPDATE OF customer_id ON {table}
WHEN NEW.customer_id IS NOT {_newest(table, "OLD.id")}
BEGIN SELECT RAISE(ABORT, 'a {table} is moved by a filing only'); END"""
        for table in ("call", "conversation")
    ),
    """CREATE TRIGGER filing_kept BEFORE UPDATE ON filing
BEGIN SELECT RAISE(ABORT, 'a filing is append-only'); END""",
    """CREATE TRIGGER filing_not_deleted BEFORE DELETE ON filing
BEGIN SELECT RAISE(ABORT, 'a filing is append-only'); END""",
)

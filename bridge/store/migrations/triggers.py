"""What the database itself refuses (invariant 3), as of revision 0001, in the words of both engines.

An entry's content never changes and an entry is never deleted; redaction empties body, payload and author once.
`customer_id` of an entry, a call or a conversation may become only what its filings say:

- a filing counts while it is neither undone nor the undoing of one;
- a call, a conversation: the newest filing of it that counts, else NULL;
- an entry: the newest of itself, else of its call, else of its conversation, else where it arrived.

A guard is a condition on OLD and NEW, the same text on both engines (`{differs}` apart). SQLite has it as a trigger's
WHEN; PostgreSQL, which allows no query there, in a function. A violation is an IntegrityError on both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_COUNTS = "f.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM filing u WHERE u.undoes = f.id)"


@dataclass(frozen=True, slots=True)
class Guard:
    """Refuses `event` (such as `DELETE`, `UPDATE OF name`) of a row of `table`: where `condition` holds, or always."""

    name: str
    table: str
    event: str
    message: str
    condition: str = ""

    def on(self, dialect: str) -> tuple[str, ...]:
        """The statements that set it up."""
        return self._on_postgresql() if dialect == "postgresql" else (self._on_sqlite(),)

    def _on_sqlite(self) -> str:
        condition = self.condition.format(differs="IS NOT", payload="payload")
        return (
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table}\n"
            f"{f'WHEN {condition}' if condition else ''}\n"
            f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
        )

    def _on_postgresql(self) -> tuple[str, ...]:
        condition = self.condition.format(differs="IS DISTINCT FROM", payload="payload::text")
        row = "OLD" if self.event == "DELETE" else "NEW"
        return (
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n"
            f"IF {condition or 'true'} THEN\n"
            f"RAISE EXCEPTION '{self.message}' USING ERRCODE = 'integrity_constraint_violation';\n"
            f"END IF;\nRETURN {row};\nEND $$",
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table}\n"
            f"FOR EACH ROW EXECUTE FUNCTION {self.name}()",
        )


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
_NO_REDACTION = (
    "OLD.redacted_at IS NOT NULL OR NEW.redacted_at IS NULL"
    " OR NEW.body <> '' OR NEW.{payload} <> '{{}}' OR NEW.author NOT IN ('', OLD.author)"
)
_APPEND_ONLY = "an entry is append-only"

GUARDS: Final = (
    Guard("timeline_entry_frozen", "timeline_entry", f"UPDATE OF {_FROZEN}", _APPEND_ONLY),
    Guard(
        "timeline_entry_redaction",
        "timeline_entry",
        "UPDATE OF body, payload, author, redacted_at",
        f"{_APPEND_ONLY}; redaction empties it, once",
        _NO_REDACTION,
    ),
    Guard("timeline_entry_kept", "timeline_entry", "DELETE", _APPEND_ONLY),
    Guard(
        "timeline_entry_filed",
        "timeline_entry",
        "UPDATE OF customer_id",
        "an entry is moved by a filing only",
        f"NEW.customer_id {{differs}} {_ENTRY_PLACE}",
    ),
    *(
        Guard(
            f"{table}_filed",
            table,
            "UPDATE OF customer_id",
            f"a {table} is moved by a filing only",
            f"NEW.customer_id {{differs}} {_newest(table, 'OLD.id')}",
        )
        for table in ("call", "conversation")
    ),
    Guard("filing_kept", "filing", "UPDATE", "a filing is append-only"),
    Guard("filing_not_deleted", "filing", "DELETE", "a filing is append-only"),
)

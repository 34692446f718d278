"""What customers and entries are found by. What is there already is indexed, in batches, in this transaction.

The terms are today's, by the store's own functions: a release that makes other ones makes all of them anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
import structlog
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from bridge.domain.terms import terms_of
from bridge.store import customer_words, words
from bridge.store.migrations.search_triggers import POSTGRESQL, SQLITE
from bridge.store.types import Id, UtcTime

revision = "0007"
down_revision = "0006"

BATCH = 1_000
_log = structlog.get_logger(__name__)

_customer = sa.table("customer", sa.column("id", Id), sa.column("name"), sa.column("external_id"))
_identity = sa.table("identity", sa.column("customer_id", Id), sa.column("address"), sa.column("retired_at"))
_entry = sa.table(
    "timeline_entry",
    sa.column("id", Id),
    sa.column("kind"),
    sa.column("body"),
    sa.column("payload", sa.JSON),
    sa.column("occurred_at", UtcTime),
)


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    by_bytes = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "customer_word",
        sa.Column("word", by_bytes, nullable=False),
        sa.Column("customer_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_word_customer_id")),
        sa.PrimaryKeyConstraint("word", "customer_id", name=op.f("pk_customer_word")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_customer_word_customer_id"), "customer_word", ["customer_id"], unique=False)
    op.create_table(
        "word_key",
        sa.Column("key", by_bytes, nullable=False),
        sa.Column("word", by_bytes, nullable=False),
        sa.PrimaryKeyConstraint("key", "word", name=op.f("pk_word_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry_words",
        sa.Column(
            "no", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("words", sa.Text().with_variant(TSVECTOR, "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["timeline_entry.id"], name=op.f("fk_entry_words_entry_id")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_entry_words")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_entry_words_entry_id")),
    )
    op.create_index(
        "ix_timeline_entry_replaces",
        "timeline_entry",
        ["replaces_id"],
        unique=False,
        sqlite_where=sa.text("replaces_id IS NOT NULL"),
        postgresql_where=sa.text("replaces_id IS NOT NULL"),
    )
    if dialect == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE entry_terms USING fts5(words, content='entry_words', content_rowid='no',"
            " tokenize='ascii', detail='none', columnsize=0)"
        )
    for trigger in SQLITE if dialect == "sqlite" else POSTGRESQL:
        op.execute(trigger)
    index_customers(op.get_bind())
    index_entries(op.get_bind())
    if dialect == "postgresql":
        # After the rows: a GIN index is made many times faster than it is filled.
        op.create_index("ix_entry_words_words", "entry_words", ["words"], postgresql_using="gin")


def index_customers(bind: sa.Connection) -> None:
    for rows in _batches(bind, sa.select(_customer), _customer.c.id, "customer"):
        ids = [row.id for row in rows]
        addresses: dict[str, list[str]] = {row.id: [] for row in rows}
        live = sa.select(_identity.c.customer_id, _identity.c.address).where(
            _identity.c.customer_id.in_(ids), _identity.c.retired_at.is_(None)
        )
        for identity in bind.execute(live):
            addresses[identity.customer_id].append(identity.address)
        for row in rows:
            said = customer_words.words_of_customer(row.name, row.external_id, addresses[row.id])
            customer_words.add_words(bind, row.id, said)


def index_entries(bind: sa.Connection) -> None:
    for rows in _batches(
        bind, sa.select(_entry).where(_entry.c.kind.in_(words.KINDS)), _entry.c.id, "timeline_entry"
    ):
        for row in rows:
            words.add_entry(bind, row.id, row.occurred_at, terms_of(words.text_of(row.body, row.payload)))


def _batches(
    bind: sa.Connection, statement: sa.Select[Any], key: sa.ColumnElement[str], table: str
) -> Iterator[list[Any]]:
    done, last = 0, None
    while True:
        after = statement if last is None else statement.where(key > last)
        rows = list(bind.execute(after.order_by(key).limit(BATCH)))
        if not rows:
            return
        yield rows
        last = rows[-1].id
        done += len(rows)
        if done % (50 * BATCH) == 0:
            _log.info("store.indexing", table=table, done=done)

"""What is searched: made of customers and entries, and gone with them."""

from __future__ import annotations

from sqlalchemy import DDL, BigInteger, Column, ForeignKey, Index, Integer, Table, Text, event
from sqlalchemy.dialects.postgresql import TSVECTOR

from bridge.store.schema.base import metadata
from bridge.store.types import Id

# Compared byte for byte on both engines: a range of keys is a beginning of words in any collation.
_Bytes = Text().with_variant(Text(collation="C"), "postgresql")

# The words that a customer is found by: of the name, the external id, each live address.
customer_word = Table(
    "customer_word",
    metadata,
    Column("word", _Bytes, primary_key=True),
    Column("customer_id", Id, ForeignKey("customer.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# By what each of those words is found: parts of it, and itself with a letter missing. No word is here without a customer.
word_key = Table(
    "word_key",
    metadata,
    Column("key", _Bytes, primary_key=True),
    Column("word", _Bytes, primary_key=True),
    sqlite_with_rowid=False,
)

# The terms of an entry's text; emptied by a trigger when the entry is redacted.
entry_words = Table(
    "entry_words",
    metadata,
    # In the order of time (store/words.py says how), so that the newest hits come first off either index.
    Column("no", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("entry_id", Id, ForeignKey("timeline_entry.id"), nullable=False, unique=True),
    Column("words", Text().with_variant(TSVECTOR, "postgresql"), nullable=False),
    Index("ix_entry_words_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
)
# SQLite's index of `entry_words.words`. Its terms are folded already: the ascii tokenizer cuts at the blanks only.
event.listen(
    entry_words,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]
        "CREATE VIRTUAL TABLE entry_terms USING fts5(words, content='entry_words', content_rowid='no',"
        " tokenize='ascii', detail='none', columnsize=0)"
    ).execute_if(dialect="sqlite"),
)
event.listen(
    entry_words,
    "before_drop",
    DDL("DROP TABLE entry_terms").execute_if(dialect="sqlite"),  # type: ignore[no-untyped-call]
)

"""Finding customers by part of a name, a number or an address, with a typing error in a name forgiven.

A customer has words: those of the name, the external id, each live address. A word has keys: each of its endings, so
that a part of a word is the beginning of a key, and itself with any one letter left out, by which two words that are
one letter apart meet. Each is a range of one B-tree on both engines, however common the part is; trigrams would have
to cross the long lists of the common ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, insert, literal, select
from sqlalchemy.sql.selectable import Select

from bridge.domain.terms import Piece, fold
from bridge.store import schema
from bridge.store.prepared import Prepared, PreparedWrite, values_of_columns
from bridge.store.types import Id

_word = schema.customer_word
_key = schema.word_key
_customer = schema.customer
_identity = schema.identity

LONGEST: Final = 64
"""Letters of a word that count."""
LONGEST_KEY: Final = 24
SHORTEST_PART: Final = 2
SHORTEST_NUMBER: Final = 3
SHORTEST_TYPO: Final = 4
"""Letters of a name from which on one of them may be wrong."""
MOST_WORDS: Final = 400
"""Different words that one asked word stands for at most."""
MOST_ASKED: Final = 6
MOST: Final = 200
"""Customers that a search finds at most: more are not read through."""

_RAW_WORD = re.compile(r"\S+")
_PUNCTUATION = "+-()./, \t"
_END = "\U0010ffff"
_WHOLE, _TYPO = "^", "~"

_HAS_WORD = Prepared(select(_word.c.customer_id).where(_word.c.word == bindparam("word")).limit(1))
_HOLDS = Prepared(
    select(_word.c.word).where(
        _word.c.word == bindparam("word"), _word.c.customer_id == bindparam("customer_id", type_=Id)
    )
)
_INSERT_WORD = PreparedWrite(insert(_word).values(values_of_columns(_word, "word", "customer_id")))
_INSERT_KEY = PreparedWrite(insert(_key).values(values_of_columns(_key, "key", "word")))
_KEYS_BETWEEN = Prepared(
    select(_key.c.word)
    .where(_key.c.key >= bindparam("first"), _key.c.key < bindparam("end"))
    .order_by(_key.c.key, _key.c.word)
    .limit(MOST_WORDS)
)


def words_of_customer(name: str, external_id: str | None, addresses: Iterable[str]) -> set[str]:
    """What a customer is found by."""
    said = {*_words(name), *_words(external_id or "")}
    for address in addresses:
        said.update(_words(address))
    return said


def add_words(conn: Connection, leaf_id: str, words: Iterable[str]) -> None:
    """Make a leaf findable by words, also by those that it had before."""
    for word in sorted(words):
        if not _HAS_WORD.rows(conn, word=word):
            for key in sorted(keys_of(word)):
                _INSERT_KEY.run(conn, key=key, word=word)
        elif _HOLDS.rows(conn, word=word, customer_id=leaf_id):
            continue
        _INSERT_WORD.run(conn, word=word, customer_id=leaf_id)


def index(conn: Connection, leaf_id: str) -> None:
    """Make a leaf findable by what its row and its live identities say now, and by nothing else."""
    row = conn.execute(
        select(_customer.c.name, _customer.c.external_id).where(_customer.c.id == leaf_id)
    ).one()
    live = select(_identity.c.address).where(
        _identity.c.customer_id == leaf_id, _identity.c.retired_at.is_(None)
    )
    wanted = words_of_customer(row.name, row.external_id, conn.execute(live).scalars())
    held = set(conn.execute(select(_word.c.word).where(_word.c.customer_id == leaf_id)).scalars())
    for word in held - wanted:
        conn.execute(delete(_word).where(_word.c.word == word, _word.c.customer_id == leaf_id))
        if not _HAS_WORD.rows(conn, word=word):
            conn.execute(delete(_key).where(_key.c.key.in_(keys_of(word)), _key.c.word == word))
    add_words(conn, leaf_id, wanted - held)


def find_customers(conn: Connection, asked: str) -> list[str]:
    """Canonical customers that every asked word is found in, best first: by beginnings, by parts, with a typing error.

    At most MOST. Nothing for a text without letters and digits.
    """
    tokens = asked_words(asked)
    found: dict[str, None] = {}
    if not tokens:
        return []
    meant: list[set[str]] = [set() for _ in tokens]
    for look in (_beginning, _inside, _mistyped):
        known = sum(map(len, meant))
        for token, words in zip(tokens, meant, strict=True):
            words.update(look(conn, token))
        if all(meant) and sum(map(len, meant)) > known:
            found.update(dict.fromkeys(_having_all(conn, meant)))
        if len(found) >= MOST:
            break
    return list(found)[:MOST]


def asked_words(asked: str) -> list[str]:
    """The words to look for; a number in any way of writing is one word."""
    bare = asked.translate(dict.fromkeys(map(ord, _PUNCTUATION)))
    if len(bare) >= SHORTEST_NUMBER and bare.isdecimal():
        return [fold(bare)[:LONGEST]]
    return _words(asked)[:MOST_ASKED]


def mark(text: str, asked: str) -> list[Piece]:
    """A name or an address, with the words in it marked that the asked ones found."""
    tokens = asked_words(asked)
    pieces, at = [], 0
    for match in _RAW_WORD.finditer(text):
        if any(_means(token, word) for word in _words(match[0]) for token in tokens):
            pieces += [Piece(text[at : match.start()], hit=False), Piece(match[0], hit=True)]
            at = match.end()
    pieces.append(Piece(text[at:], hit=False))
    return [piece for piece in pieces if piece.text]


def _means(token: str, word: str) -> bool:
    return token in word or (min(len(token), len(word)) >= SHORTEST_TYPO - 1 and is_near(token, word))


def _words(text: str) -> list[str]:
    """The folded words of a name or an address, each with what stands between its letters."""
    found = []
    for raw in fold(text).split():
        letters = [index for index, letter in enumerate(raw) if letter.isalnum()]
        if letters:
            found.append(raw[letters[0] : letters[-1] + 1][:LONGEST])
    return list(dict.fromkeys(found))


def keys_of(word: str) -> set[str]:
    """What a word is found by."""
    # Of a mail address the host as a whole only: few look for a part of it, and most have the same.
    last = word.find("@") + 1 or max(0, len(word) - SHORTEST_PART)
    keys = {word[start : start + LONGEST_KEY] for start in range(last + 1)}
    keys.add(_WHOLE + word[:LONGEST_KEY])
    if word.isalpha() and len(word) >= SHORTEST_TYPO - 1:
        keys |= {_TYPO + near[:LONGEST_KEY] for near in _one_less(word)}
    return keys


def _one_less(word: str) -> set[str]:
    """The word, and the word with any one letter left out."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _beginning(conn: Connection, token: str) -> list[str]:
    first = _WHOLE + token[:LONGEST_KEY]
    return [word for word in _between(conn, first) if word.startswith(token)]


def _inside(conn: Connection, token: str) -> list[str]:
    return [word for word in _between(conn, token[:LONGEST_KEY]) if token in word]


def _between(conn: Connection, first: str) -> list[str]:
    return [row.word for row in _KEYS_BETWEEN.rows(conn, first=first, end=first + _END)]


def _mistyped(conn: Connection, token: str) -> list[str]:
    if not token.isalpha() or len(token) < SHORTEST_TYPO:
        return []
    keys = [_TYPO + near[:LONGEST_KEY] for near in _one_less(token)]
    rows = conn.execute(
        select(_key.c.word).where(_key.c.key.in_(keys)).order_by(_key.c.word).distinct().limit(MOST_WORDS)
    )
    return [word for word in rows.scalars() if is_near(token, word)]


def is_near(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two exchanged, makes the one word the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    rest, others = one[start:], other[start:]
    if len(rest) == len(others):
        exchanged = rest[:2] == others[1::-1] and rest[2:] == others[2:]
        return rest[1:] == others[1:] or exchanged
    longer, shorter = (rest, others) if len(rest) > len(others) else (others, rest)
    return longer[1:] == shorter


def _having_all(conn: Connection, meant: Sequence[set[str]]) -> Sequence[str]:
    """Canonical customers whose leaves together have one of each set of words, by name. The rarest set leads."""
    sets = [sorted(words) for words in meant]
    if len(sets) > 1:
        sets.sort(key=lambda words: conn.execute(_COUNT, {"words0": words}).scalar_one())
    values = {f"words{number}": words for number, words in enumerate(sets)}
    return conn.execute(_all_of(len(sets)), values).scalars().all()


def _any_of(column: ColumnElement[str], number: int) -> ColumnElement[bool]:
    return column.in_(bindparam(f"words{number}", expanding=True))


@lru_cache(maxsize=MOST_ASKED)
def _all_of(count: int) -> Select[Any]:
    leaf, canonical = _customer.alias("leaf"), _customer.alias("canonical")
    some = (
        select(leaf.c.canonical_id.label("id"))
        .join_from(_word, leaf, leaf.c.id == _word.c.customer_id)
        .where(_any_of(_word.c.word, 0), *(_has(leaf.c.canonical_id, number) for number in range(1, count)))
        .distinct()
        .limit(MOST)
        .subquery("some")
    )
    return (
        select(canonical.c.id)
        .join(some, some.c.id == canonical.c.id)
        .order_by(canonical.c.folded_name, canonical.c.id)
    )


def _has(canonical_id: ColumnElement[str], number: int) -> ColumnElement[bool]:
    leaf, other = _customer.alias(f"leaf{number}"), _word.alias(f"word{number}")
    return exists(
        select(literal(1))
        .join_from(leaf, other, other.c.customer_id == leaf.c.id)
        # An expression has no index: the few words of one customer are looked at, not all customers of a word.
        .where(leaf.c.canonical_id == canonical_id, _any_of(other.c.word + "", number))
    )


_COUNTED: Final = 2_000
"""Customers from which on it does not matter which of two sets is the rarer."""
_COUNT = select(func.count()).select_from(
    select(literal(1)).select_from(_word).where(_any_of(_word.c.word, 0)).limit(_COUNTED).subquery()
)

"""The terms that texts are found by: one function for what is written and for what is asked, so that both engines,
which only store the terms, find the same.

A text is folded (case, apostrophes, accents, ё and ґ), cut into words, and each word gives its terms: of an English
word its stem; of a Cyrillic one the stem by Russian and the stem by Ukrainian rules, for a word by itself does not say
which of the two it is (замовлення has no letter that only one of them has). Two words meet when they share a term.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import msgspec
import snowballstemmer

LONGEST: Final = 40
"""Letters of a word that count."""
MOST_TERMS: Final = 20_000
"""Of one text: PostgreSQL's tsvector holds 1 MiB."""

_APOSTROPHES = "'’ʼ‘`´′ʹ＇"
_ALIKE: dict[int, str | None] = {
    ord("ё"): "е",
    ord("ґ"): "г",
    ord("№"): " ",
    **{ord(mark): None for mark in _APOSTROPHES},
}
_ACCENTS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+|[\u0300\u0301]")
_SHOWN = re.compile(rf"[^\W_](?:[\u0300-\u036f{_APOSTROPHES}]*[^\W_])*[\u0300-\u036f]*")
_WORD = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_LATIN = re.compile(r"[a-z]+")


class Piece(msgspec.Struct, frozen=True):
    """A part of a text, and whether it is what was looked for."""

    text: str
    hit: bool


def fold(text: str) -> str:
    """Without what people write one way or the other: case, apostrophes, accents on Latin letters, stress marks, №."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text.translate(_ALIKE)).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart)).translate(_ALIKE)


def words_of(text: str) -> list[str]:
    """The words of a text, folded, in their order."""
    return [word[:LONGEST] for word in _WORD.findall(fold(text))]


def terms_of(text: str) -> list[str]:
    """What the text is found by, each term once; words of one letter do not count."""
    found: dict[str, None] = {}
    for word in words_of(text):
        if len(word) > 1:
            found.update(dict.fromkeys(stems(word)))
        if len(found) >= MOST_TERMS:
            break
    return list(found)


def wanted_terms(words: str) -> list[tuple[str, ...]]:
    """What is asked for: of each word the terms of which a text must have one."""
    return list(dict.fromkeys(stems(word) for word in words_of(words) if len(word) > 1))


def marked(text: str, words: str, *, around: int = 160) -> list[Piece]:
    """The part of a text around the first word that was asked for, about `around` letters, with the hits in it."""
    wanted = {term for terms in wanted_terms(words) for term in terms}
    hits = [span for span in _spans(text) if wanted.intersection(terms_of(text[slice(*span)]))]
    start = max(0, hits[0][0] - around // 3) if hits else 0
    if start:
        start = text.find(" ", start, hits[0][0]) + 1 or start
    end = min(len(text), start + around)
    pieces, at = [Piece("… ", hit=False)] if start else [], start
    for begin, stop in hits:
        if stop > end:
            break
        pieces += [Piece(text[at:begin], hit=False), Piece(text[begin:stop], hit=True)]
        at = stop
    pieces.append(Piece(text[at:end] + ("…" if end < len(text) else ""), hit=False))
    return [piece for piece in pieces if piece.text]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _SHOWN.finditer(text))


@lru_cache(maxsize=65_536)
def stems(word: str) -> tuple[str, ...]:
    """The terms of one folded word."""
    if _CYRILLIC.search(word):
        return tuple(sorted({_stem("russian", word), _stem_ukrainian(word)}))
    if _LATIN.fullmatch(word):
        return (_stem("english", word),)
    return (word,)


_stemmers: dict[str, Any] = {name: snowballstemmer.stemmer(name) for name in ("english", "russian")}
_stemming = threading.Lock()
"""A stemmer keeps the word that it works on in itself."""


def _stem(language: str, word: str) -> str:
    with _stemming:
        stem: str = _stemmers[language].stemWord(word)
    return stem or word


# The endings of Ukrainian nouns, adjectives and the commonest verbs; the longest that leaves three letters goes.
# Verbs in -ати keep theirs: "оплати" is also the plural of "оплата".
_ENDINGS_IN_WORDS = (
    "ість ості істю остей остям остями остях ами ями ові еві єві ому ьому ого ього ими іми их іх ий ій ім їй ої ьої"
    " ою ею єю ам ям ах ях ів їв ей єм ем ом увати ювати ував ював увала ювала ували ювали ити ила ило или ив"
    " емо ємо имо їмо ете єте ите їте ють уть ять еш єш иш їш ить їть іть ує ює а я о е є и і ї у ю ь й"
)
_ENDINGS: Final = tuple(sorted(_ENDINGS_IN_WORDS.split(), key=len, reverse=True))
_REFLEXIVE: Final = ("ся", "сь")
_SHORTEST_STEM: Final = 3


def _stem_ukrainian(word: str) -> str:
    stem = word
    if stem.endswith(_REFLEXIVE) and len(stem) > _SHORTEST_STEM + 3:
        stem = stem[:-2]
    for ending in _ENDINGS:
        if stem.endswith(ending) and len(stem) - len(ending) >= _SHORTEST_STEM:
            stem = stem[: -len(ending)]
            break
    stem = stem.rstrip("ь") or stem
    if len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2]:
        stem = stem[:-1]
    # The vowel that comes and goes: доставок, доставка.
    if len(stem) > _SHORTEST_STEM + 1 and stem.endswith(("ок", "ек")):
        stem = f"{stem[:-2]}к"
    return stem

"""The one question that tells the people behind a shared number apart, in the words of the agent's language."""

from __future__ import annotations

import msgspec

from bridge.domain.card import Card
from bridge.domain.catalogue import say
from bridge.domain.customer import Candidate, ClueKind


def with_question(card: Card, language: str) -> Card:
    """The card with its question, where its candidates have clues: "An order to Lvivska 5 or to Sumska 12?"."""
    options = [_option(one, language) for one in card.candidates if one.clue is not None]
    clue = next((one.clue for one in card.candidates if one.clue is not None), None)
    if clue is None:
        return card
    either = f" {say('question.or', language)} ".join(options)
    return msgspec.structs.replace(card, question=say(f"question.{clue.kind}", language, options=either))


def _option(candidate: Candidate, language: str) -> str:
    assert candidate.clue is not None
    kind, value = candidate.clue.kind, candidate.clue.value
    said = say(f"disposition.{value}", language) if kind is ClueKind.CALL else value
    return say(f"question.{kind}.option", language, value=said)

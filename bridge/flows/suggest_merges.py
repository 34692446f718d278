"""What is too weak to join two customers becomes a suggestion with its evidence (invariant 6), for a person to decide."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.live import EVERYONE
from bridge.domain.merge import Suggestion, SuggestionReason, SuggestionState
from bridge.domain.signature import find_phones
from bridge.flows.merge_customers import merge_customers
from bridge.store import feed, namesakes, people, profiles, suggestions
from bridge.store.people import Owner

_PHONE: Final = "phone"


def suggest_buyers(connection: Connection, owners: Iterable[Owner], order: str, at: datetime) -> None:
    """The phone and the e-mail of one order belong to two customers."""
    leaves = list(dict.fromkeys(owner.leaf_id for owner in owners))
    for leaf in leaves[1:]:
        evidence = {"source": "shop", "order": order}
        suggestions.suggest(connection, leaves[0], leaf, SuggestionReason.ORDER, evidence=evidence, at=at)


def suggest_signature(
    connection: Connection, writer: Owner, text: str, *, region: str, source_key: str, at: datetime
) -> None:
    """A phone in the signature of `writer`'s mail is somebody else's, as far as we know."""
    suggest_signers(connection, writer, find_phones(text, region), source_key=source_key, at=at)


def suggest_signers(
    connection: Connection, writer: Owner, phones: Iterable[str], *, source_key: str, at: datetime
) -> None:
    """As `suggest_signature`, of the phones that were found (E.164)."""
    for number in phones:
        owner = people.find_owner(connection, _PHONE, number)
        if owner is not None and owner.canonical_id != writer.canonical_id:
            suggestions.suggest(
                connection,
                writer.leaf_id,
                owner.leaf_id,
                SuggestionReason.SIGNATURE,
                evidence={"source": "email", "source_key": source_key, "phone": number},
                at=at,
            )


def suggest_colleagues(connection: Connection, leaf_id: str, at: datetime) -> None:
    """Somebody of the same name is in the same organisation."""
    for other, group in namesakes.in_the_same_group(connection, leaf_id):
        suggestions.suggest(
            connection,
            leaf_id,
            other,
            SuggestionReason.NAME_AND_ORGANISATION,
            evidence={"source": "customers", "organisation": profiles.get_customer(connection, group).name},
            at=at,
        )


def suggest_neighbours(connection: Connection, leaf_id: str, city: str, at: datetime) -> None:
    """Somebody of the same name has orders sent to the same city."""
    for other in namesakes.in_the_same_city(connection, leaf_id, city):
        suggestions.suggest(
            connection,
            leaf_id,
            other,
            SuggestionReason.NAME_AND_CITY,
            evidence={"source": "shop", "city": city},
            at=at,
        )


def accept(
    connection: Connection,
    suggestion_id: str,
    *,
    agent: Agent,
    at: datetime,
    reason: str | None = None,
    survivor: str | None = None,
) -> str:
    """They are one: the merge's id. `survivor` as in `merge_customers`, else whom the older leaf is read as.

    Raises NotFound; Conflict when it is decided already; what `merge_customers` raises.
    """
    low, high = suggestions.ends_of_open(connection, suggestion_id)
    suggested = suggestions.get_suggestion(connection, suggestion_id)
    merge_id = merge_customers(
        connection,
        low,
        high,
        agent=agent,
        reason=reason or suggested.reason,
        survivor=survivor or suggested.customers[0].id,
        evidence={"source": "suggestion", "suggestion": suggestion_id, "said": suggested.evidence},
        at=at,
    )
    _decide(connection, suggestion_id, SuggestionState.ACCEPTED, agent, at, merge_id)
    return merge_id


def decline(connection: Connection, suggestion_id: str, *, agent: Agent, at: datetime) -> Suggestion:
    """They are two, and nobody is asked again. Raises NotFound; Conflict when it is decided already."""
    suggestions.ends_of_open(connection, suggestion_id)
    _decide(connection, suggestion_id, SuggestionState.DECLINED, agent, at)
    return suggestions.get_suggestion(connection, suggestion_id)


def _decide(
    connection: Connection,
    suggestion_id: str,
    state: SuggestionState,
    agent: Agent,
    at: datetime,
    merge_id: str | None = None,
) -> None:
    suggestions.decide(connection, suggestion_id, state, by=agent.id, at=at, merge_id=merge_id)
    said = {"code": "suggestion", "suggestion_id": suggestion_id, "state": state}
    feed.append(connection, "notice", EVERYONE, said, at)

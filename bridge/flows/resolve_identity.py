"""Whose an address is that a channel vouches for: its owner's, else a new customer's (invariant 6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.customer import Identity
from bridge.domain.merge import SuggestionReason
from bridge.store import people, suggestions
from bridge.store.people import NewCustomer, Owner


def resolve_identity(
    connection: Connection,
    sender: Identity,
    name: str,
    *,
    source: str,
    source_key: str,
    at: datetime,
    also: Sequence[Identity] = (),
) -> Owner:
    """`name` is how the sender calls themselves; it names a new customer only. `source` and `source_key` are the evidence.

    What was merely said to be the owner's address until now is shown to be when the channel knows it better. `also` are
    further addresses of the same sender, by the channel's word: an unknown one is whoever is known by one of these.
    """
    evidence = {"source": source, "reason": "message", "source_key": source_key}
    if also and people.find_owner(connection, sender.kind, sender.address, sender.scope) is None:
        known = (people.find_owner(connection, each.kind, each.address, each.scope) for each in also)
        holder = next(filter(None, known), None)
        if holder is not None:
            people.add_identity(connection, holder.leaf_id, sender, evidence=evidence, at=at)
    new = NewCustomer(name=name or sender.address)
    owner = people.resolve_owner(connection, sender, new, evidence=evidence, at=at)
    if sender.strength.outranks(owner.strength):
        people.strengthen(connection, owner.identity_id, sender.strength, evidence=evidence, at=at)
    for each in also:
        prove_address(connection, owner, each, source=source, source_key=source_key, at=at, reason="message")
    return owner


def prove_address(
    connection: Connection,
    owner: Owner,
    address: Identity,
    *,
    source: str,
    source_key: str,
    at: datetime,
    reason: str = "contact",
) -> None:
    """The owner has shown that `address` is theirs as well: it is linked to them, unless somebody else has it.

    Then the two may be one, and a person decides.
    """
    evidence = {"source": source, "reason": reason, "source_key": source_key}
    holder = people.find_owner(connection, address.kind, address.address, address.scope)
    if holder is None:
        people.add_identity(connection, owner.leaf_id, address, evidence=evidence, at=at)
    elif holder.canonical_id != owner.canonical_id:
        suggestions.suggest(
            connection, owner.leaf_id, holder.leaf_id, SuggestionReason.CONTACT, evidence=evidence, at=at
        )
    elif address.strength.outranks(holder.strength):
        people.strengthen(connection, holder.identity_id, address.strength, evidence=evidence, at=at)

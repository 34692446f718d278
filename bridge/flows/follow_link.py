"""A customer comes by a continue-link: the address becomes theirs, with evidence, and what they write or call goes on with
the matter that the link was made from.

Whoever shows the token has got it from us, by an address or a voice that we knew already: a code that came back (invariant
6). An address that somebody else has is a suggestion; the matter is theirs to see once a person has accepted it.
A token that was used, has expired or was guessed changes nothing, and the customer is told so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from bridge.domain.continuing import Fate, seal
from bridge.domain.customer import Identity, Strength
from bridge.domain.matter import Thing
from bridge.domain.merge import SuggestionReason
from bridge.errors import Conflict, NotFound
from bridge.flows.attach_matter import attach, name_matter
from bridge.flows.resolve_identity import give_address
from bridge.settings import Settings
from bridge.store import call_views, continue_links, conversations, matters
from bridge.store.continue_links import MATTER, Link
from bridge.store.leaves import list_leaves
from bridge.store.people import Owner

NOBODY_KNOWN: Final = "nobody-known"


@dataclass(frozen=True, slots=True)
class Ways:
    """`key` seals tokens, `lifetime` is how long they are worth something; `dids` are our numbers in E.164, `language` the
    company's."""

    key: str
    lifetime: timedelta
    dids: Sequence[str]
    language: str


def ways_of(settings: Settings, key: str) -> Ways:
    return Ways(
        key=key,
        lifetime=timedelta(hours=settings.conversations.link_hours),
        dids=tuple(did.number for did in settings.dids),
        language=settings.company.language,
    )


@dataclass(frozen=True, slots=True)
class Came:
    """What a token is worth. `customer_id` and `matter_id`, where it is worth something: whose it is now, and about what."""

    fate: Fate
    link: Link | None = None
    customer_id: str = ""
    matter_id: str = ""

    def shown_by(self, owner: Owner) -> Came:
        """The same, now that it is known whose address has shown it."""
        if self.fate is Fate.USED and self.link is not None and self.link.used_by == owner.identity_id:
            return replace(self, fate=Fate.AGAIN)
        return self


def payload_of(connection: Connection, came: Came, owner: Owner) -> dict[str, Any]:
    """What the entry says: where it goes on from, where that is the sender's own."""
    said: dict[str, Any] = {"fate": came.fate}
    if (
        came.link is not None
        and came.customer_id
        and owner.leaf_id in list_leaves(connection, came.customer_id)
    ):
        said |= {"thing": came.link.thing, "thing_id": came.link.thing_id}
    return said


def look_up(connection: Connection, token: str, ways: Ways, at: datetime) -> Came:
    """What a token, or a code of the telephone, is worth now."""
    link = continue_links.find_newest(connection, seal(token, ways.key))
    if link is None:
        return Came(Fate.UNKNOWN)
    if link.used_at is not None:
        return Came(Fate.USED, link)
    if link.expires_at <= at:
        return Came(Fate.EXPIRED, link)
    try:
        customer_id, matter_id = find_begun(connection, link.thing, link.thing_id, at)
    except (NotFound, Conflict):
        return Came(Fate.UNKNOWN)
    return Came(Fate.GOES_ON, link, customer_id, matter_id)


def find_begun(connection: Connection, thing: str, thing_id: str, at: datetime) -> tuple[str, str]:
    """Whose a call, a conversation or a matter is, as it is filed, and the matter; one is opened where there is none.

    Raises NotFound where there is no such thing, Conflict where nobody is known of it.
    """
    if thing == MATTER:
        matter = matters.get_matter(connection, thing_id)
        return matter.customer_id, matter.id
    customer_id = _place_of(connection, Thing(thing), thing_id)
    if customer_id is None:
        raise Conflict("nobody is known here yet: say first who it is", code=NOBODY_KNOWN)
    attach(connection, Thing(thing), thing_id, customer_id, opens_new=True, at=at)
    link = matters.find_link(connection, Thing(thing), thing_id)
    assert link is not None, "attached"
    return customer_id, link.matter_id


def _place_of(connection: Connection, thing: Thing, thing_id: str) -> str | None:
    if thing is Thing.CALL:
        return call_views.get_summary(connection, thing_id).customer_id
    return conversations.get_customer_of(connection, thing_id)


def bind(connection: Connection, came: Came, address: Identity, *, source_key: str, at: datetime) -> None:
    """The address that showed a token worth something is its owner's, or is suggested to be."""
    if came.fate is not Fate.GOES_ON or came.link is None:
        return
    if Strength.DELIVERED.outranks(address.strength):
        address = msgspec.structs.replace(address, strength=Strength.DELIVERED)
    reason = SuggestionReason.CONTINUE_LINK
    evidence = {"source": address.kind, "reason": reason, "source_key": source_key, "link": came.link.id}
    give_address(connection, came.customer_id, address, reason=reason, evidence=evidence, at=at)


def go_on(
    connection: Connection,
    came: Came,
    thing: Thing,
    thing_id: str,
    *,
    by: str | None,
    customer_id: str | None,
    at: datetime,
) -> None:
    """The link has led to this call or conversation, which is filed under `customer_id`. `by` is the identity that used it,
    None for a caller who withheld the number."""
    if came.fate is not Fate.GOES_ON or came.link is None:
        return
    continue_links.use(connection, came.link.id, by=by, led_to=thing, led_to_id=thing_id, at=at)
    if customer_id in list_leaves(connection, came.customer_id):
        name_matter(connection, came.matter_id, thing, thing_id, at)


def go_on_merged(connection: Connection, customer_id: str, at: datetime) -> None:
    """Two have become one: what a link of the one led the other to goes on with its matter after all."""
    leaves = list_leaves(connection, customer_id)
    for link in continue_links.list_used_by(connection, leaves):
        try:
            owner_id, matter_id = find_begun(connection, link.thing, link.thing_id, at)
            led_to, led_to_id = Thing(link.led_to or ""), link.led_to_id or ""
        except (NotFound, Conflict):
            continue
        if owner_id in leaves and _place_of(connection, led_to, led_to_id) in leaves:
            name_matter(connection, matter_id, led_to, led_to_id, at)

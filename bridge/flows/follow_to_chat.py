"""A customer comes to the site's chat by a continue-link: the visitor is theirs, and the matter goes on there.

Who has the link reads in the chat what they would read after signing in by a code, which is as much worth (`follow_link`):
what this person has written there as somebody known, or the talk that the link was made from; nothing of other channels.
They are not signed in with an e-mail address by that. A visitor whom somebody else is known by reads nothing more.

All of it is one transaction, so that of two browsers with one link one comes in. A link that is worth nothing leaves no trace:
whoever only looks is nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.domain.continuing import Fate
from bridge.domain.customer import Identity, Strength
from bridge.domain.ids import new_id
from bridge.domain.matter import Thing
from bridge.domain.message import InboundMessage
from bridge.flows.follow_link import Came, Ways, bind, look_up
from bridge.flows.receive_message import receive_message
from bridge.flows.sign_in_visitor import BY_LINK
from bridge.store import open_conversations, people, visitors
from bridge.store.arrivals import Arrival
from bridge.store.continue_links import Link
from bridge.store.inboxes import Inbox
from bridge.store.leaves import list_leaves


def follow_to_chat(
    connection: Connection,
    inbox: Inbox,
    visitor_id: str,
    token: str,
    *,
    ways: Ways,
    reopen: timedelta,
    at: datetime,
) -> Fate:
    """What the link is worth to this visitor. The consumers and the feed have to be woken after the commit."""
    came = look_up(connection, token, ways, at)
    link = came.link
    if link is None or link.channel != inbox.channel:
        return Fate.UNKNOWN
    address = Identity(inbox.channel, visitor_id, inbox.key, Strength.PROVEN)
    owner = people.find_owner(connection, address.kind, address.address, address.scope)
    if owner is not None:
        came = came.shown_by(owner)
    if came.fate is not Fate.GOES_ON:
        return came.fate
    key = f"{visitor_id}/{link.id}"
    bind(connection, came, address, source_key=f"{inbox.key}/{key}", at=at)
    _let_read(connection, inbox, visitor_id, came, link, at)
    visitor = visitors.get_visitor(connection, inbox.id, visitor_id)
    message = InboundMessage(
        key=key,
        thread=visitor.thread,
        sender=address,
        name=visitor.name,
        text="",
        at=at,
        link=token,
        proves=Identity("email", visitor.email, strength=Strength.PROVEN) if visitor.email else None,
    )
    arrival = Arrival(new_id(), inbox.id, inbox.key, inbox.channel, key, b"", at)
    receive_message(connection, arrival, message, reopen=reopen, ways=ways)
    return came.fate


def _let_read(
    connection: Connection, inbox: Inbox, visitor_id: str, came: Came, link: Link, at: datetime
) -> None:
    """Who is somebody here already reads what they read before."""
    leaves = list_leaves(connection, came.customer_id)
    owner = people.find_owner(connection, inbox.channel, visitor_id, inbox.key)
    if owner is None or owner.leaf_id not in leaves:
        return
    if visitors.get_visitor(connection, inbox.id, visitor_id).account:
        return
    begun = _talk_of(connection, inbox, link, leaves)
    known = begun and visitors.get_visitor(connection, inbox.id, begun).account
    # The browser of that talk has shown nothing of itself: it comes to read this talk, and no account that is there already.
    account = known or (None if begun else visitors.find_account(connection, inbox, leaves))
    for each in {visitor_id, *([begun] if begun and not known else [])}:
        visitors.add_visitor(
            connection,
            inbox.id,
            each,
            account=account or f"{BY_LINK}{link.id}",
            email="",
            name="",
            at=at,
        )


def _talk_of(connection: Connection, inbox: Inbox, link: Link, leaves: Sequence[str]) -> str | None:
    """The thread here that the link was made from: the id of a visitor, who is this person as well."""
    if link.thing != Thing.CONVERSATION:
        return None
    thread = open_conversations.find_thread(connection, inbox.id, link.thing_id)
    owner = thread and people.find_owner(connection, inbox.channel, thread, inbox.key)
    return thread if owner and owner.leaf_id in leaves else None

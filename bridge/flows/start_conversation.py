"""An agent writes first, or goes on in another channel: to an address of the customer, from an inbox that can send to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.conversation import WayToWrite
from bridge.domain.customer import Customer, Strength
from bridge.domain.entry import Entry
from bridge.domain.matter import Rule, Thing
from bridge.domain.ports import Begins
from bridge.errors import InvalidInput, NotFound
from bridge.flows.send_reply import find_reply, send_reply
from bridge.store import inboxes, matters, open_conversations, people, profiles
from bridge.store.conversations import NewConversation

WORKING = "active"


def list_ways(connection: Connection, customer: Customer, channels: Mapping[str, Begins]) -> list[WayToWrite]:
    """Every address of the customer with every inbox that can write to it first; the best proven addresses come first."""
    order = list(Strength)
    return [
        WayToWrite(channel=inbox.channel, inbox=inbox.key, address=identity.address)
        for identity in sorted(customer.identities, key=lambda each: -order.index(each.strength))
        if identity.kind in channels and channels[identity.kind].thread_with(identity.address) is not None
        for inbox in inboxes.list_inboxes(connection, identity.kind)
        if inbox.state == WORKING and identity.scope in ("", inbox.key)
    ]


def start_conversation(
    connection: Connection,
    customer_id: str,
    agent: Agent,
    way: WayToWrite,
    channels: Mapping[str, Begins],
    *,
    text: str,
    key: str,
    subject: str,
    about: str | None,
    reopen: timedelta,
    at: datetime,
) -> Entry:
    """The message as it stands on the timeline, in the conversation that its thread is in, else in a new one.

    `about` is the conversation that it goes on from: both are in one matter then. Raises NotFound for the customer and for
    `about`; InvalidInput for a way that there is not.
    """
    known = find_reply(connection, agent, key)
    if known is not None:
        return known
    customer = profiles.get_customer(connection, customer_id)
    if way not in list_ways(connection, customer, channels):
        raise InvalidInput("this customer cannot be written to in this way", where="way")
    inbox = inboxes.find_inbox(connection, way.channel, way.inbox)
    scopes = {each.scope for each in customer.identities if each.address == way.address}
    owner = next(
        found for scope in scopes if (found := people.find_owner(connection, way.channel, way.address, scope))
    )
    thread = channels[way.channel].thread_with(way.address)
    if inbox is None or thread is None:
        raise NotFound("no such inbox")
    new = NewConversation(
        channel=way.channel,
        thread_key=thread,
        at=at,
        inbox_id=inbox.id,
        customer_id=owner.leaf_id,
        subject=subject,
    )
    conversation_id = open_conversations.resolve_open(connection, new, reopen=reopen)
    if about is not None:
        _go_on_from(connection, about, conversation_id, agent, at)
    return send_reply(
        connection, conversation_id, agent, text=text, key=key, at=at, identity_id=owner.identity_id
    )


def _go_on_from(connection: Connection, about: str, conversation_id: str, agent: Agent, at: datetime) -> None:
    open_conversations.get_conversation(connection, about)
    held = matters.find_link(connection, Thing.CONVERSATION, about)
    if held is not None and about != conversation_id:
        matters.link(
            connection,
            held.matter_id,
            Thing.CONVERSATION,
            conversation_id,
            rule=Rule.NAMED,
            by=agent.id,
            at=at,
        )

"""An agent writes first, or goes on in another channel: to an address of the customer, from an inbox that can send to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.consent import Purpose
from bridge.domain.conversation import WayToWrite
from bridge.domain.customer import Customer
from bridge.domain.entry import Entry
from bridge.domain.matter import Rule, Thing
from bridge.domain.message import FilledTemplate
from bridge.errors import InvalidInput
from bridge.flows.send_reply import find_reply, send_reply
from bridge.flows.ways_to_write import Media, Reached, list_ways
from bridge.store import matters, open_conversations, people, profiles
from bridge.store.conversations import NewConversation
from bridge.store.people import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstMessage:
    """What is written: as for `send_reply`."""

    text: str
    key: str
    subject: str = ""
    uploads: tuple[str, ...] = ()
    template: FilledTemplate | None = None
    purpose: Purpose = Purpose.SERVICE


def start_conversation(
    connection: Connection,
    customer_id: str,
    agent: Agent,
    way: WayToWrite,
    media: Media,
    message: FirstMessage,
    *,
    about: str | None,
    reopen: timedelta,
    at: datetime,
) -> Entry:
    """The message as it stands on the timeline, in the conversation that its thread is in, else in a new one.

    `about` is the conversation that it goes on from: both are in one matter then. Raises NotFound for the customer and for
    `about`; InvalidInput for a way that there is not; what `send_reply` raises.
    """
    known = find_reply(connection, agent, message.key)
    if known is not None:
        return known
    customer = profiles.get_customer(connection, customer_id)
    reached = _find_way(connection, customer, way, media, at)
    owner = _owner_of(connection, customer, way)
    new = NewConversation(
        channel=way.channel,
        thread_key=reached.thread,
        at=at,
        inbox_id=reached.way.inbox_id,
        customer_id=owner.leaf_id,
        subject=message.subject,
    )
    conversation_id = open_conversations.resolve_open(connection, new, reopen=reopen)
    if about is not None:
        _go_on_from(connection, about, conversation_id, agent, at)
    return send_reply(
        connection,
        conversation_id,
        agent,
        text=message.text,
        key=message.key,
        at=at,
        identity_id=owner.identity_id,
        uploads=message.uploads,
        template=message.template,
        purpose=message.purpose,
        windows=media.windows,
    )


def _find_way(
    connection: Connection, customer: Customer, way: WayToWrite, media: Media, at: datetime
) -> Reached:
    wanted = (way.channel, way.inbox, way.address)
    for each in list_ways(connection, customer, media, at):
        if (each.way.channel, each.way.inbox, each.way.address) == wanted:
            return each
    raise InvalidInput("this customer cannot be written to in this way", where="way")


def _owner_of(connection: Connection, customer: Customer, way: WayToWrite) -> Owner:
    """The leaf that has the address; it is live, as it is among the customer's."""
    scopes = {each.scope for each in customer.identities if each.address == way.address}
    found = (people.find_owner(connection, way.channel, way.address, scope) for scope in scopes)
    return next(owner for owner in found if owner is not None)


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

"""Conversations: the work that they are, what is said in them, answering."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from sqlalchemy import Connection

from bridge.desk.answers import ConversationList, TagList
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.address import canonical_email
from bridge.domain.agent import Agent, Role
from bridge.domain.conversation import (
    ConversationDetail,
    ConversationState,
    ConversationSummary,
)
from bridge.domain.entry import Entry, Page
from bridge.domain.live import AgentTyping
from bridge.domain.texts import storable
from bridge.errors import InvalidInput
from bridge.flows import keep_conversation, send_reply
from bridge.flows.ways_to_write import list_ways
from bridge.store import conversation_views, open_conversations, profiles, timeline

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[^\s,](?:[^,\n]*[^\s,])?$")]
Copies = Annotated[tuple[str, ...], msgspec.Meta(max_length=20)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class WorkQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`show`: those whose customer waits, those that we have answered, those that rest, those that are over, those of forged
    senders. `scope`: mine (and where a note calls me), nobody's, all. `before` is the `next` of the page before.
    """

    show: Literal["waiting", "answered", "snoozed", "resolved", "suspicious"] = "waiting"
    scope: Literal["mine", "unassigned", "all"] = "all"
    channel: str | None = None
    tag: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    before: str | None = None


class EntriesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`before` is the `next` of the page before."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    before: str | None = None


class MessageBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`key` makes a repeated request harmless. `attachments` are ids of uploads (POST /attachments) of who asks.

    Mail only: `cc` get a copy; with `to`, it is forwarded to them alone.
    """

    text: Annotated[str, msgspec.Meta(max_length=20_000)]
    key: Key
    attachments: Annotated[tuple[str, ...], msgspec.Meta(max_length=10)] = ()
    cc: Copies = ()
    to: str | None = None


class AssignBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Null: nobody's."""

    agent_id: str | None


class StateBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`until` is for snoozed: when it is work again."""

    state: ConversationState
    until: Moment | None = None


class TagsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tags: Annotated[tuple[Tag, ...], msgspec.Meta(max_length=20)]


class InternalNoteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whoever stands in `text` as @login is told. `key` makes a repeated request harmless."""

    text: Text
    key: Key | None = None


async def list_work(ask: Ask, query: WorkQuery) -> ConversationList:
    """Conversations as work. Those that wait: by priority, then who waits longest; others: the newest first."""

    def read(connection: Connection) -> ConversationList:
        items, following = conversation_views.list_work(
            connection, agent_id=ask.agent.id, **msgspec.structs.asdict(query)
        )
        return ConversationList(items, following, conversation_views.count(connection, ask.agent.id))

    return await ask.services.db.read(read)


async def list_tags(ask: Ask) -> TagList:
    """All tags that were ever given."""
    return TagList(await ask.services.db.read(conversation_views.list_tags))


async def get_conversation(ask: Ask) -> ConversationDetail:
    """A conversation, its customer, and how else they can be written to."""
    services = ask.services

    def read(connection: Connection) -> ConversationDetail:
        summary = conversation_views.get_summary(connection, ask.path("id"))
        customer = profiles.get_customer(connection, summary.customer_id) if summary.customer_id else None
        ways = list_ways(connection, customer, services.media, services.clock()) if customer else []
        fields = msgspec.structs.asdict(summary)
        return ConversationDetail(**fields, customer=customer, ways=[each.way for each in ways])

    return await services.db.read(read)


async def list_entries(ask: Ask, query: EntriesQuery) -> Page:
    """What was said and noted in it, newest first."""

    def read(connection: Connection) -> Page:
        conversation_views.get_summary(connection, ask.path("id"))
        return timeline.read_conversation(connection, ask.path("id"), limit=query.limit, before=query.before)

    return await ask.services.db.read(read)


async def send_message(ask: Ask, body: MessageBody) -> Entry:
    """Answer in the conversation, or forward a mail. It is accepted then, not sent: its `delivery` says what becomes of it.

    409 for an imported conversation, for one that is over while another goes on with the same person, and where it may not be
    written to them: `type` says why (opted-out, window-closed), `others` where else they are known.
    """
    services = ask.services
    entry = await services.db.write(
        send_reply.send_reply,
        ask.path("id"),
        ask.agent,
        text=storable(body.text.strip()) if body.attachments else worded(body.text),
        key=body.key,
        at=services.clock(),
        uploads=list(dict.fromkeys(body.attachments)),
        windows=services.templates.windows,
        cc=[_address(each, "cc") for each in body.cc],
        to=None if body.to is None else _address(body.to, "to"),
    )
    services.wake_feed()
    return entry


async def tell_typing(ask: Ask) -> None:
    """The agent is writing in the conversation at this moment: a customer in the site's chat sees it for some seconds."""
    conversation = await ask.services.db.read(open_conversations.get_conversation, ask.path("id"))
    ask.services.tell_typing(AgentTyping(conversation.id, ask.agent.name))


async def send_again(ask: Ask) -> Entry:
    """Send a message once more that failed or whose fate is unknown: then the customer may get it twice. 409 for any other."""
    services = ask.services
    entry = await services.db.write(send_reply.send_again, ask.path("id"), ask.agent, services.clock())
    services.wake_feed()
    return entry


async def assign(ask: Ask, body: AssignBody) -> ConversationSummary:
    """Give it to an agent, who is told, or to nobody. 409 when it is over."""
    services = ask.services
    summary = await services.db.write(
        keep_conversation.assign, ask.path("id"), body.agent_id, ask.agent, services.clock()
    )
    services.wake_feed()
    return summary


async def change_state(ask: Ask, body: StateBody) -> ConversationSummary:
    """Let it rest until a time, end it, or open it again. 409 when it was imported, or another one goes on."""
    services = ask.services
    summary = await services.db.write(
        keep_conversation.change_state,
        ask.path("id"),
        body.state,
        until=body.until,
        at=services.clock(),
    )
    services.wake_feed()
    return summary


async def set_tags(ask: Ask, body: TagsBody) -> ConversationSummary:
    """These tags and no others."""
    services = ask.services
    tags = [storable(each) for each in body.tags]
    summary = await services.db.write(keep_conversation.tag, ask.path("id"), tags, services.clock())
    services.wake_feed()
    return summary


async def add_note(ask: Ask, body: InternalNoteBody) -> Entry:
    """Write a note in it that the customer never sees."""
    services = ask.services
    entry = await services.db.write(
        keep_conversation.add_note,
        ask.path("id"),
        ask.agent,
        text=worded(body.text),
        key=body.key,
        at=services.clock(),
    )
    services.wake_feed()
    return entry


async def look(ask: Ask) -> None:
    """I have it before me: what called me there is seen."""
    services = ask.services

    def see(connection: Connection, agent: Agent) -> None:
        conversation_views.get_summary(connection, ask.path("id"))
        keep_conversation.look(connection, ask.path("id"), agent, services.clock())

    await services.db.write(see, ask.agent)
    services.wake_feed()


def worded(text: str) -> str:
    """Raises InvalidInput where nothing is said."""
    worded = storable(text.strip())
    if not worded:
        raise InvalidInput("the message is empty", where="text")
    return worded


def _address(raw: str, where: str) -> str:
    try:
        return canonical_email(raw)
    except InvalidInput as error:
        raise InvalidInput(str(error), where=where) from error


_ONE: Final = f"{API}/conversations/{ID}"
ROUTES: Final = (
    Route("GET", f"{API}/conversations", list_work, Role.AGENT),
    Route("GET", f"{API}/conversations/tags", list_tags, Role.AGENT),
    Route("GET", _ONE, get_conversation, Role.AGENT),
    Route("GET", f"{_ONE}/entries", list_entries, Role.AGENT),
    Route("POST", f"{_ONE}/messages", send_message, Role.AGENT, status=201),
    Route("POST", f"{_ONE}/typing", tell_typing, Role.AGENT),
    Route("POST", f"{_ONE}/notes", add_note, Role.AGENT, status=201),
    Route("POST", f"{_ONE}/assign", assign, Role.AGENT),
    Route("POST", f"{_ONE}/state", change_state, Role.AGENT),
    Route("PUT", f"{_ONE}/tags", set_tags, Role.AGENT),
    Route("POST", f"{_ONE}/seen", look, Role.AGENT, status=204),
    Route("POST", f"{API}/deliveries/{ID}/send", send_again, Role.AGENT),
)

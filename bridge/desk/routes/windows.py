"""Until when may be written freely in a conversation, and the templates that may be sent afterwards."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from sqlalchemy import Connection

from bridge.desk.answers import ConversationWindow, TemplateList
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.consent import Purpose
from bridge.domain.entry import Entry
from bridge.domain.message import FilledTemplate
from bridge.domain.texts import storable
from bridge.domain.times import iso_or_none
from bridge.errors import Conflict
from bridge.flows import may_write, send_reply
from bridge.store import inboxes, open_conversations


class ChosenTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A template's name and language, and the text for each of its blanks."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    language: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
    values: dict[str, Annotated[str, msgspec.Meta(max_length=1000)]] = {}

    def filled(self) -> FilledTemplate:
        values = {blank: storable(text.strip()) for blank, text in self.values.items()}
        return FilledTemplate(name=self.name, language=self.language, values=values)


class TemplateBody(ChosenTemplate, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A template, filled in. `key` makes a repeated request harmless."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


async def get_window(ask: Ask) -> ConversationWindow:
    """Until when may be written freely in the conversation; afterwards a template only."""
    services = ask.services
    windows = services.templates.windows

    def read(connection: Connection) -> ConversationWindow:
        conversation = open_conversations.get_conversation(connection, ask.path("id"))
        ends_at = may_write.window_end(connection, conversation, windows)
        limited = conversation.channel in windows
        is_open = not limited or (ends_at is not None and services.clock() < ends_at)
        return ConversationWindow(
            channel=conversation.channel,
            inbox_id=conversation.inbox_id,
            limited=limited,
            window_ends_at=iso_or_none(ends_at),
            open=is_open,
        )

    return await services.db.read(read)


async def list_templates(ask: Ask) -> TemplateList:
    """What may be sent from an inbox at any time. 404 for one that has no templates, 503 while the provider is away."""
    services = ask.services
    inbox = await services.db.read(inboxes.get_inbox, ask.path("id"))
    return TemplateList(await services.templates.list_templates(inbox.channel, inbox.key))


async def send_template(ask: Ask, body: TemplateBody) -> Entry:
    """Send a template in the conversation. It is accepted then, not sent, as any message.

    409 as for a message, and for advertising to somebody who has not agreed to it; 422 for wrong values.
    """
    services = ask.services
    conversation = await services.db.read(open_conversations.get_conversation, ask.path("id"))
    if conversation.inbox_id is None:
        raise Conflict("this conversation was imported: nothing can be sent from here")
    inbox = await services.db.read(inboxes.get_inbox, conversation.inbox_id)
    filled = body.filled()
    template, text = await services.templates.fill(inbox.channel, inbox.key, filled)
    entry = await services.db.write(
        send_reply.send_reply,
        conversation.id,
        ask.agent,
        text=text,
        key=body.key,
        at=services.clock(),
        template=filled,
        purpose=Purpose.MARKETING if template.marketing else Purpose.SERVICE,
    )
    services.wake_feed()
    return entry


ROUTES: Final = (
    Route("GET", f"{API}/conversations/{ID}/window", get_window, Role.AGENT),
    Route("POST", f"{API}/conversations/{ID}/template", send_template, Role.AGENT, status=201),
    Route("GET", f"{API}/inboxes/{ID}/templates", list_templates, Role.AGENT),
)

"""Writing to a customer first, or going on in another channel."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

import msgspec
from sqlalchemy import Connection

from bridge.desk.answers import WaysList
from bridge.desk.route import API, ID, Ask, Route
from bridge.desk.routes.conversations import Key, worded
from bridge.desk.routes.windows import ChosenTemplate
from bridge.domain.agent import Role
from bridge.domain.consent import Purpose
from bridge.domain.conversation import WayToWrite
from bridge.domain.entry import Entry
from bridge.domain.texts import storable
from bridge.errors import InvalidInput
from bridge.flows.start_conversation import FirstMessage, start_conversation
from bridge.flows.ways_to_write import list_closed, list_ways
from bridge.store import profiles


class NewConversationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`way` is one of the `ways` of the customer; `about` the conversation that it goes on from.

    `attachments` are ids of uploads (POST /attachments) of who asks. With a `template` there is neither text nor file.
    """

    key: Key
    way: WayToWrite
    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    subject: Annotated[str, msgspec.Meta(max_length=200)] = ""
    about: str | None = None
    attachments: Annotated[tuple[str, ...], msgspec.Meta(max_length=10)] = ()
    template: ChosenTemplate | None = None


async def list_ways_to(ask: Ask) -> WaysList:
    """The addresses of a customer that can be written to first, each with the inbox that it goes out from; and why others not."""
    services = ask.services

    def read(connection: Connection) -> WaysList:
        customer = profiles.get_customer(connection, ask.path("id"))
        found = list_ways(connection, customer, services.media, services.clock())
        ways = [each.way for each in found]
        return WaysList(ways, list_closed(connection, ways, services.media))

    return await services.db.read(read)


async def begin(ask: Ask, body: NewConversationBody) -> Entry:
    """Write to a customer first, or go on in another channel. The message is accepted then, not sent.

    409 as for any message: where a way is `templated` it takes a template.
    """
    services = ask.services
    entry = await services.db.write(
        start_conversation,
        ask.path("id"),
        ask.agent,
        body.way,
        services.media,
        await _first_message(ask, body),
        about=body.about,
        reopen=timedelta(hours=services.settings.conversations.reopen_hours),
        at=services.clock(),
    )
    services.wake_feed()
    return entry


async def _first_message(ask: Ask, body: NewConversationBody) -> FirstMessage:
    subject = storable(body.subject.strip())
    if body.template is None:
        text = storable(body.text.strip()) if body.attachments else worded(body.text)
        uploads = tuple(dict.fromkeys(body.attachments))
        return FirstMessage(text=text, key=body.key, subject=subject, uploads=uploads)
    if body.text or body.attachments:
        raise InvalidInput("a template is sent as it is, without text or files", where="template")
    filled = body.template.filled()
    template, text = await ask.services.templates.fill(body.way.channel, body.way.inbox, filled)
    purpose = Purpose.MARKETING if template.marketing else Purpose.SERVICE
    return FirstMessage(text=text, key=body.key, template=filled, purpose=purpose)


ROUTES: Final = (
    Route("GET", f"{API}/customers/{ID}/ways", list_ways_to, Role.AGENT),
    Route("POST", f"{API}/customers/{ID}/conversations", begin, Role.AGENT, status=201),
)

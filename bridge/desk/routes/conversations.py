"""Conversations: answering in them."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.entry import Entry
from bridge.domain.live import AgentTyping
from bridge.domain.texts import storable
from bridge.errors import InvalidInput
from bridge.flows import send_reply
from bridge.store import open_conversations


class MessageBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`key` makes a repeated request harmless. `attachments` are ids of uploads (POST /attachments) of who asks."""

    text: Annotated[str, msgspec.Meta(max_length=20_000)]
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    attachments: Annotated[tuple[str, ...], msgspec.Meta(max_length=10)] = ()


async def send_message(ask: Ask, body: MessageBody) -> Entry:
    """Answer in the conversation. The message is accepted then, not sent: its `delivery` says what becomes of it.

    409 for an imported conversation, for one that is over while another goes on with the same person, and where it may not be
    written to them: `type` says why (opted-out, window-closed), `others` where else they are known.
    """
    text = storable(body.text.strip())
    if not text and not body.attachments:
        raise InvalidInput("the message is empty", where="text")
    services = ask.services
    entry = await services.db.write(
        send_reply.send_reply,
        ask.path("id"),
        ask.agent,
        text=text,
        key=body.key,
        at=services.clock(),
        uploads=list(dict.fromkeys(body.attachments)),
        windows=services.templates.windows,
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


ROUTES: Final = (
    Route("POST", f"{API}/conversations/{ID}/messages", send_message, Role.AGENT, status=201),
    Route("POST", f"{API}/conversations/{ID}/typing", tell_typing, Role.AGENT),
    Route("POST", f"{API}/deliveries/{ID}/send", send_again, Role.AGENT),
)

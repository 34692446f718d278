"""The company's inboxes: admins add, try and pause them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final, Literal

import msgspec

from bridge.desk.answers import Channel, ChannelList, ChannelTest
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.errors import NotFound
from bridge.flows import keep_inbox
from bridge.flows.keep_inbox import Tried
from bridge.secrets import inbox_name
from bridge.settings import desk_url
from bridge.store import inboxes
from bridge.store.inboxes import Inbox

Address = Annotated[str, msgspec.Meta(max_length=200)]


class NewChannelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`token` is what the inbox sends with, "" where it only listens; `address` what customers write to."""

    channel: str
    key: str
    token: Annotated[str, msgspec.Meta(max_length=500)] = ""
    address: Address = ""


class ChannelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change."""

    state: Literal["active", "paused"] | None = None
    address: Address | None = None


class TokenBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the inbox sends with; of a mailbox its password."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=keep_inbox.LONGEST_PASSWORD)]


class TestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`to`: whom to write to, as the provider names them; nothing is written without it."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None


async def list_channels(ask: Ask) -> ChannelList:
    """The inboxes and how they are, and which channels there are."""
    found = await ask.services.db.read(inboxes.list_inboxes)
    return ChannelList([_shown(ask, inbox) for inbox in found], keep_inbox.addable(ask.services.channels))


async def add_channel(ask: Ask, body: NewChannelBody) -> Channel:
    """Add an inbox, which works at once. The answer has what its provider signs with. 409 where it is there."""
    services = ask.services
    keep_inbox.check_inbox(body.channel, body.key, body.token, keep_inbox.addable(services.channels))
    inbox = await services.db.write(
        keep_inbox.add_inbox,
        body.channel,
        body.key,
        ask.agent,
        address=body.address,
        at=services.clock(),
    )
    name = inbox_name(body.channel, body.key)
    secrets = await asyncio.to_thread(services.inboxes.add, name, body.token)
    return msgspec.structs.replace(_shown(ask, inbox), hook_secret=secrets.hook_secret)


async def set_token(ask: Ask, body: TokenBody) -> Channel:
    """Keep what an inbox sends with, or a mailbox's password, from now on. Nobody is ever given it back."""
    services = ask.services
    inbox = await services.db.read(inboxes.get_inbox, ask.path("id"))
    if inbox.channel == keep_inbox.EMAIL:
        keep_inbox.check_password(body.token)
    else:
        keep_inbox.check_token(body.token)
    await asyncio.to_thread(services.inboxes.add, inbox_name(inbox.channel, inbox.key), body.token)
    await services.db.write(keep_inbox.record_token, inbox.id, ask.agent, services.clock())
    return _shown(ask, inbox)


async def change_channel(ask: Ask, body: ChannelBody) -> Channel:
    """Pause or resume an inbox, or say what customers write to. A paused one sends nothing; what arrives is read."""
    services = ask.services
    inbox = await services.db.write(
        keep_inbox.change_inbox,
        ask.path("id"),
        ask.agent,
        state=body.state,
        address=body.address,
        at=services.clock(),
    )
    return _shown(ask, inbox)


async def try_channel(ask: Ask, body: TestBody) -> ChannelTest:
    """Ask the provider who we are, and write a message where one is asked for."""
    services = ask.services
    inbox = await services.db.read(inboxes.get_inbox, ask.path("id"))
    if inbox.channel not in services.channels:
        raise NotFound("no such channel")
    token = services.inboxes.tokens.get(inbox_name(inbox.channel, inbox.key), "")
    tried = Tried(inbox, token, body.to, ask.agent.language)
    reason = await keep_inbox.try_inbox(services.db, services.channels, tried, services.clock())
    inbox = await services.db.read(inboxes.get_inbox, inbox.id)
    return ChannelTest(works=reason is None, reason=reason, address=inbox.address)


def _shown(ask: Ask, inbox: Inbox) -> Channel:
    name = inbox_name(inbox.channel, inbox.key)
    secrets = ask.services.inboxes.get(name)
    # A mailbox is listened to; nobody tells of its mail.
    has_hook = secrets is not None and inbox.channel != keep_inbox.EMAIL
    return Channel(
        id=inbox.id,
        channel=inbox.channel,
        key=inbox.key,
        address=inbox.address,
        state=inbox.state,
        last_error=inbox.last_error,
        hook=f"{desk_url(ask.services.settings)}/hooks/{name}" if has_hook else None,
        has_token=secrets is not None and secrets.token != "",
    )


ROUTES: Final = (
    Route("GET", f"{API}/channels", list_channels, Role.ADMIN),
    Route("POST", f"{API}/channels", add_channel, Role.ADMIN, status=201),
    Route("PATCH", f"{API}/channels/{ID}", change_channel, Role.ADMIN),
    Route("PUT", f"{API}/channels/{ID}/token", set_token, Role.ADMIN),
    Route("POST", f"{API}/channels/{ID}/test", try_channel, Role.ADMIN),
)

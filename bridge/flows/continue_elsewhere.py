"""An agent offers the customer to go on in another channel: a link, or a number and a code, with the text that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.catalogue import say
from bridge.domain.continuing import PHONE, ContinueLink, new_code, new_token, seal
from bridge.domain.matter import Thing
from bridge.domain.ports import Channel, Continues
from bridge.domain.times import iso
from bridge.errors import Conflict
from bridge.flows.attach_matter import RECENT, tell
from bridge.flows.follow_link import Ways, find_begun
from bridge.flows.know_caller import know_caller
from bridge.store import call_views, continue_links, inboxes, matters, profiles
from bridge.store.continue_links import MATTER
from bridge.store.inboxes import ACTIVE, Inbox
from bridge.store.leaves import list_leaves

PAUSE: Final = ",,"
"""In a tel: URI: the phone waits twice two seconds before it presses the code, so that the call is answered."""


SEVERAL_PEOPLE: Final = "several-people"


@dataclass(frozen=True, slots=True)
class Begun:
    """What a link is made from: a call, a conversation or a matter, and the language of whose it is."""

    thing: str
    thing_id: str
    language: str


def offer(
    connection: Connection,
    thing: str,
    thing_id: str,
    *,
    channel: str,
    agent: Agent,
    ways: Ways,
    channels: Mapping[str, Channel],
    at: datetime,
) -> ContinueLink:
    """A link of one call, conversation or matter, which is put into a matter if it is in none. A caller whom nobody knows is
    a customer from now on, as one who was answered.

    Raises NotFound; Conflict where nobody is known, or several people may be meant, and where the channel has no inbox that
    can be reached so.
    """
    if thing == Thing.CALL:
        know_caller(connection, thing_id, at)
    customer_id, _ = find_begun(connection, thing, thing_id, at)
    profile = profiles.find_profile(connection, customer_id)
    if profile is None or profile.candidates:
        raise Conflict("several people share this address: say first who it is", code=SEVERAL_PEOPLE)
    begun = Begun(thing, thing_id, profile.customer.language or ways.language)
    expires_at = at + ways.lifetime
    if channel == PHONE:
        token = _unused_code(connection, ways.key, at)
        link = _by_phone(connection, begun, token, ways)
    else:
        token = new_token()
        link = _in_writing(connection, begun, channel, token, _way(channels, channel))
    continue_links.add(
        connection,
        seal(token, ways.key),
        channel=channel,
        thing=thing,
        thing_id=thing_id,
        made_by=agent.id,
        at=at,
        expires_at=expires_at,
    )
    return msgspec.structs.replace(link, expires_at=iso(expires_at))


def offer_to(
    connection: Connection,
    customer_id: str,
    *,
    channel: str,
    agent: Agent,
    ways: Ways,
    channels: Mapping[str, Channel],
    at: datetime,
) -> ContinueLink:
    """A link to somebody with whom nothing goes on at this moment: about their only open matter, else a new one. As `offer`."""
    customer = profiles.get_customer(connection, customer_id)
    found = matters.find_only_open(connection, list_leaves(connection, customer.id), at - RECENT)
    matter_id = found or matters.make(connection, customer.id, title="", by=agent.id, at=at)
    tell(connection, customer.id, at)
    return offer(
        connection, MATTER, matter_id, channel=channel, agent=agent, ways=ways, channels=channels, at=at
    )


def list_ways(connection: Connection, ways: Ways, channels: Mapping[str, Channel]) -> list[str]:
    """The channels that can be offered."""
    reached = [
        name
        for name, channel in channels.items()
        if isinstance(channel, Continues) and _find_inbox(connection, name) is not None
    ]
    return [*reached, *([PHONE] if ways.dids else [])]


def _by_phone(connection: Connection, begun: Begun, code: str, ways: Ways) -> ContinueLink:
    """At the number that was dialled, where it is about a call."""
    if not ways.dids:
        raise Conflict("there is no number to call: see [[dids]] in the settings")
    number = ways.dids[0]
    if begun.thing == Thing.CALL:
        dialled = call_views.get_summary(connection, begun.thing_id).dialled
        number = dialled if dialled in ways.dids else number
    url = f"tel:{number}{PAUSE}{code}%23"
    text = say("continue.phone", begun.language, number=number, code=code, url=url)
    return ContinueLink(channel=PHONE, url=url, text=text, number=number, code=code)


def _in_writing(
    connection: Connection, begun: Begun, channel: str, token: str, way: Continues | None
) -> ContinueLink:
    inbox = _find_inbox(connection, channel)
    if way is None or inbox is None:
        raise Conflict(f"no {channel} inbox is set up with an address that customers can write to")
    url = way.invite(inbox.address, token, say("continue.begin", begun.language))
    return ContinueLink(channel=channel, url=url, text=say(f"continue.{channel}", begun.language, url=url))


def _way(channels: Mapping[str, Channel], name: str) -> Continues | None:
    channel = channels.get(name)
    if channel is None:
        return None
    return channel if isinstance(channel, Continues) else None


def _find_inbox(connection: Connection, channel: str) -> Inbox | None:
    usable = (
        each for each in inboxes.list_inboxes(connection, channel) if each.state == ACTIVE and each.address
    )
    return next(usable, None)


def _unused_code(connection: Connection, key: str, at: datetime) -> str:
    """There are a million, and a few at a time are worth something."""
    while continue_links.is_live(connection, seal(code := new_code(), key), at):
        pass
    return code

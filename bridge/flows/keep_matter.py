"""What a person does to a matter: open it, name it, say whose move it is, put things in and take them out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.matter import Matter, MatterState, Rule, Thing
from bridge.errors import InvalidInput, NotFound
from bridge.flows.attach_matter import tell
from bridge.store import call_views, conversations, matters, orders, profiles


def open_matter(
    connection: Connection, customer_id: str, *, agent: Agent, at: datetime, title: str
) -> Matter:
    """Raises NotFound, InvalidInput for a title of blanks."""
    _check_title(title)
    customer = profiles.get_customer(connection, customer_id)
    matter_id = matters.make(connection, customer.id, title=title, by=agent.id, at=at)
    return _told(connection, matter_id, at)


def change_matter(
    connection: Connection, matter_id: str, *, at: datetime, title: str | None, state: MatterState | None
) -> Matter:
    """Raises NotFound, InvalidInput for a title of blanks, or when nothing is to change."""
    matters.get_matter(connection, matter_id)
    if title is None and state is None:
        raise InvalidInput("give a title, a state or both", where="body")
    if title is not None:
        _check_title(title)
    matters.change(connection, matter_id, title=title, state=state, at=at)
    matters.touch(connection, matter_id, at)
    return _told(connection, matter_id, at)


def add_link(
    connection: Connection, matter_id: str, *, agent: Agent, at: datetime, thing: Thing, thing_id: str
) -> Matter:
    """Raises NotFound, InvalidInput for a thing of another customer."""
    matter = matters.get_matter(connection, matter_id)
    leaves = profiles.get_customer(connection, matter.customer_id).leaves
    if _owner_of(connection, thing, thing_id) not in leaves:
        raise InvalidInput(f"this {thing} is not of the matter's customer", where="thing_id")
    matters.link(connection, matter_id, thing, thing_id, rule=Rule.HAND, by=agent.id, at=at)
    return _told(connection, matter_id, at)


def remove_link(connection: Connection, matter_id: str, *, at: datetime, link_id: str) -> Matter:
    """Raises NotFound for a link that is not in this matter."""
    matter = matters.get_matter(connection, matter_id)
    if link_id not in {link.id for link in matter.links}:
        raise NotFound("no such link in this matter")
    matters.unlink(connection, link_id, at)
    return _told(connection, matter_id, at)


def _owner_of(connection: Connection, thing: Thing, thing_id: str) -> str | None:
    """Raises NotFound."""
    match thing:
        case Thing.CALL:
            return call_views.get_summary(connection, thing_id).customer_id
        case Thing.CONVERSATION:
            return conversations.get_customer_of(connection, thing_id)
        case Thing.ORDER | Thing.PROMISE:
            return orders.get_customer_of(connection, thing_id)


def _check_title(title: str) -> None:
    if not title:
        raise InvalidInput("the title is empty", where="title")


def _told(connection: Connection, matter_id: str, at: datetime) -> Matter:
    matter = matters.get_matter(connection, matter_id)
    tell(connection, matter.customer_id, at)
    return matter

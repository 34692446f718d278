"""Matters: what customers want settled, what belongs to each, and what we promised."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from sqlalchemy import Connection

from bridge.desk.answers import MatterList
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.matter import Matter, MatterState, Promise, PromiseState, Thing
from bridge.domain.times import parse_iso
from bridge.errors import InvalidInput
from bridge.flows import keep_matter
from bridge.flows.make_promise import finish_promise, make_promise
from bridge.store import matters, profiles

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class NewMatterBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: Title


class MatterBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change."""

    title: Title | None = None
    state: MatterState | None = None


class LinkBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A promise is put into its matter when it is made."""

    thing: Literal["call", "conversation", "order"]
    thing_id: str


class PromiseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`due_at` ISO 8601. A promise made in a call belongs to the call's matter where no other is named."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    due_at: str | None = None
    matter_id: str | None = None
    call_id: str | None = None


class PromiseStateBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: Literal["kept", "dropped"]


async def list_matters(ask: Ask) -> MatterList:
    """A customer's matters, those that are not settled first."""
    return MatterList(await ask.services.db.read(_list, ask.path("id")))


async def get_matter(ask: Ask) -> Matter:
    """A matter with all that belongs to it."""
    return await ask.services.db.read(matters.get_matter, ask.path("id"))


async def open_matter(ask: Ask, body: NewMatterBody) -> Matter:
    """Open a matter by hand."""
    return await _write(ask, keep_matter.open_matter, agent=ask.agent, title=body.title.strip())


async def change_matter(ask: Ask, body: MatterBody) -> Matter:
    """Name a matter, say whose move it is, settle it or open it again."""
    title = None if body.title is None else body.title.strip()
    return await _write(ask, keep_matter.change_matter, title=title, state=body.state)


async def add_link(ask: Ask, body: LinkBody) -> Matter:
    """Put a call, a conversation or an order of the same customer into the matter; it leaves the one it was in."""
    thing = Thing(body.thing)
    return await _write(ask, keep_matter.add_link, agent=ask.agent, thing=thing, thing_id=body.thing_id)


async def remove_link(ask: Ask) -> Matter:
    """Take a thing out of the matter."""
    return await _write(ask, keep_matter.remove_link, link_id=ask.path("link"))


async def promise(ask: Ask, body: PromiseBody) -> Promise:
    """Promise a customer something."""
    if not body.text.strip():
        raise InvalidInput("the promise is empty", where="text")
    services = ask.services
    made = await services.db.write(
        make_promise,
        ask.path("id"),
        ask.agent,
        text=body.text.strip(),
        due_at=_time(body.due_at),
        matter_id=body.matter_id,
        call_id=body.call_id,
        at=services.clock(),
    )
    services.wake_feed()
    return made


async def end_promise(ask: Ask, body: PromiseStateBody) -> Promise:
    """A promise is kept, or dropped. 409 when it ended the other way."""
    services = ask.services
    state = PromiseState(body.state)
    ended = await services.db.write(
        finish_promise, ask.path("id"), ask.agent, state=state, at=services.clock()
    )
    services.wake_feed()
    return ended


async def _write(ask: Ask, flow: Callable[..., Matter], **given: object) -> Matter:
    services = ask.services
    matter = await services.db.write(flow, ask.path("id"), at=services.clock(), **given)
    services.wake_feed()
    return matter


def _list(connection: Connection, customer_id: str) -> list[Matter]:
    return matters.list_matters(connection, profiles.get_customer(connection, customer_id).leaves, limit=100)


def _time(text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_iso(text)
    except ValueError as error:
        raise InvalidInput(str(error), where="due_at") from error


ROUTES: Final = (
    Route("GET", f"{API}/customers/{ID}/matters", list_matters, Role.AGENT),
    Route("POST", f"{API}/customers/{ID}/matters", open_matter, Role.AGENT, status=201),
    Route("POST", f"{API}/customers/{ID}/promises", promise, Role.AGENT, status=201),
    Route("GET", f"{API}/matters/{ID}", get_matter, Role.AGENT),
    Route("PATCH", f"{API}/matters/{ID}", change_matter, Role.AGENT),
    Route("POST", f"{API}/matters/{ID}/links", add_link, Role.AGENT, status=201),
    Route("DELETE", f"{API}/matters/{ID}/links/{{link:[0-9a-f-]{{36}}}}", remove_link, Role.AGENT),
    Route("POST", f"{API}/promises/{ID}", end_promise, Role.AGENT),
)

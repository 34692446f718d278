"""Calls: lists, details, the card; the agent's draft and wrap-up."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from sqlalchemy import Connection

from bridge.desk.answers import CallList, WrapUpAnswer
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import DISPOSITIONS, Agent, Role
from bridge.domain.call import CallDetail, CallSummary, NoteDraft
from bridge.domain.card import Card
from bridge.domain.entry import Entry
from bridge.domain.question import with_question
from bridge.errors import Forbidden, InvalidInput
from bridge.flows import write_note
from bridge.flows.wrap_up import wrap_up
from bridge.store import call_views, notes, wrap_ups
from bridge.store.card import read_card


class CallsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`before` is the `next` of the page before."""

    state: Literal["open", "ended"] | None = None
    customer_id: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    before: str | None = None


class DraftBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rev` is the writer's own counter: each save has a higher one than the last."""

    text: Annotated[str, msgspec.Meta(max_length=20_000)]
    rev: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class WrapUpBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    disposition: str


async def list_calls(ask: Ask, query: CallsQuery) -> CallList:
    """Calls, newest first."""
    items, following = await ask.services.db.read(
        call_views.list_calls,
        limit=query.limit,
        before=query.before,
        state=query.state,
        customer_id=query.customer_id,
    )
    return CallList(items, following)


async def get_call(ask: Ask) -> CallDetail:
    """A call with its stages and their times, its legs and recordings."""
    return await ask.services.db.read(call_views.get_detail, await ask.call_id())


async def get_card(ask: Ask) -> Card:
    """The card of a call's customer, for agents who were rung by it and for supervisors."""
    card = await ask.services.db.read(_card, await ask.call_id(), ask.agent)
    return with_question(card, ask.agent.language)


async def get_draft(ask: Ask) -> NoteDraft:
    """My draft of the note on a call."""
    return await ask.services.db.read(_draft, await ask.call_id(), ask.agent)


async def save_draft(ask: Ask, body: DraftBody) -> NoteDraft:
    """Save my draft. 409 when a newer revision is stored."""
    services = ask.services
    return await services.db.write(_save_draft, await ask.call_id(), ask.agent, body, services.clock())


async def finish(ask: Ask, body: WrapUpBody) -> WrapUpAnswer:
    """Finish my wrap-up: the draft becomes one entry. Repeating it changes nothing."""
    if body.disposition not in DISPOSITIONS:
        raise InvalidInput(f"one of {', '.join(DISPOSITIONS)}", where="disposition")
    services, call_id = ask.services, await ask.call_id()
    entry = await services.db.write(_wrap_up, call_id, ask.agent, body.disposition, services.clock())
    services.wake_feed()
    services.telephony.end_wrap_up(ask.agent, call_id)
    return WrapUpAnswer(entry)


def check_on_call(connection: Connection, call_id: str, agent: Agent) -> None:
    """Raises NotFound for no such call, Forbidden for one that never rang at this agent's phone."""
    call_views.get_summary(connection, call_id)
    if agent.extension is None or not wrap_ups.was_on_call(connection, call_id, agent.extension):
        raise Forbidden("this call was not yours")


def _card(connection: Connection, call_id: str, agent: Agent) -> Card:
    if not agent.role.includes(Role.SUPERVISOR):
        check_on_call(connection, call_id, agent)
    return read_card_for(connection, call_id, agent)


def read_card_for(connection: Connection, call_id: str, agent: Agent) -> Card:
    """The card of a call as this agent sees it. Raises NotFound."""
    call = call_views.get_summary(connection, call_id)
    number = call.dialled if call.direction == "outbound" else call.caller
    return read_card(
        connection,
        call_id=call_id,
        caller=call.caller,
        dialled=call.dialled,
        customer_id=call.customer_id,
        number=number,
        queue=call.queue,
        colleague=_other_end(call, agent) if call.direction == "internal" else None,
        notes_for=agent.id,
    )


def _other_end(call: CallSummary, agent: Agent) -> str:
    return call.dialled if call.caller == agent.extension else call.caller


def _draft(connection: Connection, call_id: str, agent: Agent) -> NoteDraft:
    check_on_call(connection, call_id, agent)
    return notes.find_draft(connection, call_id, agent.id) or NoteDraft(call_id=call_id, text="", rev=0)


def _save_draft(
    connection: Connection, call_id: str, agent: Agent, body: DraftBody, at: datetime
) -> NoteDraft:
    check_on_call(connection, call_id, agent)
    return write_note.save_draft(connection, call_id, agent, text=body.text, rev=body.rev, at=at)


def _wrap_up(
    connection: Connection, call_id: str, agent: Agent, disposition: str, at: datetime
) -> Entry | None:
    check_on_call(connection, call_id, agent)
    return wrap_up(connection, call_id, agent, disposition=disposition, at=at)


ROUTES: Final = (
    Route("GET", f"{API}/calls", list_calls, Role.AGENT),
    Route("GET", f"{API}/calls/{ID}", get_call, Role.AGENT),
    Route("GET", f"{API}/calls/{ID}/card", get_card, Role.AGENT),
    Route("GET", f"{API}/calls/{ID}/note", get_draft, Role.AGENT),
    Route("PUT", f"{API}/calls/{ID}/note", save_draft, Role.AGENT),
    Route("POST", f"{API}/calls/{ID}/wrap_up", finish, Role.AGENT),
)

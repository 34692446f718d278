"""The card of a ringing leg without a login, for who shows its token: what Call-Info leads to. It is read only.

A token that was guessed, one whose leg is gone and one of another company get the same answer.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web
from sqlalchemy import Connection

from bridge.desk import static
from bridge.desk.route import API, Ask, Route
from bridge.desk.routes.calls import read_card_for
from bridge.domain.card import Card
from bridge.errors import NotFound
from bridge.flows.pop_tokens import PopTicket
from bridge.store import agents


async def get_page(ask: Ask) -> web.StreamResponse:
    """The card as a page."""
    await _get_ticket(ask)
    return static.page(ask.services.web)


async def get_card(ask: Ask) -> Card:
    """The card of the call that rings at, or was answered by, the phone that was given this token."""
    ticket = await _get_ticket(ask)
    # A phone opens it within milliseconds of the ring, when the call may not be in the database yet.
    await ask.services.telephony.settle(ticket.call_id)
    return await ask.services.db.read(_card, ticket)


async def _get_ticket(ask: Ask) -> PopTicket:
    ticket = await ask.services.telephony.find_ticket(ask.path("token"))
    if ticket is None:
        raise NotFound("this call is over, or never was")
    return ticket


def _card(connection: Connection, ticket: PopTicket) -> Card:
    agent = agents.find_at_extension(connection, ticket.extension)
    if agent is None:
        raise NotFound("this call is over, or never was")
    return read_card_for(connection, ticket.call_id, agent)


ROUTES: Final = (  # any word is taken for a token, so that all wrong ones are answered alike
    Route("GET", "/pop/{token}", get_page, least=None, media="text/html"),
    Route("GET", f"{API}/pop/{{token}}", get_card, least=None),
)

"""Canned answers: read by all, filled for a conversation; kept by admins."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bridge.desk.answers import CannedAnswerList
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain import canned
from bridge.domain.agent import Role
from bridge.domain.canned import CannedAnswer
from bridge.domain.texts import storable
from bridge.flows.fill_answers import list_filled
from bridge.store import canned_answers


class CannedAnswerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`text` with variables in braces, such as {customer.name}."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"\S")]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=10_000, pattern=r"\S")]


async def list_answers(ask: Ask) -> CannedAnswerList:
    """All of them, by title."""
    return CannedAnswerList(await ask.services.db.read(canned_answers.list_answers))


async def list_filled_answers(ask: Ask) -> CannedAnswerList:
    """All of them, each with what it says in this conversation."""
    company = ask.services.settings.company.name
    return CannedAnswerList(await ask.services.db.read(list_filled, ask.path("id"), ask.agent, company))


async def add_answer(ask: Ask, body: CannedAnswerBody) -> CannedAnswer:
    """409 where another one has this title, 422 for a variable that there is not."""
    canned.check(body.text)
    services = ask.services
    title, text = storable(body.title.strip()), storable(body.text.strip())
    return await services.db.write(
        canned_answers.add_answer, title, text, by=ask.agent.id, at=services.clock()
    )


async def change_answer(ask: Ask, body: CannedAnswerBody) -> CannedAnswer:
    """As when it is added."""
    canned.check(body.text)
    services = ask.services
    title, text = storable(body.title.strip()), storable(body.text.strip())
    return await services.db.write(
        canned_answers.change_answer, ask.path("id"), title, text, by=ask.agent.id, at=services.clock()
    )


async def drop_answer(ask: Ask) -> None:
    """Take it away."""
    await ask.services.db.write(canned_answers.drop_answer, ask.path("id"))


ROUTES: Final = (
    Route("GET", f"{API}/canned_answers", list_answers, Role.AGENT),
    Route("GET", f"{API}/conversations/{ID}/canned_answers", list_filled_answers, Role.AGENT),
    Route("POST", f"{API}/canned_answers", add_answer, Role.ADMIN, status=201),
    Route("PUT", f"{API}/canned_answers/{ID}", change_answer, Role.ADMIN),
    Route("DELETE", f"{API}/canned_answers/{ID}", drop_answer, Role.ADMIN, status=204),
)

"""Login, logout, and who I am with what I have left to do."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from sqlalchemy import Connection

from bridge.desk.answers import CompanyView, LoginAnswer, Me, UnfinishedCall
from bridge.desk.guard import COOKIE, address_of
from bridge.desk.problems import NotLoggedIn
from bridge.desk.route import API, Ask, Route
from bridge.desk.sessions import LONGEST
from bridge.domain.agent import Role
from bridge.store import call_views, notes, wrap_ups


class LoginBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    login: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


async def log_in(ask: Ask, body: LoginBody) -> LoginAnswer:
    """Log in: a cookie for a browser, a token for a program."""
    token, session = await ask.services.sessions.log_in(body.login, body.password, address_of(ask.request))
    _set_cookie(ask, token, int(LONGEST.total_seconds()))
    return LoginAnswer(token, session.csrf, session.agent)


async def log_out(ask: Ask) -> None:
    """End this session; its open desks are closed."""
    if ask.session is not None:
        await ask.services.sessions.log_out(ask.session.id)
        await ask.services.hub.close_session(ask.session.id)
    _set_cookie(ask, "", 0)


async def get_me(ask: Ask) -> Me:
    """Who I am, the company, and the calls whose wrap-up I still have to do."""
    if ask.session is None:
        raise NotLoggedIn("log in first")
    agent, company = ask.session.agent, ask.services.settings.company
    unfinished = await ask.services.db.read(_list_unfinished, agent.id)
    return Me(
        agent, ask.session.csrf, CompanyView(company.name, company.region, company.language), unfinished
    )


def _list_unfinished(connection: Connection, agent_id: str) -> list[UnfinishedCall]:
    return [
        UnfinishedCall(
            **msgspec.structs.asdict(call_views.get_summary(connection, call_id)),
            draft=notes.find_draft(connection, call_id, agent_id),
        )
        for call_id in wrap_ups.list_open(connection, agent_id)
    ]


def _set_cookie(ask: Ask, token: str, max_age: int) -> None:
    """Not for scripts, not for other sites (RFC 6265bis)."""
    secure = "; Secure" if ask.request.secure else ""
    ask.headers.add(
        "Set-Cookie", f"{COOKIE}={token}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}"
    )


ROUTES: Final = (
    Route("POST", f"{API}/login", log_in, least=None),
    Route("POST", f"{API}/logout", log_out, Role.AGENT, status=204),
    Route("GET", f"{API}/me", get_me, Role.AGENT),
)

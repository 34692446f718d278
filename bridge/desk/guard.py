"""Who may ask what: the session or phone key of a request, its role, and the proof that our own page sent it."""

from __future__ import annotations

import base64
import hmac
from typing import Final

from aiohttp import web
from yarl import URL

from bridge.desk.problems import NotLoggedIn
from bridge.desk.route import Ask, Route
from bridge.desk.services import Services
from bridge.desk.sessions import DeskSession
from bridge.errors import Forbidden

COOKIE: Final = "omniline_session"
CSRF_HEADER: Final = "X-CSRF-Token"


async def admit(services: Services, route: Route, request: web.Request) -> Ask:
    """Raises NotLoggedIn, Forbidden or RateLimited."""
    if route.unsafe or route.upgrade:
        _check_origin(request)
    if route.least is None:
        return Ask(services, request, None)
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if route.phone_key and scheme.lower() == "basic":
        return await _admit_phone(services, request, credentials.strip())
    session, by_cookie = await _find_session(services, route, request, scheme, credentials.strip())
    if not session.agent.role.includes(route.least):
        raise Forbidden(f"this takes the role {route.least}")
    if by_cookie and route.unsafe:
        _check_csrf(request, session)
    return Ask(services, request, session)


def address_of(request: web.Request) -> str:
    return request.remote or ""


async def _find_session(
    services: Services, route: Route, request: web.Request, scheme: str, credentials: str
) -> tuple[DeskSession, bool]:
    """The session, and whether the browser sent it by itself (then a foreign page could have made it do so)."""
    if scheme.lower() == "bearer":
        return await services.sessions.get(credentials), False
    token = request.cookies.get(COOKIE)
    if token is None:
        # Many a phone sends its key only to who asks for it.
        raise NotLoggedIn("log in first", ("Bearer", "Basic") if route.phone_key else ("Bearer",))
    return await services.sessions.get(token), True


async def _admit_phone(services: Services, request: web.Request, credentials: str) -> Ask:
    try:
        sip_user, _, phone_key = base64.b64decode(credentials).decode().partition(":")
    except ValueError as error:
        raise NotLoggedIn("not HTTP Basic credentials (RFC 7617)", ("Basic",)) from error
    owner = await services.sessions.get_phone_owner(sip_user, phone_key, address_of(request))
    return Ask(services, request, None, phone_owner=owner)


def _check_origin(request: web.Request) -> None:
    """A browser names the page that asks; it has to be one of ours (OWASP, CSRF prevention: verify origin)."""
    origin = request.headers.get("Origin")
    if origin is None:
        return
    try:
        host = URL(origin).authority
    except ValueError:
        host = ""
    if host != request.host:
        raise Forbidden("this page is not ours")


def _check_csrf(request: web.Request, session: DeskSession) -> None:
    given = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode()):
        raise Forbidden(f"the header {CSRF_HEADER} is missing or wrong")

"""The desk's HTTP server: every route of the table, guarded, its errors as problem+json, every answer with safe headers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from bridge.desk.guard import admit
from bridge.desk.metrics import Metrics
from bridge.desk.problems import problem, problem_of, problem_of_http
from bridge.desk.route import Route, read_body, read_query
from bridge.desk.routes import ROUTES
from bridge.desk.services import Services
from bridge.errors import OmnilineError

BODY_LIMIT: Final = 256 * 1024
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
SAFE_HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}

_Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger()


def make_app(services: Services) -> web.Application:
    """Serve it with `web.AppRunner(app, access_log=None)`: the log of requests is here, and knows no query strings."""
    app = web.Application(middlewares=[_watching(services.metrics)], client_max_size=BODY_LIMIT)
    app.on_response_prepare.append(_add_safe_headers)

    async def close_desks(_app: web.Application) -> None:
        await services.hub.close()

    # Before the server waits for its requests to end: an open WebSocket never does.
    app.on_shutdown.append(close_desks)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _serve(services, route))
    return app


def _serve(services: Services, route: Route) -> _Next:
    query, takes_body = route.query, "body" in route.hints
    body_type = route.body

    async def handle(request: web.Request) -> web.StreamResponse:
        ask = await admit(services, route, request)
        given: dict[str, Any] = {}
        if query is not None:
            given["query"] = read_query(request, query)
        if takes_body:
            given["body"] = await read_body(request, body_type)
        answer = await route.handler(ask, **given)
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is None:
            return web.Response(status=204, headers=ask.headers)
        body = msgspec.json.encode(answer)
        return web.Response(
            status=route.status, body=body, headers=ask.headers, content_type="application/json"
        )

    return handle


async def _add_safe_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SAFE_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


def _watching(metrics: Metrics) -> Middleware:
    @web.middleware
    async def watch(request: web.Request, handler: _Next) -> web.StreamResponse:
        began = time.perf_counter()
        response = await _answer(request, handler)
        seconds = time.perf_counter() - began
        resource = request.match_info.route.resource
        # The route, not the path: what is in the path or behind the question mark may be a customer's.
        route = resource.canonical if resource is not None else "unknown"
        log.debug(
            "request",
            method=request.method,
            route=route,
            status=response.status,
            ms=round(seconds * 1000, 1),
        )
        metrics.observe_request(request.method, route, response.status, seconds)
        return response

    return watch


async def _answer(request: web.Request, handler: _Next) -> web.StreamResponse:
    try:
        return await handler(request)
    except OmnilineError as error:
        return problem_of(error)
    except web.HTTPException as error:
        return problem_of_http(error)
    except ConnectionResetError:
        raise
    except Exception:
        log.exception("request_failed")
        return problem(500, "internal-error", "a mistake of ours; it is in the log")

"""Errors as problem+json (RFC 9457): one place that knows which status an error of ours is."""

from __future__ import annotations

import http
import math
from collections.abc import Mapping

import msgspec
from aiohttp import web

from bridge.errors import (
    AnswerLost,
    Conflict,
    Forbidden,
    InvalidInput,
    NotAllowed,
    NotFound,
    OmnilineError,
    RateLimited,
    Rejected,
    Transient,
)

MEDIA_TYPE = "application/problem+json"


class NotLoggedIn(OmnilineError):
    """No session, an expired one, or a wrong password: log in. `schemes` of HTTP are those that would be taken."""

    def __init__(self, message: str, schemes: tuple[str, ...] = ("Bearer",)) -> None:
        super().__init__(message)
        self.schemes = schemes


class NotReady(OmnilineError):
    """Something that calls need is missing; the message names it."""


class Problem(msgspec.Struct, frozen=True):
    """`type` is stable and what a program should look at; `detail` is English, for whoever reads logs."""

    type: str
    title: str
    status: int
    detail: str


class NotAllowedProblem(Problem, frozen=True):
    """`others`: the channels on which the person can be reached, with their newest conversation there or null."""

    others: Mapping[str, str | None]


_STATUS: tuple[tuple[type[OmnilineError], int, str], ...] = (
    (NotLoggedIn, 401, "not-logged-in"),
    (Forbidden, 403, "forbidden"),
    (NotFound, 404, "not-found"),
    (InvalidInput, 422, "invalid-input"),
    (RateLimited, 429, "rate-limited"),
    (Transient, 503, "try-again"),
    (NotReady, 503, "not-ready"),
    (Rejected, 502, "rejected"),
    (AnswerLost, 504, "answer-lost"),
)


def problem(status: int, name: str, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    body = Problem(f"urn:omniline:{name}", http.HTTPStatus(status).phrase, status, detail)
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type=MEDIA_TYPE, headers=headers or {}
    )


def problem_of(error: OmnilineError) -> web.Response:
    if isinstance(error, NotAllowed):
        body = NotAllowedProblem(f"urn:omniline:{error.code}", "Conflict", 409, str(error), error.others)
        return web.Response(status=409, body=msgspec.json.encode(body), content_type=MEDIA_TYPE)
    if isinstance(error, Conflict):
        return problem(409, error.code, str(error))
    for kind, status, name in _STATUS:
        if isinstance(error, kind):
            return problem(status, name, str(error), _headers_of(error))
    raise AssertionError(f"no status for {type(error).__name__}")


def problem_of_http(error: web.HTTPException) -> web.Response:
    """aiohttp's own refusals: no such route, wrong method, body too large."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    name = error.reason.lower().replace(" ", "-")
    return problem(error.status, name, error.reason, headers)


def _headers_of(error: OmnilineError) -> dict[str, str]:
    match error:
        case RateLimited():
            return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
        case Transient():
            return {"Retry-After": "1"}
        case NotLoggedIn():
            return {"WWW-Authenticate": ", ".join(f'{scheme} realm="omniline"' for scheme in error.schemes)}
    return {}

"""The API's description (OpenAPI 3.1), made from the table of routes and the types of its handlers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from aiohttp import web

from bridge.desk.guard import COOKIE
from bridge.desk.problems import MEDIA_TYPE, Problem
from bridge.desk.route import Route

VERSION: Final = "1"
_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    "phone": {"type": "http", "scheme": "basic"},
}


def describe(routes: Iterable[Route]) -> bytes:
    """The document as JSON. The desk's web pages are left out."""
    shown = [route for route in routes if route.media != "text/html"]
    types: dict[str, Any] = {repr(kind): kind for route in shown for kind in _types_of(route)}
    types[repr(Problem)] = Problem
    schemas, components = msgspec.json.schema_components(
        types.values(), ref_template="#/components/schemas/{name}"
    )
    schema_of = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in shown:
        paths.setdefault(route.plain_path, {})[route.method.lower()] = _operation(
            route, schema_of, components
        )
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Omniline", "version": VERSION},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SECURITY},
    }
    return msgspec.json.encode(document)


def _operation(route: Route, schema_of: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    least = "anybody" if route.least is None else f"least role: {route.least}"
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__module__.rpartition('.')[2]}_{route.handler.__name__}",
        "summary": (route.handler.__doc__ or "").partition("\n")[0],
        "description": least,
        "parameters": _parameters(route, components),
        "security": _security(route),
        "responses": {str(route.status): _success(route, schema_of), "default": _refusal(schema_of)},
    }
    if route.body is not None:
        content = {"application/json": {"schema": schema_of[repr(route.body)]}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.takes:
        parts = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": {route.takes: {"schema": parts}}}
    return operation


def _parameters(route: Route, components: dict[str, Any]) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in route.parameters
    ]
    if route.query is None:
        return in_path
    fields = components[route.query.__name__]["properties"]
    return in_path + [
        {"name": name, "in": "query", "required": False, "schema": schema} for name, schema in fields.items()
    ]


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.least is None:
        return []
    names = ("bearer", "cookie", "phone") if route.phone_key else ("bearer", "cookie")
    return [{name: []} for name in names]


def _success(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    if route.answer is type(None) or route.upgrade:
        return {"description": "No content" if not route.upgrade else "A WebSocket from here on"}
    schema = schema_of.get(repr(route.answer), {})
    return {"description": "OK", "content": {route.media: {"schema": schema}}}


def _refusal(schema_of: dict[str, Any]) -> dict[str, Any]:
    return {"description": "Refused", "content": {MEDIA_TYPE: {"schema": schema_of[repr(Problem)]}}}


def _types_of(route: Route) -> list[Any]:
    kinds = [route.query, route.body]
    if not isinstance(route.answer, type) or not issubclass(route.answer, (web.StreamResponse, type(None))):
        kinds.append(route.answer)
    return [kind for kind in kinds if kind is not None]

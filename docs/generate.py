"""Writes docs/reference/ from the code it describes: settings, commands, the API.

Run as `python docs/generate.py`; tests/unit/test_docs.py fails while a page differs from what this would write.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from msgspec import inspect as types

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs/reference"
HELP_WIDTH = 100


def settings_page() -> Iterator[str]:
    from bridge import settings

    yield from (
        "# Settings",
        "",
        "Generated from `bridge/settings/` by `docs/generate.py`.",
        "",
        "The defaults work on a laptop with none given. `omniline.toml` in the home overrides them, and the environment",
        "overrides that: `OMNILINE_HTTP__PORT=8081` sets `http.port`. An unknown key is an error that names its path.",
        "",
        "Of the environment alone:",
        "",
        "| variable | |",
        "| --- | --- |",
        *(f"| `{settings.PREFIX}{name}` | {words} |" for name, words in settings.NOT_SETTINGS.items()),
        "",
    )
    for path, struct in _tables(settings.Settings):
        words = _field_words(struct)
        yield from (f"## {path}", "", inspect.getdoc(struct) or "", "")
        yield from ("| key | type | default | |", "| --- | --- | --- | --- |")
        for field in msgspec.structs.fields(struct):
            name = field.encode_name
            if _struct_of(field.type) is not None:
                continue
            kind = _type_words(types.type_info(field.type))
            key = f"{path}.{name}".replace("[]", "")
            yield f"| `{key}` | {kind} | {_default_words(field)} | {words[name]} |"
        yield ""


def _tables(struct: type[msgspec.Struct], path: str = "") -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Every table with keys of its own, and its path; `[]` marks one that is written once for each thing."""
    for field in msgspec.structs.fields(struct):
        inner = _struct_of(field.type)
        if inner is None:
            continue
        repeated = "[]" if inner is not field.type else ""
        inner_path = f"{path}.{field.encode_name}{repeated}".lstrip(".")
        if any(_struct_of(f.type) is None for f in msgspec.structs.fields(inner)):
            yield inner_path, inner
        yield from _tables(inner, inner_path)


def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    found = types.type_info(kind)
    if isinstance(found, types.VarTupleType):
        found = found.item_type
    return found.cls if isinstance(found, types.StructType) else None


def _field_words(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The string below each field."""
    (node,) = ast.parse(inspect.getsource(struct)).body
    assert isinstance(node, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str() as words)):
                    found[field.target.id] = words
    return found


def _type_words(kind: types.Type) -> str:
    match kind:
        case types.IntType(ge=int() as low, le=int() as high):
            return f"number, {low} to {high}"
        case types.IntType():
            return "number"
        case types.BoolType():
            return "true or false"
        case types.LiteralType(values=values):
            return "one of " + ", ".join(f"`{value}`" for value in values)
        case types.VarTupleType(item_type=item):
            return f"list of {_type_words(item)}"
    return "text"


def _default_words(field: msgspec.structs.FieldInfo) -> str:
    if field.default is msgspec.NODEFAULT:
        return "required"
    return f"`{msgspec.json.encode(field.default).decode()}`"


def cli_page() -> Iterator[str]:
    from bridge.cli.main import omniline

    yield from (
        "# Commands",
        "",
        "Generated from `omniline --help` by `docs/generate.py`.",
        "",
        "`omniline` is `.venv/bin/omniline` after `make run` or `make test`. Every command has `--help`, writes errors to",
        "standard error and exits with another code than 0 when it fails.",
        "",
    )
    yield from _command(omniline, "omniline", None)


def _command(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(
        command, parent, info_name=name, terminal_width=HELP_WIDTH, **command.context_settings
    )
    yield from (f"## {context.command_path}", "", "```text", command.get_help(context).strip(), "```", "")
    if isinstance(command, click.Group):
        for inner_name in command.list_commands(context):
            inner = command.get_command(context, inner_name)
            assert inner is not None
            yield from _command(inner, inner_name, context)


def http_page() -> Iterator[str]:
    from bridge.domain.live import LiveMessage

    described = openapi()
    yield from (
        "# HTTP",
        "",
        "Generated from the routes by `docs/generate.py`; `/api/v1/openapi.json` serves the same to machines.",
        "",
        "JSON in and out. Errors are problem+json (RFC 9457): look at `type`. `POST /api/v1/login` answers with a token for",
        "`Authorization: Bearer` and sets the browser's cookie; with the cookie, what is not GET needs the header `X-CSRF-Token`",
        "(in the answer to the login). Lists are `{items, next}`; `next` is the `before` of the following page.",
        "",
        "## Routes",
        "",
        "| route | what | who may | takes | answers |",
        "| --- | --- | --- | --- | --- |",
    )
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield _operation(f"{method.upper()} {path}", operation)
    yield from ("", "## Live messages", "", "What the WebSocket carries, one JSON object each.", "")
    yield from _paragraphs(inspect.getdoc(LiveMessage) or "")
    yield from (
        'The client says one thing: `{type: "screen_pop_shown", id}`, once it has painted the pop with that id.',
        "",
        "## Types",
        "",
    )
    for name, schema in sorted(described["components"]["schemas"].items()):
        if not name.endswith("Query"):
            yield from _schema(name, schema)


@functools.cache
def openapi() -> dict[str, Any]:
    """The API's own description."""
    from bridge.desk.openapi import describe
    from bridge.desk.routes import ROUTES

    document: dict[str, Any] = msgspec.json.decode(describe(ROUTES))
    return document


def _operation(title: str, operation: dict[str, Any]) -> str:
    query = [f"`{given['name']}`" for given in operation["parameters"] if given["in"] == "query"]
    content = operation.get("requestBody", {}).get("content", {})
    takes = ", ".join([*query, *(_schema_words(body["schema"]) for body in content.values())])
    (answer,) = (response for status, response in operation["responses"].items() if status != "default")
    answers = ", ".join(
        _schema_words(body["schema"]) if body["schema"] else kind
        for kind, body in answer.get("content", {}).items()
    )
    who = operation["description"].removeprefix("least role: ")
    return f"| `{title}` | {operation['summary']} | {who} | {takes} | {answers or answer['description']} |"


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield from (f"### {name}", "")
    yield from _paragraphs(schema.get("description", ""))
    if "enum" in schema:
        yield from ("One of " + ", ".join(f"`{value}`" for value in schema["enum"]) + ".", "")
    for field, kind in schema.get("properties", {}).items():
        yield f"- `{field}`: {_schema_words(kind)}"
    if schema.get("properties"):
        yield ""


def _paragraphs(text: str) -> Iterator[str]:
    """A docstring's paragraphs; one that is laid out in columns stays so."""
    for paragraph in filter(None, text.split("\n\n")):
        if "\n " in paragraph:
            yield from ("```text", *textwrap.dedent(paragraph).split("\n"), "```", "")
        else:
            yield from (re.sub(r"\s+", " ", paragraph).strip(), "")


def _schema_words(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_schema_words(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_schema_words(schema.get('items', {}))}"
    return str(schema.get("type", "anything"))


PAGES: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "http.md": http_page,
}


def render(name: str) -> str:
    """The text of a page."""
    return "\n".join(PAGES[name]()).rstrip() + "\n"


def main() -> None:
    REFERENCE.mkdir(exist_ok=True)
    for name in PAGES:
        (REFERENCE / name).write_text(render(name), "utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()

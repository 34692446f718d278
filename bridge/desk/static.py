"""The built desk: index.html for every page of it, and its hashed files, which browsers keep for ever."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from aiohttp import web

from bridge.errors import NotFound

PAGES: Final = (
    "/",
    "/login",
    "/customers/{id}",
    "/calls/{id}",
    "/conversations/{id}",
    "/worklist",
    "/canned_answers",
    "/hours",
    "/phones",
    "/suggestions",
    "/connections",
    "/dead_letters",
    "/health",
    "/components",
)
FOR_EVER: Final = "public, max-age=31536000, immutable"
_NOT_BUILT: Final = (
    "The desk is not built yet: run 'make run', or npm ci && npm run build in bridge/desk/web.\n"
    "The API works without it: /api/v1/openapi.json\n"
)
_HASHED: Final = re.compile(r"-[A-Z0-9]{8}\.")
_CHUNK: Final = 256 * 1024


def page(folder: Path) -> web.StreamResponse:
    """index.html, or in plain text what is to be done when there is none."""
    index = folder / "index.html"
    if not index.is_file():
        return web.Response(status=503, text=_NOT_BUILT)
    return web.FileResponse(index, headers={"Cache-Control": "no-cache"}, chunk_size=_CHUNK)


def asset(folder: Path, name: str) -> web.StreamResponse:
    """A file of the built desk. Raises NotFound for anything else, links and `..` included."""
    path = Path(os.path.normpath(folder / name))
    if "\0" in name or not path.is_relative_to(folder) or path.is_symlink() or not path.is_file():
        raise NotFound("no such file")
    keep = FOR_EVER if _HASHED.search(path.name) else "no-cache"
    return web.FileResponse(path, headers={"Cache-Control": keep}, chunk_size=_CHUNK)

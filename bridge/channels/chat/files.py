"""Files of visitors: kept when they come, named by a token until the message comes that they belong to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

import msgspec
from aiohttp import web

from bridge.channels.chat.bodies import KeptFile
from bridge.channels.chat.channel import WrittenFile
from bridge.channels.chat.tokens import Keys
from bridge.domain.files import file_name, media_type_of
from bridge.errors import InvalidInput, NotFound
from bridge.flows.keep_file import keep_file
from bridge.store.attachments import Attachment

LARGEST: Final = 10 << 20
"""Bytes. Less than an agent may send: anybody may come to the site."""
SECONDS: Final = 120.0
NAME: Final = "X-File-Name"


async def keep(request: web.Request, folder: Path, keys: Keys, visitor_id: str) -> KeptFile:
    """Raises InvalidInput for an empty one; aiohttp's own for one that is too large or too slow; Transient for a full disk."""
    data = await _read(request)
    if not data:
        raise InvalidInput("the file is empty", where="body")
    name = file_name(unquote(request.headers.get(NAME, "")[:1000])) or "file"
    sha256 = await asyncio.to_thread(keep_file, folder, data)
    file = WrittenFile(name=name, media_type=media_type_of(data), size=len(data), sha256=sha256)
    token = keys.sign_file(visitor_id, msgspec.json.encode(file))
    return KeptFile(token=token, name=name, media_type=file.media_type, size=file.size)


def read_tokens(keys: Keys, visitor_id: str, tokens: Sequence[str]) -> tuple[WrittenFile, ...]:
    """The files that a message names. Raises Forbidden for what is not the visitor's."""
    said = (keys.read_file(visitor_id, token) for token in tokens)
    return tuple(msgspec.json.decode(each, type=WrittenFile) for each in said)


def give(folder: Path, file: Attachment) -> web.StreamResponse:
    """To be saved, never shown: it may be a stranger's. Raises NotFound while it is not there."""
    path = folder / file.sha256
    if not file.sha256 or not path.is_file():
        raise NotFound("this file is not here")
    return web.FileResponse(
        path,
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
            "Cache-Control": "private, no-store",
        },
    )


async def _read(request: web.Request) -> bytes:
    data = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.content.iter_any():
                data += chunk
                if len(data) > LARGEST:
                    raise web.HTTPRequestEntityTooLarge(LARGEST, len(data))
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    return bytes(data)

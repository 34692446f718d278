"""Files of entries, and files that are about to be sent."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from bridge.desk.answers import Upload
from bridge.desk.mail_html import CSP, clean_page, picture
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.files import HTML, LARGEST, PICTURES, file_name, media_type_of
from bridge.errors import InvalidInput, NotFound
from bridge.flows.keep_file import keep_file
from bridge.store import attachments
from bridge.store.attachments import make_attachment

# A stranger's file: whatever it is, it runs nothing and loads nothing.
SANDBOX: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"


async def get_attachment(ask: Ask) -> web.StreamResponse:
    """The file. 404 while it is on its way, and when it was refused."""
    file = await ask.services.db.read(attachments.get_attachment, ask.path("id"))
    path = ask.services.attachments / file.sha256
    if not file.sha256 or not path.is_file():
        raise NotFound("this file is not here")
    shown = file.media_type in PICTURES
    return web.FileResponse(
        path,
        headers={
            "Content-Type": file.media_type if shown else "application/octet-stream",
            "Content-Disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(file.name)}",
            "Content-Security-Policy": SANDBOX,
            "Cache-Control": "private, no-store",
        },
    )


async def get_html(ask: Ask) -> web.StreamResponse:
    """A mail as it was laid out, cleaned, with its own pictures: for a sandboxed frame. 404 for any other file."""
    file = await ask.services.db.read(attachments.get_attachment, ask.path("id"))
    path = ask.services.attachments / file.sha256
    if file.media_type != HTML or not file.sha256:
        raise NotFound("this is no laid-out mail")
    shown = await ask.services.db.read(attachments.list_pictures_of, file.id)

    def lay_out() -> str:
        folder = ask.services.attachments
        pictures = {each.cid: picture(each.media_type, (folder / each.sha256).read_bytes()) for each in shown}
        return clean_page(path.read_text("utf-8", "replace"), pictures)

    page = await asyncio.to_thread(lay_out)
    return web.Response(
        text=page,
        content_type=HTML,
        headers={
            "Content-Security-Policy": CSP,
            "X-Frame-Options": "SAMEORIGIN",
            "Cache-Control": "private, no-store",
        },
    )


async def upload(ask: Ask) -> Upload:
    """A file to be sent with an answer: multipart/form-data with the one part `file`, at most 25 MB."""
    part = await _file_part(ask.request)
    data = bytearray()
    while chunk := await part.read_chunk(1 << 16):
        data += chunk
        if len(data) > LARGEST:
            raise web.HTTPRequestEntityTooLarge(LARGEST, len(data))
    if not data:
        raise InvalidInput("the file is empty", where="file")
    content = bytes(data)
    services = ask.services
    name = file_name(part.filename or "") or "file"
    sha256 = await asyncio.to_thread(keep_file, services.attachments, content)
    file = make_attachment(name, media_type_of(content), len(content), sha256)
    await services.db.write(attachments.add_upload, ask.agent.id, file, services.clock())
    return Upload(id=file.id, name=file.name, media_type=file.media_type, size=file.size)


async def _file_part(request: web.Request) -> BodyPartReader:
    if request.content_type != "multipart/form-data":
        raise InvalidInput("send multipart/form-data", where="Content-Type")
    try:
        part = await (await request.multipart()).next()
    except ValueError as error:
        raise InvalidInput(f"not multipart/form-data: {error}", where="body") from error
    if not isinstance(part, BodyPartReader) or part.name != "file":
        raise InvalidInput("the one part is named file", where="body")
    return part


ROUTES: Final = (
    Route("GET", f"{API}/attachments/{ID}", get_attachment, Role.AGENT, media="application/octet-stream"),
    Route("GET", f"{API}/attachments/{ID}/html", get_html, Role.AGENT, media="text/html"),
    Route("POST", f"{API}/attachments", upload, Role.AGENT, status=201, takes="multipart/form-data"),
)

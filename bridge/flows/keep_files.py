"""The bytes that messages bring are put into the home before any row names them: typed by what they are, within limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from bridge.domain.files import HTML, LARGEST, MOST, file_name, media_type_of
from bridge.domain.message import InboundFile, InboundMessage, Told
from bridge.flows.keep_file import keep_file

TOO_LARGE: Final = "too_large"
TOO_MANY: Final = "too_many"
"""Why a file is not kept, as the desk's catalogues know it."""


def keep_files(folder: Path, told: Sequence[Told]) -> list[Told]:
    """`told` with its files in `folder`. Writes to the disk: run it off the loop. Raises Transient when the disk refuses."""
    return [_keep(folder, each) if isinstance(each, InboundMessage) else each for each in told]


def _keep(folder: Path, message: InboundMessage) -> InboundMessage:
    files = [_keep_one(folder, file) for file in message.attachments[:MOST]]
    left = len(message.attachments) - MOST
    if left > 0:
        files.append(InboundFile(name=f"+ {left}", refused=TOO_MANY))
    html = None if message.html is None else replace(_keep_one(folder, message.html), media_type=HTML)
    return replace(message, attachments=tuple(files), html=html)


def _keep_one(folder: Path, file: InboundFile) -> InboundFile:
    name = file_name(file.name)
    size = len(file.data) or file.size
    if size > LARGEST:
        return replace(file, name=name, size=size, data=b"", reference="", refused=TOO_LARGE)
    if file.reference:
        return replace(file, name=name)
    return replace(
        file,
        name=name,
        size=size,
        media_type=media_type_of(file.data),
        data=b"",
        sha256=keep_file(folder, file.data),
    )

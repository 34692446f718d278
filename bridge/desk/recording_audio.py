"""A recording as one WAV: the caller left, the agent right, put together while it is sent, in any range of bytes.

Nothing is made on disk. A side that is missing, shorter or cut off is silent from there on; while a call is still being
recorded, what there is at the moment of asking is sent.
"""

from __future__ import annotations

import array
import asyncio
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from bridge.errors import NotFound
from bridge.flows.recording_files import SAMPLE_BYTES, Samples

HEADER_BYTES: Final = 44
FRAMES_AT_ONCE: Final = 32_000
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Audio:
    """A WAV of as many channels as `sides`; a side of None is silence."""

    sides: tuple[Samples | None, ...]

    @property
    def rate(self) -> int:
        return next(side.rate for side in self.sides if side is not None)

    @property
    def frames(self) -> int:
        return max(side.count for side in self.sides if side is not None)

    @property
    def frame_bytes(self) -> int:
        return SAMPLE_BYTES * len(self.sides)

    @property
    def size(self) -> int:
        """Of the whole WAV in bytes."""
        return HEADER_BYTES + self.frames * self.frame_bytes

    def header(self) -> bytes:
        """RIFF header of 44 bytes, 16-bit PCM."""
        data = self.frames * self.frame_bytes
        layout = (1, len(self.sides), self.rate, self.rate * self.frame_bytes, self.frame_bytes, 16)
        return struct.pack(
            "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + data, b"WAVE", b"fmt ", 16, *layout, b"data", data
        )

    def read(self, first: int, last: int) -> Iterator[bytes]:
        """Bytes `first` to `last`, both included, of the WAV. Reads files: run it in a thread."""
        if first < HEADER_BYTES:
            yield self.header()[first : last + 1]
            first = HEADER_BYTES
        if last < first:
            return
        begin, end = first - HEADER_BYTES, last - HEADER_BYTES + 1
        frame, last_frame = begin // self.frame_bytes, -(-end // self.frame_bytes)
        skip = begin - frame * self.frame_bytes
        left = end - begin
        while frame < last_frame:
            count = min(FRAMES_AT_ONCE, last_frame - frame)
            block = self._frames(frame, count)[skip : skip + left]
            yield block
            left -= len(block)
            skip = 0
            frame += count

    def _frames(self, start: int, count: int) -> bytes:
        """`count` frames from `start`, the sides interleaved."""
        if len(self.sides) == 1 and self.sides[0] is not None:
            return _samples(self.sides[0], start, count)
        mixed = array.array("h", bytes(count * self.frame_bytes))
        for channel, side in enumerate(self.sides):
            if side is not None:
                mixed[channel :: len(self.sides)] = array.array("h", _samples(side, start, count))
        return mixed.tobytes()


def audio_of(*sides: Samples | None) -> Audio:
    """Raises NotFound when no side can be heard, or the sides do not fit each other."""
    rates = {side.rate for side in sides if side is not None}
    if len(rates) != 1:
        raise NotFound("nothing of this recording can be heard")
    return Audio(sides)


async def respond(request: web.Request, audio: Audio) -> web.StreamResponse:
    """The WAV, or the one range of bytes that is asked for (RFC 9110, section 14)."""
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store", "Content-Type": "audio/wav"}
    wanted = _range(request.headers.get("Range"), audio.size)
    if wanted is None:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{audio.size}"})
    first, last = wanted
    partial = (first, last) != (0, audio.size - 1)
    if partial:
        headers["Content-Range"] = f"bytes {first}-{last}/{audio.size}"
    response = web.StreamResponse(status=206 if partial else 200, headers=headers)
    response.content_length = last - first + 1
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    blocks = audio.read(first, last)
    while (block := await asyncio.to_thread(next, blocks, None)) is not None:
        await response.write(block)
    await response.write_eof()
    return response


def _range(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte, both included. The whole for no range and for one that we do not know; None when outside."""
    found = _RANGE.fullmatch(header or "")
    if found is None or found[0] == "bytes=-":
        return 0, size - 1
    start, end = found[1], found[2]
    if start:
        first, last = int(start), min(int(end or size - 1), size - 1)
    else:
        first, last = max(0, size - int(end)), size - 1
    return (first, last) if first <= last else None


def _samples(side: Samples, start: int, count: int) -> bytes:
    """Exactly `count` samples; silence for those that are not there."""
    wanted = count * SAMPLE_BYTES
    there = max(0, min(count, side.count - start)) * SAMPLE_BYTES
    data = b""
    if there:
        with side.path.open("rb") as file:
            file.seek(side.offset + start * SAMPLE_BYTES)
            data = file.read(there)
    return data.ljust(wanted, b"\0")

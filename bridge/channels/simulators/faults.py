"""What may happen to a message on its way to a simulated provider, and to what the provider sends."""

from __future__ import annotations

import asyncio
import enum
import random
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web


class Fault(enum.StrEnum):
    """In the last three it was taken all the same."""

    BUSY = "busy"
    """429, and after how long to come again."""
    BROKEN = "broken"
    """500."""
    BLOCKED = "blocked"
    """The person has blocked us."""
    CUT_OFF = "cut_off"
    """The connection ends instead of an answer."""
    SILENT = "silent"
    """No answer ever."""
    GARBLED = "garbled"
    """200, and no JSON."""


async def lose_answer(request: web.Request, fault: Fault | None) -> web.Response | None:
    """What is answered in place of the answer, None where it is not lost."""
    match fault:
        case Fault.CUT_OFF if request.transport is not None:
            request.transport.abort()
        case Fault.SILENT:
            await asyncio.Event().wait()
        case Fault.GARBLED:
            return web.Response(text="<html>")
    return None


async def deliver(
    post: Callable[[bytes], Awaitable[int]],
    bodies: Sequence[bytes],
    *,
    repeat: int = 1,
    disorder: random.Random | None = None,
    drop: float = 0.0,
    delay: float = 0.0,
    tries: int = 20,
) -> None:
    """`post` each body `repeat` times, shuffled by `disorder`, which also drops that share of the answers; up to `delay`
    seconds before each.

    Raises ConnectionError for one that was not answered with 200 in `tries` tries.
    """
    queue = list(bodies) * repeat
    if disorder is not None:
        disorder.shuffle(queue)
    for body in queue:
        await asyncio.sleep(delay * (disorder.random() if disorder else 1))
        for _ in range(tries):
            taken = await post(body) == 200
            if taken and not (disorder and disorder.random() < drop):
                break
        else:
            raise ConnectionError(f"the webhook did not take a body in {tries} tries")

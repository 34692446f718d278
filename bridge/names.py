"""The loop of our processes: names of other machines are asked for so that nobody else waits for the answer.

A question that no name server answers takes the system half a minute, and cannot be taken back. uvloop has two threads for
all of them, asyncio those of everything else. Here each has a thread of its own, which ends with the process; whoever asks
is told after SECONDS, and who asks the same meanwhile when that question's time is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import uvloop

SECONDS: Final = 8.0
"""Enough for the second of two name servers, which is asked when the first has been silent for five."""

Question = tuple[Any, ...]


class Loop(uvloop.Loop):
    def __init__(self) -> None:
        super().__init__()
        self._asked: dict[Question, tuple[asyncio.Future[Any], float]] = {}

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - asyncio's name
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        """Raises gaierror, as for a name server that says it cannot answer, when none does."""
        question = (host, port, family, type, proto, flags)
        answer, deadline = self._asked.get(question) or self._ask(question)
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.shield(answer)
        except TimeoutError:
            raise socket.gaierror(socket.EAI_AGAIN, "no name server answers") from None

    def _ask(self, question: Question) -> tuple[asyncio.Future[Any], float]:
        answer: asyncio.Future[Any] = self.create_future()
        asked = self._asked[question] = answer, self.time() + SECONDS

        def ask() -> None:
            try:
                settle: Callable[[], None] = partial(answer.set_result, socket.getaddrinfo(*question))
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                settle = partial(answer.set_exception, error)
            # A loop that is closed has nobody who waits.
            with contextlib.suppress(RuntimeError):
                self.call_soon_threadsafe(self._settle, question, settle)

        threading.Thread(target=ask, name="name", daemon=True).start()
        return asked

    def _settle(self, question: Question, settle: Callable[[], None]) -> None:
        answer, _ = self._asked.pop(question)
        settle()
        # It may come when nobody waits for it any more.
        answer.exception()


async def await_name(host: str, port: int) -> None:
    """Returns when the name of a host is known. For what asks for it anew where it cannot be ended. Raises OSError."""
    await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)

"""panoramisk's AMI protocol with what it gets wrong mended at its seams; the library is not forked.

- Bytes are cut into messages before they are decoded, so a letter that arrives in two reads stays whole.
- Events are told apart by their name: those that nobody reads are dropped, those that are read are not
  parsed but searched for the few headers that a fact needs. Answers and lists go through panoramisk.
- When the link ends, an action without its answer fails as `Transient`; it is never sent again.
- What a value may not hold (CR, LF, NUL) is refused before a byte is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from pbx.ami.facts import EVENTS, Headers
from pbx.ami.snapshot import Item
from pbx.errors import Rejected, Transient

END: Final = b"\r\n\r\n"
MAX_MESSAGE: Final = 1 << 20
"""No AMI message is longer; more without an end is not AMI."""

_EVENT: Final = b"Event: "
_ACTION_ID: Final = b"\r\nActionID: "
_WANTED: Final = frozenset(name.encode() for name in EVENTS)


def build_action(name: str, headers: Mapping[str, str]) -> Action:
    """Raises `Rejected` for a header that would break out of its line."""
    for key, value in headers.items():
        line = f"{key}: {value}"
        if any(char in line for char in "\r\n\0"):
            raise Rejected(f"AMI action {name}: {key!r} holds a control character")
        try:
            line.encode()
        except UnicodeEncodeError as error:
            raise Rejected(f"AMI action {name}: {key!r} is not text") from error
    return Action({"Action": name, **headers})


class Event:
    """One event as it stood on the wire. A header is looked for when it is asked for: most never are."""

    __slots__ = ("_text",)

    def __init__(self, raw: bytes) -> None:
        self._text = f"\r\n{raw.decode('utf-8', 'replace')}\r\n"

    def get(self, name: str, default: str, /) -> str:
        start = self._text.find(f"\r\n{name}: ")
        if start < 0:
            return default
        start += len(name) + 4
        return self._text[start : self._text.find("\r\n", start)]


class Link(AMIProtocol):  # type: ignore[misc]
    """One connection. `on_event` gets each event in the order of the wire; `lost` is done when the link is over.

    panoramisk's Manager is not used: it resends actions, loses the order of events and never checks a
    ping. This class stands in for it as the protocol's factory.
    """

    def __init__(self, on_event: Callable[[Headers], object]) -> None:
        self._on_event = on_event
        self._rest = b""
        loop = asyncio.get_running_loop()
        self._time = loop.time
        self.heard_at = loop.time()
        self.lost: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory = self
        self.encoding = "utf-8"

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._time()
        *messages, self._rest = (self._rest + data).split(END)
        if len(self._rest) > MAX_MESSAGE:
            self.close()
        for raw in messages:
            if not raw.startswith(_EVENT):
                self._take_answer(raw)
            elif raw[len(_EVENT) : raw.find(b"\r\n")] in _WANTED:
                self._on_event(Event(raw))
            elif self.responses and _ACTION_ID in raw:  # an item of a list that is waited for
                self._take_answer(raw)

    def _take_answer(self, raw: bytes) -> None:
        # The banner, which ends in one line break, stands before the first.
        message = Message.from_line(raw.decode("utf-8", "replace").strip())
        if message is not None:
            self.handle_message(message)

    def dispatch(self, message: Message) -> None:
        """Called by panoramisk for an item of a list that nobody waits for any more."""

    def ask(self, action: Action, *, as_list: bool = False) -> asyncio.Future[Item | Sequence[Item]]:
        """Send `action`; the future fails with `Transient` when the link ends before the answer."""
        if self.closed:
            raise Transient("Asterisk's AMI is not connected")
        future: asyncio.Future[Item | Sequence[Item]] = self.send(
            # None lets panoramisk tell a list from a refusal; True would wait for ever for the rest of a refusal.
            action,
            as_list=None if as_list else False,
        )
        future.add_done_callback(lambda _: self.responses.pop(action.id, None))
        return future

    def connection_lost(self, exc: Exception | None) -> None:
        self.close()

    def close(self) -> None:
        """End the link at once, without waiting for what the other side has not taken."""
        self.closed = True
        self.transport.abort()
        for action in self.responses.values():
            if not action.future.done():
                action.future.set_exception(Transient("the link to Asterisk's AMI ended before the answer"))
        if not self.lost.done():
            self.lost.set_result(None)

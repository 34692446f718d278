"""panoramisk's AMI protocol with what it gets wrong mended at its seams; the library is not forked.

- Bytes are cut into messages before they are decoded, so a letter that arrives in two reads stays whole.
- Events that nobody reads are dropped by their name, before they are parsed.
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
from pbx.errors import Rejected, Transient

END: Final = b"\r\n\r\n"
MAX_MESSAGE: Final = 1 << 20
"""No AMI message is longer; more without an end is not AMI."""

_EVENT: Final = b"Event: "
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


class Link(AMIProtocol):  # type: ignore[misc]
    """One connection. `on_event` gets each event in the order of the wire; `lost` is done when the link is over.

    panoramisk's Manager is not used: it resends actions, loses the order of events and never checks a
    ping. This class stands in for it as the protocol's factory.
    """

    forgetable_actions = ()

    def __init__(self, on_event: Callable[[Headers], None]) -> None:
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
            if is_wanted(raw):
                message = Message.from_line(raw.decode("utf-8", "replace").strip())
                if message is not None:
                    self.handle_message(message)

    def dispatch(self, message: Headers) -> None:
        """Called by panoramisk for an event that answers no action."""
        self._on_event(message)

    def ask(self, action: Action, *, as_list: bool = False) -> asyncio.Future[Headers | Sequence[Headers]]:
        """Send `action`; the future fails with `Transient` when the link ends before the answer."""
        if self.closed:
            raise Transient("Asterisk's AMI is not connected")
        future: asyncio.Future[Headers | Sequence[Headers]] = self.send(
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


def is_wanted(raw: bytes) -> bool:
    """Whether a message is an answer, or an event that is read. The banner may stand before the first one."""
    if not raw.startswith(_EVENT):
        return True
    name = raw[len(_EVENT) : raw.find(b"\r\n")]
    return name in _WANTED or b"\r\nActionID: " in raw

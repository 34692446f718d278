"""One AGI conversation, and the only place that knows pyst2.

pyst2's `AGI` formats commands and reads replies. It was written for a blocking process of its own: it installs
signal handlers, prints to standard error, quotes without escaping (a newline in a value becomes a second
command), loops for ever on a cut 520 reply and takes HANGUP for a syntax error. `_Wire` keeps what is sound
of it and mends the rest; it works on strings in memory, so that the event loop of `pbx.agi.server`, which owns
sockets and deadlines, may call it. `AgiSession` is what a handler sees.

Sources: Asterisk 22 `res/res_agi.c` (parse_args, AGI_BUF_LEN), `main/pbx_variables.c` (pbx_builtin_setvar_multiple),
`main/app.c` (__ast_app_separate_args).
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from asterisk.agi import AGI, re_code, re_kv

from pbx.errors import PbxError, Rejected

MAX_COMMAND: Final = 2000
"""Bytes of the longest command: Asterisk reads one into 2048."""
MAX_VARIABLES: Final = 23
"""MSet splits at most 24 pairs and leaves the last one as it is."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]*(?:\([a-z]+\))?")
_MSET_SPECIAL = re.compile(r'([\\"()\[\],])')
_REPLY = re.compile(r"[2-9]\d\d(?: |$)")


class HungUp(PbxError):
    """The caller or Asterisk is gone: stop, there is nobody left to do it for."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`200 result=<result> (<data>)`."""

    result: str
    data: str


class _Nowhere(io.TextIOBase):
    """pyst2 reports each line on standard error."""

    def write(self, text: str, /) -> int:
        return len(text)


class _Wire(AGI):  # type: ignore[misc]  # pyst2 has no types
    """pyst2's formatting and parsing over strings. Holds nothing between two calls, so one serves all sessions."""

    def __init__(self) -> None:
        # Not AGI.__init__: it takes SIGHUP, prints and reads the environment from its input.
        self.stdout = io.StringIO()
        self.stderr = _Nowhere()
        self._got_sighup = False
        self.env: dict[str, str] = {}

    def _quote(self, string: str | float) -> str:
        text = str(string)
        if _CONTROL.search(text):
            raise Rejected("a control character in an AGI argument")
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def format(self, command: str, arguments: tuple[str, ...]) -> bytes:
        """The line to send. Raises Rejected for what Asterisk would read as something else."""
        if _CONTROL.search(command):
            raise Rejected("a control character in an AGI command")
        self.stdout = io.StringIO()
        self.send_command(command, *map(self._quote, arguments))
        try:
            # Strictly: Asterisk takes broken UTF-8 too, and logs a page of stack for each.
            line = self.stdout.getvalue().encode("utf-8")
        except UnicodeEncodeError as error:
            raise Rejected("an AGI argument that is no Unicode text") from error
        if len(line) > MAX_COMMAND:
            raise Rejected(f"an AGI command of {len(line)} bytes; Asterisk takes {MAX_COMMAND}")
        return line

    def parse(self, reply: str) -> Reply:
        """The last line of a reply, which is not 100. Raises HungUp, or Rejected when Asterisk did not do it.

        Reads with pyst2's expressions but without its `get_result`, which prints each result, takes a variable that
        holds "hangup" for a hang-up, and 511 for an unknown error.
        """
        code, response = re_code.match(reply).groups()
        if code == "511":
            raise HungUp("the channel is dead")
        if code != "200":
            raise Rejected(f"AGI command refused: {code}")
        result, data = next(
            ((value, data) for key, value, data in re_kv.findall(response) if key == "result"), ("", "")
        )
        if result == "-1":
            raise HungUp("result -1")
        return Reply(result, data)


_wire = _Wire()


def parse_environment(block: bytes) -> dict[str, str]:
    """The lines `agi_…: value` that open a session.

    Raises Rejected when a key comes twice: then a value had a newline in it and wrote a line of its own.
    """
    environment: dict[str, str] = {}
    for line in block.decode("utf-8", "surrogateescape").split("\n"):
        key, separator, value = line.partition(": ")
        if separator:
            if key in environment:
                raise Rejected(f"{key} twice in an AGI environment")
            environment[key] = value
    return environment


def escape_for_mset(value: str) -> str:
    """`value` so that MSet's argument parser leaves it whole: it splits at commas and eats quotes and backslashes."""
    return _MSET_SPECIAL.sub(r"\\\1", value)


class AgiSession:
    """The conversation about one channel. One command at a time; the owner of the socket feeds what arrives."""

    def __init__(
        self, environment: Mapping[str, str], send: Callable[[bytes], None], opened_at: float
    ) -> None:
        """`opened_at` is the `time.monotonic()` of the connection: the deadlines count from there."""
        self.environment = environment
        self.opened_at = opened_at
        self._send = send
        self._unread = b""
        self._gone = False
        self._waiting: asyncio.Future[str] | None = None

    async def execute(self, command: str, *arguments: str) -> Reply:
        """Send `command` as it is and `arguments` quoted, and wait for the reply.

        Raises HungUp, and Rejected for a command that Asterisk does not take or that we do not send.
        """
        line = _wire.format(command, arguments)
        if self._gone:
            raise HungUp("hung up before the command")
        self._waiting = asyncio.get_running_loop().create_future()
        self._send(line)
        return _wire.parse(await self._waiting)

    async def set_variables(self, values: Mapping[str, str]) -> None:
        """Set channel variables and functions such as `CALLERID(name)`, all in one round trip, all literally.

        Nothing in a value is evaluated. Raises as `execute`, and Rejected for a bad name or more than 23 values.
        """
        if len(values) > MAX_VARIABLES or not all(map(_VARIABLE.fullmatch, values)):
            raise Rejected("variables that MSet does not take: " + ", ".join(values))
        pairs = ",".join(f"{name}={escape_for_mset(value)}" for name, value in values.items())
        reply = await self.execute("EXEC MSet", pairs)
        if reply.result != "0":
            raise Rejected(f"MSet answered {reply.result}")

    def feed(self, data: bytes) -> None:
        """Take bytes that Asterisk sent after the environment."""
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._take(line.decode("utf-8", "surrogateescape"))

    def feed_end(self) -> None:
        """Asterisk has closed, or said HANGUP: whoever waits for a reply gets HungUp."""
        self._gone = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(HungUp("hung up"))

    @property
    def unread(self) -> int:
        """Bytes of a line that has no end yet."""
        return len(self._unread)

    def _take(self, line: str) -> None:
        if line == "HANGUP":
            self.feed_end()
        elif _REPLY.match(line) and self._waiting is not None and not self._waiting.done():
            # Other lines are "100 Trying", the usage before "520 End of proper usage", or the tail of a value
            # that had a newline in it.
            self._waiting.set_result(line)

"""The contestants of agi_cost, as `python -m benchmarks.agi_servers NAME [DATABASE]`; each prints `ready PORT`.

Work without a lookup: read the environment, GET VARIABLE, two SET VARIABLE. Work with the card: read the environment,
find the card, set five variables with one MSet.

- raw, raw_card: a bare uvloop Protocol with no error handling, no deadline and no escaping: the limit
- panoramisk: its fast_agi as its documentation shows it, on asyncio
- pyst2_threads: pyst2's AGI in a thread for each socket
- ours, ours_card: `pbx.agi.server` in the process that production runs, `pbx.agi.process`
- ours_sick: ours_card over a database that takes SICK_SECONDS for some callers
"""

from __future__ import annotations

import asyncio
import signal
import socketserver
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop
from asterisk.agi import AGI
from panoramisk.fast_agi import Application, Request

from pbx.agi import handlers, process
from pbx.agi.handlers import Services
from pbx.agi.session import AgiSession
from pbx.interface import CallerCard, CallerDirectory, NumberKind, PhoneNumber

COMMANDS = [
    b'GET VARIABLE "X"\n',
    b'SET VARIABLE "OMNI_IDENTIFIED" "1"\n',
    b'SET VARIABLE "OMNI_CUSTOMER" "018f3f3e-7a5e-7c3e-9f62-3c8f1d2a4b5c"\n',
]


SICK_SECONDS = 1.0


def is_sick(number: str) -> bool:
    """Whether the lookup of this caller, in E.164, is a slow one: 5 % of all are."""
    return int(number[-4:]) % 20 == 0


class RawProtocol(asyncio.Protocol):
    def __init__(self, commands: Callable[[dict[str, str]], list[bytes]]) -> None:
        self._commands = commands
        self._received = b""
        self._left: list[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._left is None:
            if not self._received.endswith(b"\n\n"):
                return
            lines = self._received.decode().split("\n")
            self._left = self._commands(dict(line.split(": ", 1) for line in lines if ": " in line))
        elif not self._received.endswith(b"\n"):
            return
        elif not self._received.startswith(b"200 "):
            self._transport.abort()
        self._received = b""
        if self._left:
            self._transport.write(self._left.pop(0))
        else:
            self._transport.close()


def serve_raw(commands: Callable[[dict[str, str]], list[bytes]]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: RawProtocol(commands), "127.0.0.1", 0, backlog=1024)
        print("ready", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()

    uvloop.run(main())


def raw_card(directory: CallerDirectory) -> Callable[[dict[str, str]], list[bytes]]:
    def commands(environment: dict[str, str]) -> list[bytes]:
        caller = PhoneNumber(NumberKind.E164, environment["agi_callerid"], environment["agi_callerid"])
        card = directory.find_card(caller, environment["agi_arg_1"]) or CallerCard()
        line = (
            f'EXEC MSet "OMNI_IDENTIFIED=1,__OMNI_CUSTOMER={card.customer_id},QUEUE_PRIO={card.priority},'
            f'CALLERID(name)={card.display_name},CHANNEL(language)={card.language}"\n'
        )
        return [line.encode()]

    return commands


def serve_panoramisk(run: Callable[[Coroutine[Any, Any, None]], None]) -> None:
    async def three(request: Request) -> None:
        for command in COMMANDS:
            await request.send_command(command.decode().rstrip())

    async def main() -> None:
        application = Application(loop=asyncio.get_running_loop())
        application.add_route("three_commands", three)
        server = await asyncio.start_server(application.handler, "127.0.0.1", 0, backlog=1024)
        print("ready", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()

    run(main())


class _Nowhere:
    def write(self, text: str) -> None:
        pass


def serve_pyst2_threads() -> None:
    signal.signal = lambda *_: None  # it wants SIGHUP, off the main thread

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            stdout = self.request.makefile("w", encoding="utf-8")
            agi = AGI(self.rfile, stdout, _Nowhere())
            agi.get_variable("X")
            agi.set_variable("OMNI_IDENTIFIED", "1")
            agi.set_variable("OMNI_CUSTOMER", "018f3f3e-7a5e-7c3e-9f62-3c8f1d2a4b5c")
            stdout.close()

    class Threads(socketserver.ThreadingTCPServer):
        request_queue_size = 1024
        daemon_threads = True

    with Threads(("127.0.0.1", 0), Handler) as server:
        print("ready", server.server_address[1], flush=True)
        server.serve_forever()


async def three_commands(session: AgiSession, services: Services) -> None:
    await session.execute("GET VARIABLE", "X")
    await session.execute("SET VARIABLE", "OMNI_IDENTIFIED", "1")
    await session.execute("SET VARIABLE", "OMNI_CUSTOMER", "018f3f3e-7a5e-7c3e-9f62-3c8f1d2a4b5c")


class _NobodyKnown:
    def find_card(self, number: PhoneNumber, dialled: str) -> CallerCard | None:
        return None


class _SickDirectory:
    def __init__(self, directory: CallerDirectory) -> None:
        self._directory = directory

    def find_card(self, number: PhoneNumber, dialled: str) -> CallerCard | None:
        if number.e164 is not None and is_sick(number.e164):
            time.sleep(SICK_SECONDS)
        return self._directory.find_card(number, dialled)


def serve_ours(open_directory: Callable[[], CallerDirectory]) -> None:
    found = {**handlers.find_handlers(), "three_commands": three_commands}
    process.run("127.0.0.1", 0, open_directory, "UA", found)


def open_store(url: str) -> CallerDirectory:
    from bridge.directory import StoreDirectory  # the peers do not load it

    return StoreDirectory(url)


def main(name: str, database: str) -> None:
    match name:
        case "raw":
            serve_raw(lambda environment: list(COMMANDS))
        case "raw_card":
            serve_raw(raw_card(open_store(database)))
        case "panoramisk":
            serve_panoramisk(asyncio.run)
        case "panoramisk_uvloop":
            serve_panoramisk(uvloop.run)
        case "pyst2_threads":
            serve_pyst2_threads()
        case "ours":
            serve_ours(_NobodyKnown)
        case "ours_card":
            serve_ours(lambda: open_store(database))
        case "ours_sick":
            serve_ours(lambda: _SickDirectory(open_store(database)))
        case _:
            sys.exit(f"no contestant {name}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")

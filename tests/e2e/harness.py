"""A whole Omniline in a home and on ports of its own, as a user starts it: by the `omniline` command."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp

from bridge.secrets import Secrets, load_or_make
from pbx.asterisk.find import find_program
from pbx.testphone import sipp
from pbx.testphone.speech import Speech, synthesise

T = TypeVar("T")

DID = "+380445550100"
OMNILINE = [sys.executable, "-m", "bridge.cli"]


SHARES = 4
SHARE = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SHARES
"""Of tests that run at once each takes every fourth port: what one has found free, another may have taken since."""


def free_ports(count: int) -> list[int]:
    """Ports that are free for TCP and UDP on loopback right now."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(20_000 + SHARE, 32_000, SHARES)
        if port in ports:
            continue
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        ports.append(port)
    return ports


def media_ports() -> int:
    """The first of Asterisk's hundred."""
    return random.randrange(16_000 + 200 * SHARE, 19_000, 200 * SHARES)


def phone_media_port() -> int:
    """The first of a test phone's ten."""
    return random.randrange(33_000 + 10 * SHARE, 53_000, 10 * SHARES)


async def eventually(probe: Callable[[], Awaitable[T]], *, within: float = 30, what: str = "") -> T:
    """Polls until `probe` answers something true, and returns it."""
    deadline = time.monotonic() + within
    while True:
        last = await probe()
        if last:
            return last
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what or probe!r} (last answer {last!r})")
        await asyncio.sleep(0.02)


def children_of(pid: int) -> dict[int, list[bytes]]:
    """The command lines of its children, by their pids."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            parent = re.search(r"^PPid:\s+(\d+)", (folder / "status").read_text(), re.MULTILINE)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent and int(parent[1]) == pid:
            found[int(folder.name)] = arguments
    return found


def is_running(pid: int) -> bool:
    """Not so one that only waits for its parent to look at it."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def invite_of(messages: str) -> str:
    """The first INVITE in a SIPp message log."""
    found = re.search(r"^INVITE .*?(?=^-{20,})", messages, re.MULTILINE | re.DOTALL)
    assert found, messages[-2000:]
    return found[0]


class Omniline:
    """One running product. `log` is what it printed; `settings` are environment overrides on top of the free ports."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        http, sip, asterisk_http, agi, ami = free_ports(5)
        rtp = media_ports()
        self.http_port, self.sip_port, self.ami_port, self.agi_port = http, sip, ami, agi
        self.asterisk_http_port = asterisk_http
        self.environment = {
            **{
                k: v for k, v in os.environ.items() if not k.startswith("OMNILINE_") or k == "OMNILINE_PREFIX"
            },
            "OMNILINE_HOME": str(home),
            "OMNILINE_HTTP__PORT": str(http),
            "OMNILINE_SIP__PORT": str(sip),
            "OMNILINE_SIP__RTP_START": str(rtp),
            "OMNILINE_SIP__RTP_END": str(rtp + 99),
            "OMNILINE_ASTERISK__HTTP_PORT": str(asterisk_http),
            "OMNILINE_AGI__PORT": str(agi),
            "OMNILINE_AMI__PORT": str(ami),
            **settings,
        }
        self.log = home.parent / f"{home.name}.log"
        self.process: asyncio.subprocess.Process | None = None
        self._phones = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def secrets(self) -> Secrets:
        return load_or_make(self.home)

    async def start(self, *, within: float = 60) -> Omniline:
        """Starts `omniline serve --sample` and waits until /readyz says 200."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *OMNILINE, "serve", "--sample",
                env=self.environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        async with aiohttp.ClientSession() as session:

            async def ready() -> bool:
                assert self.process
                assert self.process.returncode is None, (
                    f"it ended at its start:\n{self.log.read_text()[-4000:]}"
                )
                try:
                    async with session.get(f"{self.url}/readyz") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            try:
                await eventually(ready, within=within, what="/readyz is 200")
            except AssertionError as error:
                raise AssertionError(f"{error}\n{self.log.read_text()[-4000:]}") from error
        return self

    async def stop(self, number: int = signal.SIGTERM, *, within: float = 15) -> None:
        """Signals the server and waits for its end."""
        if self.process and self.process.returncode is None:
            self.process.send_signal(number)
            async with asyncio.timeout(within):
                await self.process.wait()

    async def run(self, *arguments: str, within: float = 120) -> tuple[int, str, str]:
        """Runs `omniline <arguments>` in this home: exit code, standard output, standard error."""
        process = await asyncio.create_subprocess_exec(
            *OMNILINE, *arguments, env=self.environment, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(within):
            out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    def line(self, name: str) -> sipp.Line:
        """A new test phone with ports of its own."""
        self._phones += 1
        rtp = phone_media_port()
        command = tuple(find_program("sipp") or ())
        (local,) = free_ports(1)
        return sipp.Line(
            command,
            self.home.parent / f"{self.home.name}-phones" / name,
            "127.0.0.1",
            self.sip_port,
            local,
            rtp,
        )

    async def register(self, line: sipp.Line, extension: str, *, expires: int = 600) -> None:
        await sipp.register(
            line, f"agent-{extension}", self.secrets.phones[extension].sip_password, expires=expires
        )

    async def answering(
        self,
        extension: str,
        *,
        ring_ms: int = 800,
        scenario: str = "answer",
        before_ms: int = 300,
        say: str = "I can see your order.",
        voice: str = "en",
    ) -> sipp.RunningScenario:
        """A registered phone of this extension that plays `scenario` for its next call, and speaks after `before_ms`."""
        line = self.line(f"phone-{extension}")
        await self.register(line, extension)
        speech = await self.speech(say, voice)
        return await sipp.start(
            line,
            scenario,
            user=f"agent-{extension}",
            ring_ms=ring_ms,
            before_speech_ms=before_ms,
            speech=str(speech.path),
        )

    async def calling(
        self,
        caller: str,
        *,
        name: str = "",
        before_ms: int = 2000,
        talk_ms: int = 3000,
        dialled: str = DID,
        say: str = "I am calling about my order.",
        voice: str = "en",
    ) -> sipp.RunningScenario:
        """A call from the trunk. `caller` may be 'anonymous'.

        The queue answers at once, so the caller speaks after `before_ms`, when an agent has had time to answer, and hangs
        up `talk_ms` later.
        """
        speech = await self.speech(say, voice)
        return await sipp.start(
            self.line("caller"),
            "caller",
            dialled=dialled,
            from_header=sipp.caller_header(caller, name),
            speech=str(speech.path),
            loops=1,
            answer_timeout_ms=60_000,
            before_speech_ms=before_ms,
            talk_ms=talk_ms,
        )

    async def speech(self, text: str, voice: str) -> Speech:
        folder = self.home.parent / "speech"
        folder.mkdir(exist_ok=True)
        return await synthesise(("espeak-ng",), text, voice, folder / f"{abs(hash((text, voice)))}.alaw")


class Front(Protocol):
    """Where a desk answers."""

    @property
    def url(self) -> str: ...


class Desk:
    """A logged-in client of the desk's API; collects what arrives live in `messages`."""

    def __init__(self, server: Front, login: str, password: str) -> None:
        self._server, self._login, self._password = server, login, password
        self.messages: list[dict[str, Any]] = []
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Desk:
        self.session = aiohttp.ClientSession()
        answer = await self.session.post(
            f"{self._server.url}/api/v1/login", json={"login": self._login, "password": self._password}
        )
        assert answer.status == 200, await answer.text()
        self.session.headers["Authorization"] = f"Bearer {(await answer.json())['token']}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listener:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        await self.session.close()

    async def get(self, path: str, **query: str | int) -> Any:
        async with self.session.get(f"{self._server.url}/api/v1/{path}", params=query) as answer:
            assert answer.status == 200, f"GET {path}: {answer.status} {await answer.text()}"
            return await answer.json()

    async def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.session.request(method, f"{self._server.url}/api/v1/{path}", json=body) as answer:
            return answer.status, None if answer.status == 204 else await answer.json()

    async def listen(self, after: str | None = None) -> None:
        """Opens the WebSocket, from the cursor `after` on, and acknowledges every pop from now on."""
        connected = asyncio.Event()

        async def follow() -> None:
            query = {} if after is None else {"after": after}
            live = f"{self._server.url}/api/v1/live"
            async with self.session.ws_connect(live, params=query) as socket_:
                connected.set()
                async for message in socket_:
                    data = message.json()
                    self.messages.append(data)
                    if data["type"] == "screen_pop":
                        await socket_.send_json({"type": "screen_pop_shown", "id": data["data"]["id"]})

        self._listener = asyncio.create_task(follow())
        async with asyncio.timeout(30):
            await connected.wait()

    async def finish_wrap_ups(self) -> None:
        """Done with all calls: whoever has a desk open is kept out of the queues until then."""

        async def free() -> bool:
            for call in (await self.get("me"))["unfinished"]:
                await self.send("POST", f"calls/{call['id']}/wrap_up", {"disposition": "other"})
            states = [
                m["data"]["state"]
                for m in self.of_type("agent_state")
                if m["data"]["extension"] == self._login
            ]
            return not states or states[-1] not in {"in_call", "wrap_up"}

        await eventually(free, what="the agent is free again")

    def of_type(self, type_: str) -> list[dict[str, Any]]:
        return [m for m in self.messages if m["type"] == type_]

    def pops(self) -> list[dict[str, Any]]:
        """The newest message of each pop: one whose card is late is told without it first, and again with it."""
        return list({pop["id"]: pop for pop in self.of_type("screen_pop")}.values())

    async def wait_for_pops(self, after: int = 0) -> list[dict[str, Any]]:
        """Those but the first so many, once there are any and each has the card of its caller."""

        async def with_cards() -> list[dict[str, Any]] | None:
            pops = self.pops()[after:]
            return pops if all(pop["data"]["card"]["customer"] for pop in pops) else None

        found = await eventually(with_cards, what="a screen-pop with its card")
        assert found
        return found

    async def newest_call(
        self, caller: str, *, state: str | None = None, within: float = 20
    ) -> dict[str, Any]:
        """The newest call of this caller (E.164, or "" for anonymous), once there is one in `state`."""

        async def probe() -> dict[str, Any] | None:
            for call in (await self.get("calls", limit=20))["items"]:
                if call["caller"] == caller:
                    detail: dict[str, Any] = await self.get(f"calls/{call['id']}")
                    return detail if state in (None, detail["state"]) else None
            return None

        found = await eventually(probe, within=within, what=f"a call, state {state}")
        assert found
        return found

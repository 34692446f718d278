"""Omniline kept running as an init system would: who is killed is started again. In one process, or each role in its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from tests.e2e.harness import OMNILINE, Omniline, children_of, eventually, free_ports

RESTART_SECONDS = 0.2
EACH = ("asterisk", "agi", "ami", "ami", "desk", "desk", "worker", "worker", "transcribe", "transcribe")
"""Two of each where more than one may run: a home has one Asterisk, and that asks at one port."""
TELEPHONE_NODE = ("asterisk", "agi", "ami", "ami")


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@dataclass(frozen=True)
class Front:
    """Where one of several desk processes answers."""

    url: str


@dataclass(frozen=True)
class Victim:
    name: str
    kill: Callable[[], None]


class KeptProcess:
    """One process, `omniline serve` with these `arguments`. `name` is its role and a number."""

    def __init__(self, name: str, log: Path, environment: dict[str, str], *arguments: str) -> None:
        self.name = name
        self.role = name.partition("-")[0]
        self.log = log
        self._arguments = arguments
        self._environment = environment
        self._keeper: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def kill(self) -> None:
        """SIGKILL; it is started again soon."""
        assert self._process is not None
        self._process.kill()

    async def stop(self) -> None:
        """As an init system does: for good, with time to finish."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                await self._process.wait()

    def read_log(self) -> str:
        return self.log.read_text()

    @property
    def has_lease(self) -> bool:
        """Whether the process that runs now has said that it took one."""
        return self.has_said("lease_taken")

    def has_said(self, what: str) -> bool:
        """Whether the process that runs now has."""
        return what in self.read_log().rpartition("## start")[2]

    async def _keep(self) -> None:
        while True:
            with self.log.open("ab") as log:
                log.write(b"## start\n")
                log.flush()
                self._process = await asyncio.create_subprocess_exec(
                    *OMNILINE, "serve", *self._arguments,
                    env=self._environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True,
                )  # fmt: skip
            await self._process.wait()
            await asyncio.sleep(RESTART_SECONDS)


class OmnilineKept(Omniline):
    """The sample company in processes that are kept running. `fronts` are its desks."""

    def __init__(self, home: Path, **settings: str) -> None:
        super().__init__(home, **settings)
        self.processes: list[KeptProcess] = []
        self.fronts: list[Front] = []

    def list_victims(self) -> list[Victim]:
        """The processes of ours that may be killed now: none of Asterisk's."""
        raise NotImplementedError

    async def _start(self, within: float) -> None:
        for process in self.processes:
            process.start()
        try:
            for front in self.fronts:
                await self.wait_ready(front, within=within)
        except AssertionError as error:
            logs = "\n".join(f"{each.name}:\n{each.read_log()[-1500:]}" for each in self.processes)
            raise AssertionError(f"{error}\n{logs}") from error

    async def stop(self, number: int = signal.SIGTERM, *, within: float = 30) -> None:
        async with asyncio.timeout(within):
            await asyncio.gather(*(each.stop() for each in self.processes))

    async def wait_ready(self, front: Front, *, within: float = 30) -> None:
        async with aiohttp.ClientSession() as session:

            async def ready() -> bool:
                try:
                    async with session.get(f"{front.url}/readyz") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            await eventually(ready, within=within, what=f"{front.url}/readyz is 200")


class OmnilineInOne(OmnilineKept):
    """In one process with its children, on SQLite."""

    async def start(self, *, within: float = 90) -> OmnilineInOne:
        self.processes = [KeptProcess("server-1", self.log, self.environment, "--sample")]
        self.fronts = [Front(self.url)]
        await self._start(within)
        return self

    def list_victims(self) -> list[Victim]:
        """The server and its children, once calls are watched: who is killed before that never comes to it."""
        (server,) = self.processes
        if server.pid is None or not server.has_said("ami_connected"):
            return []
        children = children_of(server.pid)
        names = {"agi": b"agi", "speech": b"transcripts.worker"}
        found = [
            Victim(name, partial(kill, pid))
            for pid, arguments in children.items()
            for name, word in names.items()
            if word in arguments
        ]
        return [Victim(server.name, server.kill), *found]


class OmnilineInRoles(OmnilineKept):
    """In processes by role, on PostgreSQL and Redis. A telephone node is `beside` another home, and has no desk."""

    def __init__(
        self,
        home: Path,
        database: str,
        bus: str,
        roles: Sequence[str] = EACH,
        *,
        pbx: str = "pbx1",
        beside: Omniline | None = None,
    ) -> None:
        super().__init__(
            home, OMNILINE_DATABASE__URL=database, OMNILINE_BUS__URL=bus, OMNILINE_ASTERISK__NAME=pbx
        )
        self._roles = tuple(roles)
        self._beside = beside

    async def start(self, *, within: float = 90) -> OmnilineInRoles:
        if self._beside is None:
            code, out, said = await self.run("sample")
            assert code == 0, out + said
        else:
            self._join(self._beside.home)
        roles = self._roles
        ports = [self.http_port, *free_ports(max(roles.count("desk") - 1, 0))]
        self.fronts = [Front(f"http://127.0.0.1:{port}") for port in ports[: roles.count("desk")]]
        for index, role in enumerate(roles):
            number = roles[:index].count(role)
            name = f"{role}-{number + 1}"
            environment = dict(self.environment)
            if role == "desk":
                environment["OMNILINE_HTTP__PORT"] = str(ports[number])
            log = self.home.parent / f"{self.home.name}-{name}.log"
            self.processes.append(KeptProcess(name, log, environment, "--role", role))
        await self._start(within)
        return self

    def _join(self, home: Path) -> None:
        """Become a home of the same company, as docs/howto/run-in-production.md says."""
        self.home.mkdir()
        (home / "recordings").mkdir(exist_ok=True)
        for name in ("omniline.toml", "secrets.toml"):
            shutil.copy(home / name, self.home)
        (self.home / "recordings").symlink_to(home / "recordings")

    def list_victims(self) -> list[Victim]:
        return [Victim(each.name, each.kill) for each in self.processes if each.pid is not None]

    def named(self, name: str) -> KeptProcess:
        (found,) = (each for each in self.processes if each.name == name)
        return found

    def leader(self, role: str) -> KeptProcess:
        """Of the processes of this role, the one that has the lease."""
        (found,) = (each for each in self.processes if each.role == role and each.has_lease)
        return found

"""Omniline with every role a process of its own, kept running as an init system would: who is killed is started again."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.e2e.harness import OMNILINE, Omniline, eventually, free_ports

RESTART_SECONDS = 0.2
EACH = ("asterisk", "agi", "ami", "ami", "desk", "desk", "worker", "worker", "transcribe", "transcribe")
"""Two of each where more than one may run: a home has one Asterisk, and that asks at one port."""
TELEPHONE_NODE = ("asterisk", "agi", "ami", "ami")


@dataclass(frozen=True)
class Front:
    """Where one of several desk processes answers."""

    url: str


class RoleProcess:
    """One process; `name` is its role and a number."""

    def __init__(self, name: str, log: Path, environment: dict[str, str]) -> None:
        self.name = name
        self.role = name.partition("-")[0]
        self.log = log
        self._environment = environment
        self._keeper: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

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
        return "lease_taken" in self.read_log().rpartition("## start")[2]

    async def _keep(self) -> None:
        while True:
            with self.log.open("ab") as log:
                log.write(b"## start\n")
                log.flush()
                self._process = await asyncio.create_subprocess_exec(
                    *OMNILINE, "serve", "--role", self.role,
                    env=self._environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True,
                )  # fmt: skip
            await self._process.wait()
            await asyncio.sleep(RESTART_SECONDS)


class OmnilineInRoles(Omniline):
    """The sample company in processes by role. `fronts` are its desks, none for a telephone node `beside` another home."""

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
        self.processes: list[RoleProcess] = []
        self.fronts: list[Front] = []
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
            self.processes.append(RoleProcess(name, log, environment))
        for process in self.processes:
            process.start()
        try:
            for front in self.fronts:
                await self.wait_ready(front, within=within)
        except AssertionError as error:
            logs = "\n".join(f"{each.name}:\n{each.read_log()[-1500:]}" for each in self.processes)
            raise AssertionError(f"{error}\n{logs}") from error
        return self

    def _join(self, home: Path) -> None:
        """Become a home of the same company, as docs/howto/run-in-production.md says."""
        self.home.mkdir()
        (home / "recordings").mkdir(exist_ok=True)
        for name in ("omniline.toml", "secrets.toml"):
            shutil.copy(home / name, self.home)
        (self.home / "recordings").symlink_to(home / "recordings")

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

    def named(self, name: str) -> RoleProcess:
        (found,) = (each for each in self.processes if each.name == name)
        return found

    def leader(self, role: str) -> RoleProcess:
        """Of the processes of this role, the one that has the lease."""
        (found,) = (each for each in self.processes if each.role == role and each.has_lease)
        return found

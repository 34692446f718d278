"""Starts the Asterisk of a home, or adopts the one that runs there; stops it; notices when it dies.

Asterisk lives in a session of its own and outlives us: Ctrl-C in our terminal does not reach it, and a crash of
ours ends no call. It is held by a pidfd (pidfd_open(2)), which works alike for a child and for a process that an
earlier server started, and cannot mean another process that got the same number later.

Beside Asterisk's own asterisk.pid lies `run/started-with`: the digest of the configuration that it has read. When
that differs from what is there now, a running Asterisk is told to read it again; it is never restarted for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

import structlog

from pbx.asterisk.config import PbxConfig
from pbx.asterisk.find import Asterisk
from pbx.asterisk.ports import check_ports
from pbx.asterisk.render import config_hash
from pbx.errors import Rejected, Transient

log = structlog.get_logger()

BOOT_SECONDS = 30.0
STOP_SECONDS = 8.0
ANSWER_SECONDS = 5.0
LEAST_FREE = 16 * 1024 * 1024
"""Bytes of disk without which Asterisk is not started: its own database and log would be torn."""


class AsteriskProcess:
    """The one Asterisk of `home`, whose configuration has been rendered there."""

    def __init__(self, home: Path, config: PbxConfig, asterisk: Asterisk) -> None:
        self._home = home
        self._config = config
        self._asterisk = asterisk
        self._run = home / "asterisk/run"
        self._conf = home / "asterisk/asterisk.conf"
        self._console = home / "asterisk/log/console.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._pidfd: int | None = None
        self.pid: int | None = None

    async def start(self) -> bool:
        """Adopt the running Asterisk (True), or start one and wait until it takes calls (False).

        Raises Rejected for what has to be changed (a port in use, a configuration that Asterisk refuses),
        Transient when the disk is full or Asterisk does not come up in time.
        """
        self._forget()
        if await self._adopt():
            return True
        check_ports(self._config)
        if shutil.disk_usage(self._home).free < LEAST_FREE:
            raise Transient(f"the disk that holds {self._home} is full: free some space")
        self._spawn()
        try:
            async with asyncio.timeout(BOOT_SECONDS):
                await self._booted()
        except TimeoutError as error:
            await self.stop()
            raise Transient(
                f"Asterisk did not come up in {BOOT_SECONDS:.0f} s: {self._last_words()}"
            ) from error
        except BaseException:
            await self.stop()
            raise
        self._remember()
        log.info("asterisk_started", pid=self.pid, version=self._asterisk.version)
        return False

    async def stop(self) -> None:
        """End it: SIGTERM, which hangs up what is open, and SIGKILL when that takes too long."""
        if self._pidfd is None:
            return
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.wait_died()
        except TimeoutError:
            log.warning("asterisk_killed", pid=self.pid)
            self._signal(signal.SIGKILL)
            await self.wait_died()
        self._forget()

    async def wait_died(self) -> str:
        """Wait for its end, however it comes; says how it ended, with the last lines of its log."""
        if self._pidfd is None:
            return "it was not running"
        loop = asyncio.get_running_loop()
        died = asyncio.Event()
        # A second descriptor: several may wait, and a descriptor has one reader.
        watched = os.dup(self._pidfd)
        loop.add_reader(watched, died.set)
        try:
            await died.wait()
        finally:
            loop.remove_reader(watched)
            os.close(watched)
        code = self._child.wait() if self._child else None
        return f"exit code {code}: {self._last_words()}" if code else "it ended"

    async def reload(self) -> None:
        """Have it read its configuration again if that has changed; calls go on."""
        before, now = self._remembered(), self._digests()
        if before == now:
            return
        if before and before[1:] != now[1:]:
            log.warning(
                "asterisk_restart_needed", reason="the SIP address is taken over by the next start only"
            )
        await self.command("core reload")
        self._remember()
        log.info("asterisk_reloaded", pid=self.pid)

    async def command(self, line: str) -> str:
        """What Asterisk's own console answers to `line`. Raises Transient when it cannot be reached."""
        process = await asyncio.create_subprocess_exec(
            *self._asterisk.command,
            *("-C", str(self._conf), "-rx", line),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise Transient(f"Asterisk's console does not answer: {output.decode(errors='replace').strip()}")
        return output.decode(errors="replace")

    async def _adopt(self) -> bool:
        pid = find_running(self._home)
        if pid is None:
            return False
        try:
            self._pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        self.pid = pid
        if not await self._answers():
            log.warning("asterisk_silent", pid=pid, action="it is replaced")
            await self.stop()
            return False
        log.info("asterisk_adopted", pid=pid)
        await self.reload()
        return True

    async def _answers(self) -> bool:
        """Whether its manager interface greets us on the port that the configuration names."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._config.ami_port)
                greeting = await reader.readline()
                writer.close()
        except (OSError, TimeoutError):
            return False
        return greeting.startswith(b"Asterisk Call Manager")

    def _spawn(self) -> None:
        for stale in ("asterisk.ctl", "asterisk.pid", "started-with"):
            (self._run / stale).unlink(missing_ok=True)
        with self._console.open("wb") as console:
            try:
                self._child = subprocess.Popen(
                    [*self._asterisk.command, "-f", "-C", str(self._conf)],
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=console,
                    start_new_session=True,
                )
            except FileNotFoundError as error:
                raise Rejected(
                    f"Asterisk is gone from {self._asterisk.command[0]}: run `make run` to fetch it again"
                ) from error
        self.pid = self._child.pid
        self._pidfd = os.pidfd_open(self.pid)

    async def _booted(self) -> None:
        while not (self._run / "asterisk.ctl").exists():
            self._check_alive()
            await asyncio.sleep(0.02)
        while True:
            self._check_alive()
            # Refused until the socket listens; then it waits for the last module.
            with contextlib.suppress(Transient):
                await self.command("core waitfullybooted")
                return
            await asyncio.sleep(0.02)

    def _check_alive(self) -> None:
        if self._child is not None and (code := self._child.poll()) is not None:
            raise Rejected(f"Asterisk ended at once with code {code}: {self._last_words()}")

    def _signal(self, number: signal.Signals) -> None:
        if self._pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def _forget(self) -> None:
        if self._pidfd is not None:
            os.close(self._pidfd)
        self._pidfd = self.pid = self._child = None

    def _digests(self) -> list[str]:
        """Of the whole configuration, and of what a reload does not change."""
        return [config_hash(self._home), f"{self._config.sip_host}:{self._config.sip_port}"]

    def _remember(self) -> None:
        (self._run / "started-with").write_text("\n".join(self._digests()), encoding="ascii")

    def _remembered(self) -> list[str]:
        path = self._run / "started-with"
        return path.read_text(encoding="ascii").split("\n") if path.exists() else []

    def _last_words(self) -> str:
        """The end of what it wrote, for the one who has to find out why."""
        lines = self._console.read_text(encoding="utf-8", errors="replace").splitlines()
        return " / ".join(lines[-5:]) or f"see {self._console.parent}"


def find_running(home: Path) -> int | None:
    """The process id of the Asterisk that runs with this home's asterisk.conf, else None."""
    try:
        pid = int((home / "asterisk/run/asterisk.pid").read_text(encoding="ascii"))
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    conf = os.fsencode(home / "asterisk/asterisk.conf")
    return pid if [b"-C", conf] == arguments[-3:-1] else None

"""The company that pop_latency calls: its home, its agents with their desk sessions, its running server.

A home of its own with the cached customers in it, one queue that rings one agent a call, and ports that are free. The
server is started as a user starts it. `leave_asterisk` stops it alone, by SIGUSR1: then somebody else may listen to the
same Asterisk, in which an AGI process of ours still answers.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from benchmarks.dataset import Dataset
from benchmarks.processes import children_of
from bridge.cli.company import make_home
from bridge.desk.sessions import hash_password, hash_token
from bridge.domain.agent import Role
from bridge.domain.times import utc_now
from bridge.secrets import inbox_name, load_or_make
from bridge.store import agents, inboxes
from bridge.store.engine import BatchWriter, batch_writer
from pbx.ami import call_records
from pbx.asterisk.process import find_running

DID = "+380445550100"
AGENTS = 60
"""Each rings for 0.3 s of a call: enough for 100 calls/s, with room for a queue that is slow to see who is free."""
CHILDREN = {"AGI": b"--watched", "speech": b"transcripts.worker"}
"""Of the server: what stands in their commands."""
OMNILINE = (sys.executable, "-m", "bridge.cli")
START_SECONDS = 60
STOP_SECONDS = 20

SETTINGS = """\
[company]
name = "Benchmark"

[[queues]]
name = "sales"
strategy = "rrmemory"
members = {members}

[[dids]]
number = "{did}"
queue = "sales"
"""


class Company:
    """`tokens`: extension to the token of a desk session. `more` is put behind its settings."""

    def __init__(self, home: Path, data: Dataset, more: str = "") -> None:
        self.home = home
        self.extensions = [str(1000 + n) for n in range(AGENTS)]
        self.http_port, self.sip_port, agi, self.ami_port, asterisk_http = free_ports(5)
        ports = {
            "HTTP__PORT": self.http_port,
            "SIP__PORT": self.sip_port,
            "AGI__PORT": agi,
            "AMI__PORT": self.ami_port,
            "ASTERISK__HTTP_PORT": asterisk_http,
            "SIP__RTP_START": 16_000,
            "SIP__RTP_END": 19_999,
        }
        self.environment = {
            **{
                k: v for k, v in os.environ.items() if not k.startswith("OMNILINE_") or k == "OMNILINE_PREFIX"
            },
            "OMNILINE_HOME": str(home),
            **{f"OMNILINE_{name}": str(port) for name, port in ports.items()},
        }
        home.mkdir(parents=True)
        shutil.copyfile(data.url.removeprefix("sqlite:///"), home / "omniline.sqlite3")
        with self.writing() as writer:
            writer.run(_forget_statistics)
        settings = SETTINGS.format(members=json.dumps(self.extensions), did=DID) + more
        self.secrets = make_home(home, settings, tuple(self.extensions))[1]
        self.tokens = self._open_sessions()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def asterisk_pid(self) -> int:
        """Raises RuntimeError when it does not run."""
        pid = find_running(self.home)
        if pid is None:
            raise RuntimeError(f"Asterisk does not run in {self.home}")
        return pid

    def pids(self) -> dict[str, int]:
        """Of the server, its Asterisk, its AGI process and, once there is something to recognise, its speech worker."""
        assert self._server
        found = {"Asterisk": self.asterisk_pid, "server": self._server.pid}
        for pid in children_of(self._server.pid):
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            found |= {name: pid for name, words in CHILDREN.items() if words in command}
        return found

    def wait_speech(self) -> None:
        """Raises RuntimeError when the speech worker does not start."""
        deadline = time.monotonic() + START_SECONDS
        while "speech" not in self.pids():
            if time.monotonic() > deadline:
                raise RuntimeError("the speech worker did not start")
            time.sleep(0.05)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The product, until the block ends; its Asterisk stays. Raises RuntimeError when it does not start."""
        # The calls of the others' turn are no business of ours; told from Asterisk's records, they would take half a minute.
        (self.home / call_records.FILE).unlink(missing_ok=True)
        self._server = self._start("serve")
        try:
            self._wait_ready()
            self._wait_told()
            yield
        finally:
            self._end(self._server, signal.SIGUSR1)

    @contextmanager
    def identifying(self) -> Iterator[None]:
        """Only the process that Asterisk asks who is calling."""
        process = self._start("serve", "--role", "agi", "--watched")
        try:
            assert process.stdout
            if not process.stdout.readline().startswith(b"ready"):
                raise RuntimeError("the AGI process did not start")
            yield
        finally:
            process.kill()
            process.wait()

    @property
    def url(self) -> str:
        """Of its database."""
        return f"sqlite:///{self.home / 'omniline.sqlite3'}"

    def writing(self) -> AbstractContextManager[BatchWriter]:
        """Its database, committed to at the end of the block."""
        return batch_writer(self.url)

    def add_inbox(self, channel: str, key: str, token: str = "") -> str:
        """What signs its webhooks."""
        name = inbox_name(channel, key)
        with self.writing() as writer:
            writer.run(inboxes.resolve_inbox, channel, key)
        return load_or_make(self.home, inboxes={name: token}).inboxes[name].hook_secret

    def close(self) -> None:
        """Stop Asterisk, and remove the home."""
        if pid := find_running(self.home):
            pidfd = os.pidfd_open(pid)
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            os.close(pidfd)
        shutil.rmtree(self.home)

    def _open_sessions(self) -> dict[str, str]:
        tokens = {extension: secrets.token_urlsafe(32) for extension in self.extensions}
        password = hash_password(secrets.token_urlsafe())
        now = utc_now()
        with self.writing() as writer:
            for extension, token in tokens.items():
                agent = writer.run(
                    agents.save_agent,
                    login=extension,
                    name=f"Agent {extension}",
                    role=Role.AGENT,
                    extension=extension,
                    language="en",
                    password_hash=password,
                    phone_key_hash=None,
                    at=now,
                )
                writer.run(
                    agents.add_session,
                    hash_token(token),
                    agent.id,
                    csrf="",
                    now=now,
                    expires=now + timedelta(hours=12),
                )
        return tokens

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.home / "server.log").open("ab") as log:
            # The AGI process answers its parent on standard output; the server only has its banner for it.
            output = subprocess.PIPE if "--role" in arguments else log
            return subprocess.Popen(
                [*OMNILINE, *arguments],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=log,
            )

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert self._server
            if self._server.poll() is not None or time.monotonic() > deadline:
                log = (self.home / "server.log").read_text("utf-8")[-2000:]
                raise RuntimeError(f"omniline did not start: {log}")
            time.sleep(0.05)

    def _wait_told(self) -> None:
        """What came while our server was away is told first."""
        deadline = time.monotonic() + START_SECONDS
        while not {"omniline_calls_retelling 0.0", "omniline_writes_waiting 0.0"} <= set(
            self._read_metrics()
        ):
            if time.monotonic() > deadline:
                raise RuntimeError("omniline does not come to an end with the calls of its absence")
            time.sleep(0.2)

    def _read_metrics(self) -> list[str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=5)
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode().splitlines()

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    @staticmethod
    def _end(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        process.send_signal(number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _forget_statistics(connection: Connection) -> None:
    """No home has any; and those of the data set, which has no conversations, make SQLite look for one without its index."""
    connection.execute(text("DELETE FROM sqlite_stat1"))


def free_ports(count: int) -> Sequence[int]:
    """Ports that are free for TCP and UDP on loopback right now."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(20_000, 32_000)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        if port not in ports:
            ports.append(port)
    return ports

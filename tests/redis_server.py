"""A real Redis of a test's own: Debian's program, a temporary folder, a unix socket, no TCP, nothing kept on disk."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import redis


class RedisServer:
    """`stop` and `start` may be repeated: it is empty again then."""

    def __init__(self) -> None:
        program = shutil.which("redis-server")
        assert program, "no Redis: 'make test' installs it (setup/debian-packages.txt)"
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="omniline-redis-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self._folder / 'socket'}?db=0"

    def start(self) -> None:
        """Returns when it takes connections."""
        kept_nowhere = ("--save", "", "--appendonly", "no")
        self._process = subprocess.Popen(
            [self._program, "--port", "0", "--unixsocket", "socket", "--dir", self._folder, *kept_nowhere],
            stdout=subprocess.DEVNULL,
            cwd=self._folder,
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                self.ask("PING")
                return
            except redis.ConnectionError:
                assert time.monotonic() < deadline, "Redis does not start"
                time.sleep(0.005)

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(20)

    def ask(self, *command: str | int) -> Any:
        """What it answers to one command."""
        with redis.Redis.from_url(self.url) as connection:
            return connection.execute_command(*command)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

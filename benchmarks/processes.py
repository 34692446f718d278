"""Programs under measurement: started, asked for the CPU time they used, stopped."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Server:
    """A running program that said `ready PORT`."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """CPU time of all its threads so far, also of those that have ended."""
        # The kernel's id of another process's CPU clock (clock_getcpuclockid(3); include/linux/posix-timers_types.h).
        return time.clock_gettime((~self.pid << 3) | 2)


@contextmanager
def serving(module: str, arguments: Sequence[str]) -> Iterator[Server]:
    """`python -m module arguments…` until the block ends. The program ends with its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        word, _, port = process.stdout.readline().decode().partition(" ")
        if word != "ready":
            raise RuntimeError(f"{module} {' '.join(arguments)} did not start")
        yield Server(process.pid, int(port))
    finally:
        process.kill()
        process.wait()

"""Programs under measurement: started, asked for the CPU time they used, stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

IDLE_SECONDS = 0.3
IDLE_SHARE = 0.1
REST_LOOKS = 100


@dataclass(frozen=True, slots=True)
class Server:
    """A running program that said `ready PORT`."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """CPU time of all its threads so far, also of those that have ended."""
        # The kernel's id of another process's CPU clock (clock_getcpuclockid(3); include/linux/posix-timers_types.h).
        return time.clock_gettime((~self.pid << 3) | 2)

    def wait_idle(self) -> None:
        """Until it has done next to nothing for IDLE_SECONDS. Raises RuntimeError when it does not come to rest."""
        for _ in range(REST_LOOKS):
            before = self.cpu_seconds()
            time.sleep(IDLE_SECONDS)
            if self.cpu_seconds() - before < IDLE_SECONDS * IDLE_SHARE:
                return
        raise RuntimeError(f"process {self.pid} does not come to rest")


def children_of(pid: int) -> list[int]:
    """Of all its threads (proc(5), /proc/pid/task/tid/children)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text("ascii").split()]


def family_seconds(pid: int) -> float:
    """CPU time of a process and of all that it has started, also of what has ended (proc(5), /proc/pid/stat: 14 to 17)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        children = children_of(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it ended just now: its parent has its time next time
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(family_seconds, children))


def resident_mib(pid: int) -> float:
    """What it has in memory (proc(5), /proc/pid/statm)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


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

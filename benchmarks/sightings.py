"""How the programs beside a running product say what they saw: which caller, at which extension, when.

Each is a process of its own (phones, desks, AMI readers), so that none of them waits for another, and writes a line for
each sighting to its standard output, which is a file. Times are Unix seconds of the one clock of this machine.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

READY = "ready"
START_SECONDS = 30

Ring = tuple[str, str]
"""Caller in E.164, extension: one ring of one phone, as no caller of a round calls twice."""


def say_ready() -> None:
    print(READY, flush=True)


def say(caller: str, extension: str, at: float) -> None:
    """Tell a sighting."""
    print(caller, extension, repr(at), flush=True)


def read(lines: Sequence[str]) -> dict[Ring, float]:
    """When each ring was first seen."""
    seen: dict[Ring, float] = {}
    for line in lines:
        caller, extension, at = line.split()
        seen.setdefault((caller, extension), float(at))
    return seen


class Witness:
    """A running program that tells sightings. Raises RuntimeError from `take` when it has ended."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.pid = process.pid
        self._process = process
        self._output = output
        self._taken = 0

    def take(self) -> dict[Ring, float]:
        """What it has seen since the last call."""
        if self._process.poll() is not None:
            raise RuntimeError(f"{self._process.args!r} has ended")
        lines = self._output.read_text("utf-8").rpartition("\n")[0].split("\n")
        fresh, self._taken = lines[self._taken :], len(lines)
        return read(fresh)

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._output.read_text("utf-8").startswith(f"{READY}\n"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self._process.args!r} did not start")
            time.sleep(0.02)
        self._taken = 1


@contextmanager
def witness(
    module: str, arguments: Sequence[str], output: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Witness]:
    """`python -m module arguments…` until the block ends, once it is ready."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdin=subprocess.DEVNULL, stdout=file, env=environment
        )
    try:
        running = Witness(process, output)
        running.wait_ready()
        yield running
    finally:
        process.kill()
        process.wait()

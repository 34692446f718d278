"""Progress, for the person who waits; and how a failure ends."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class SetupFailed(Exception):
    """The message says what failed and what to do."""


def say(line: str) -> None:
    print(f"  {line}", flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Names a step before it begins and tells how long it took."""
    print(f"* {title}", flush=True)
    started = time.monotonic()
    yield
    say(f"done in {time.monotonic() - started:.0f} s")


def run(
    command: Sequence[str | Path],
    *,
    advice: str,
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run a program; its output is shown by `on_line`, or kept back and shown only when it fails.

    Raises SetupFailed with `advice` when it does.
    """
    lines: list[str] = []
    with subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            if on_line:
                on_line(line.rstrip())
    if process.returncode:
        sys.stdout.writelines(lines[-40:])
        raise SetupFailed(f"{Path(command[0]).name} failed (exit code {process.returncode}); {advice}")

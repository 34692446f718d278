"""make check: format, lint, types, import contracts, docs, the desk with its catalogues. All run, whatever fails."""

from __future__ import annotations

import subprocess

from setup.desk import npm
from setup.python import VENV
from setup.say import ROOT, SetupFailed, say

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("pytest", "-q", "tests/unit/test_docs.py"),
)


def run_checks() -> int:
    """The exit code is 0 when everything is in order."""
    failed = [" ".join(check) for check in CHECKS if not _passes(check)]
    print("\n* npm run check", flush=True)
    try:
        npm("run", "check")
    except SetupFailed:
        failed.append("npm run check")
    for check in failed:
        say(f"failed: {check}")
    return 1 if failed else 0


def _passes(check: tuple[str, ...]) -> bool:
    print(f"\n* {' '.join(check)}", flush=True)
    return subprocess.run([str(VENV / "bin" / check[0]), *check[1:]], cwd=ROOT, check=False).returncode == 0

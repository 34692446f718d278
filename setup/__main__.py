"""`python3 -m setup run|test|check|bench|soak`: install what is missing for it, then do it. `make` calls this."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from pbx.errors import PbxError
from setup.asterisk import ensure_asterisk
from setup.checks import run_checks
from setup.desk import ensure_desk
from setup.python import PYTHON, VENV, ensure_python
from setup.say import SetupFailed
from setup.soak import run_soak
from setup.suite import run_tests
from setup.system import ensure_test_packages

TARGETS = ("run", "test", "check", "bench", "soak")


def main(target: str) -> int:
    if target in {"test", "soak"}:
        ensure_test_packages()
    ensure_python("run" if target == "run" else "dev")
    if target != "check":
        ensure_asterisk()
    ensure_desk()
    if target == "test":
        return run_tests()
    if target == "check":
        return run_checks()
    if target == "soak":
        return run_soak()
    if target == "bench":
        _become(str(PYTHON), "-m", "benchmarks")
    return _become(str(VENV / "bin/omniline"), "serve", "--sample")


def _become(program: str, *arguments: str) -> NoReturn:
    """Go on as `program`: Ctrl-C and signals reach it itself, nobody stands between."""
    os.execv(program, [program, *arguments])  # noqa: S606 (no shell is what we want)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: python3 -m setup {'|'.join(TARGETS)}")
    try:
        sys.exit(main(sys.argv[1]))
    except (SetupFailed, PbxError) as error:
        sys.exit(f"setup: {error}")
    except OSError as error:
        sys.exit(f"setup: {error}; is the disk full, or a folder not yours?")
    except KeyboardInterrupt:
        sys.exit(130)

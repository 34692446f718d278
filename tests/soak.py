"""Seeds for the tests marked `fault`, and their results as JSON lines: pytest's side of `make soak`.

A test that takes `chance` (or `seed`) runs once for each seed: one by default, `--seeds N` for more, the first of them
`OMNILINE_SEED`. With `--soak FILE` each result is appended to FILE, and what passed there already is left out.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections.abc import Generator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FIRST_SEED = 1


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("omniline")
    group.addoption("--seeds", type=int, default=1, help="how many seeds each fault test runs with")
    group.addoption("--soak", type=Path, help="append the results of fault tests here; leave out what passed")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        first = int(os.environ.get("OMNILINE_SEED", FIRST_SEED))
        seeds = range(first, first + metafunc.config.getoption("--seeds"))
        metafunc.parametrize("seed", seeds, ids=lambda seed: f"seed{seed}")


@pytest.fixture
def chance(seed: int) -> random.Random:
    """What is left to chance in a fault test: moments, places, sizes."""
    return random.Random(seed)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    file = config.getoption("--soak")
    if file is None or not file.exists():
        return
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    passed = {key_of(row) for row in rows if row["result"] == "passed"}
    left_out = [item for item in items if key_of(describe(item)) in passed]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    file = item.config.getoption("--soak")
    # A set-up or a tear-down that failed is a failure too, and one that passed is nothing yet.
    if file is not None and (report.when == "call" or report.failed):
        file.parent.mkdir(parents=True, exist_ok=True)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        row = {
            "commit": commit(),
            **describe(item),
            "result": report.outcome,
            "seconds": call.duration,
            "at": at,
        }
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")
    return report


def describe(item: pytest.Item) -> dict[str, Any]:
    """The test without its seed and its engine, and those."""
    params = getattr(item, "callspec", None) and item.callspec.params  # type: ignore[attr-defined]
    given, asked = params or {}, getattr(item, "fixturenames", ())
    # A test of one engine only asks for its server or its file.
    only = "postgres" if "postgres" in asked else "sqlite" if "sqlite_url" in asked else "none"
    engine = next((given[name] for name in ("url", "empty_url", "engine") if name in given), only)
    seed = given.get("seed")
    name, _, ids = item.nodeid.removesuffix("]").partition("[")
    rest = re.sub(rf"(?:^|(?<=-))(?:seed{seed}|{engine})(?:-|$)", "", ids).removesuffix("-")
    return {"test": f"{name}[{rest}]" if rest else name, "seed": seed, "engine": engine}


def key_of(row: dict[str, Any]) -> tuple[str, int | None, str]:
    return row["test"], row["seed"], row["engine"]


@cache
def commit() -> str:
    """The commit that is tested, with a `+` when the tree differs from it."""
    described = ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"]
    return subprocess.run(described, capture_output=True, text=True, check=False).stdout.strip() or "unknown"

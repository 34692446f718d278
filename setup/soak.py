"""make soak: every fault test with many seeds on every engine, and a table of what was survived.

What needs no real time runs on all cores at once, then the rest one by one. The results are JSON lines, one a run, each
with its commit. A run that is stopped goes on where it was when it is started again; remove the file to begin anew.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from setup.python import PYTHON
from setup.say import ROOT

RESULTS = ROOT / "build/soak.jsonl"
SEEDS = 20
PASSES = (
    ("-n", str(os.cpu_count() or 1), "-m", "fault and not realtime"),
    ("-m", "fault and realtime"),
)
NOTHING_LEFT = 5
"""pytest's exit code where all have passed before."""


def run_soak() -> int:
    """The exit code is 0 when every run of the table was survived. `SEEDS` in the environment sets their number."""
    seeds = os.environ.get("SEEDS") or str(SEEDS)
    command = [str(PYTHON), "-m", "pytest", *options(seeds, RESULTS)]
    codes = {subprocess.run([*command, *each], cwd=ROOT, check=False).returncode for each in PASSES}
    rows = read_rows(RESULTS) if RESULTS.exists() else []
    print("\n" + render(rows), flush=True)
    return 0 if rows and codes <= {0, NOTHING_LEFT} and all(row["result"] == "passed" for row in rows) else 1


def options(seeds: str, results: Path) -> list[str]:
    # As a word of its own a file that is there would be taken for the tests, and these, who know the options, not be found.
    return ["--seeds", seeds, f"--soak={results}"]


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The newest result of each run."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return list({(row["test"], row["engine"], row["seed"]): row for row in rows}.values())


def render(rows: list[dict[str, Any]]) -> str:
    runs, survived = Counter(), Counter()
    commits: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        key = row["test"], row["engine"]
        runs[key] += 1
        survived[key] += row["result"] == "passed"
        commits.setdefault(key, set()).add(row["commit"])
    lines = ["| fault | engine | survived | commits |", "| --- | --- | --- | --- |"]
    for test, engine in sorted(runs):
        key = test, engine
        lines.append(
            f"| {test} | {engine} | {survived[key]} of {runs[key]} | {', '.join(sorted(commits[key]))} |"
        )
    return "\n".join(lines)

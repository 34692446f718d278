"""make soak: what passed is not run again, and the table says what was survived."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from subprocess import run

from setup.say import ROOT
from setup.soak import options, read_rows, render

TEST = """
import pytest

@pytest.mark.fault
@pytest.mark.parametrize("what", ["a-b", "c", "-1"])
def test_it(chance, seed, what):
    assert seed != 3 or what != "c"
"""


def soak(folder: Path, seeds: int) -> str:
    (folder / "testing").mkdir(exist_ok=True)
    (folder / "testing/conftest.py").write_text("from tests.soak import *\n")
    (folder / "testing/test_it.py").write_text(TEST)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = fault\ntestpaths = testing\n")
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", folder, "--import-mode=importlib"]
    environment = {"PYTHONPATH": str(ROOT), "OMNILINE_SEED": "2"}
    done = run(
        [*command, "-p", "no:cacheprovider", *options(str(seeds), folder / "build/soak.jsonl")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_what_passed_is_left_out_and_what_failed_is_run_again(tmp_path: Path) -> None:
    assert "1 failed, 5 passed" in soak(tmp_path, 2)
    assert "1 failed, 3 passed, 5 deselected" in soak(tmp_path, 3)
    lines = (tmp_path / "build/soak.jsonl").read_text().splitlines()
    assert len(lines) == 10
    assert set(json.loads(lines[0])) == {"commit", "test", "seed", "engine", "result", "seconds", "at"}
    rows = read_rows(tmp_path / "build/soak.jsonl")
    assert len(rows) == 9
    table = render(rows).splitlines()
    assert [line.split(" | ")[:3] for line in table[2:]] == [
        ["| testing/test_it.py::test_it[-1]", "none", "3 of 3"],
        ["| testing/test_it.py::test_it[a-b]", "none", "3 of 3"],
        ["| testing/test_it.py::test_it[c]", "none", "2 of 3"],
    ]

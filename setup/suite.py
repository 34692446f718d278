"""make test: the tests that may run at once, then those in real time one by one, then the desk's; one summary."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from xml.etree import ElementTree

from setup.desk import npm
from setup.python import PYTHON
from setup.say import ROOT, SetupFailed, say

REPORTS = ROOT / "build/tests"
SUITES = {
    # Twice the processors that it is meant for: they wait for servers as long as they work.
    "parallel": ("-n", "4", "-m", "not realtime"),
    "realtime": ("-m", "realtime"),
}


@dataclass(frozen=True)
class Counts:
    passed: int = 0
    failed: int = 0


def run_tests() -> int:
    """Run all of them whatever fails; the exit code is 0 when none did."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    counts = [_run_pytest(name, arguments) for name, arguments in SUITES.items()]
    counts.append(_run_desk_tests())
    passed, failed = sum(count.passed for count in counts), sum(count.failed for count in counts)
    print(f"\n{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 and passed else 1


def _run_pytest(name: str, arguments: tuple[str, ...]) -> Counts:
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    print(f"\n* tests: {name}", flush=True)
    code = subprocess.run(
        [str(PYTHON), "-m", "pytest", *arguments, f"--junitxml={report}"], cwd=ROOT, check=False
    ).returncode
    if not report.exists():
        return Counts(failed=1)
    counts = read_report(report.read_text(encoding="utf-8"))
    # What failed without a test to its name (a crash, nothing collected) counts too.
    return Counts(counts.passed, max(counts.failed, 1)) if code else counts


def read_report(text: str) -> Counts:
    """The counts of a JUnit XML report that pytest wrote."""
    # The report is our own pytest's, not a stranger's.
    suites = ElementTree.fromstring(text).iter("testsuite")  # noqa: S314
    total = failed = 0
    for suite in suites:
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        failed += bad
        total += int(suite.get("tests", 0)) - bad - int(suite.get("skipped", 0))
    return Counts(total, failed)


def _run_desk_tests() -> Counts:
    print("\n* tests: the desk", flush=True)
    try:
        npm("test")
    except SetupFailed as error:
        say(str(error))
        return Counts(failed=1)
    return Counts(passed=1)

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from setup.say import SetupFailed, run
from setup.stamp import digest, is_current, remember
from setup.suite import Counts, read_report
from setup.system import LIST, ensure_test_packages, find_missing


def test_a_stamp_is_current_until_an_input_changes(tmp_path: Path) -> None:
    source, stamp = tmp_path / "lock", tmp_path / "deep/stamp"
    source.write_text("1")
    before = digest([source])
    assert not is_current(stamp, before)
    remember(stamp, before)
    assert is_current(stamp, digest([source]))
    assert not is_current(stamp, digest([source], "3.12"))
    source.write_text("2")
    assert not is_current(stamp, digest([source]))


def test_a_failed_program_says_what_to_do_and_what_it_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SetupFailed, match=r"exit code 3.*; try again"):
        run([sys.executable, "-c", "print('why'); raise SystemExit(3)"], advice="try again")
    assert "why" in capsys.readouterr().out


def test_lines_are_passed_on_as_they_come() -> None:
    seen: list[str] = []
    run([sys.executable, "-c", "print('a'); print('b')"], advice="", on_line=seen.append)
    assert seen == ["a", "b"]


def test_missing_packages_are_found_and_comments_passed_over() -> None:
    assert find_missing(["# dpkg", "", "dpkg", "there-is-no-such-package"]) == ["there-is-no-such-package"]


def test_the_list_names_packages_only() -> None:
    for line in LIST.read_text().splitlines():
        assert line.startswith("#") or line.replace("-", "").replace(".", "").isalnum(), line


def test_without_root_and_sudo_the_admins_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("setup.system.find_missing", lambda _: ["baresip-core", "sox"])
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(SetupFailed, match="apt-get install --no-install-recommends baresip-core sox"):
        ensure_test_packages()


def test_a_report_is_counted() -> None:
    text = (
        '<testsuites><testsuite tests="7" failures="2" errors="1" skipped="1"/>'
        '<testsuite tests="3" failures="0" errors="0" skipped="0"/></testsuites>'
    )
    assert read_report(text) == Counts(passed=6, failed=3)

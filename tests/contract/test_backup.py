"""A backup put back is the home that it was made of; anything else changes nothing."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import stat
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bridge.cli.main import omniline
from bridge.errors import InvalidInput
from bridge.flows.back_up import MANIFEST
from bridge.flows.keep_file import keep_file

RECORDING = b"RIFF" + bytes(range(256)) * 40


def run(home: Path, *arguments: str | Path, database: str = "") -> Result:
    """`database` is where it is, where it is not in the home."""
    environment = {"OMNILINE_HOME": str(home), "OMNILINE_DATABASE__URL": database}
    return CliRunner().invoke(omniline, [str(each) for each in arguments], env=environment)


def done(result: Result) -> Result:
    assert result.exit_code == 0, (result.output, result.exception)
    return result


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample company and a recording; tests read it only."""
    home = tmp_path_factory.mktemp("company") / "home"
    done(run(home, "sample"))
    (home / "recordings/2026").mkdir(parents=True)
    (home / "recordings/2026/1.0-caller.wav").write_bytes(RECORDING)
    (home / "asterisk-config/generated").mkdir(exist_ok=True)
    (home / "asterisk-config/generated/omni.conf").write_text("rendered at every start")
    (home / "asterisk-config/custom/own.conf").write_text("the admin's")
    return home


@pytest.fixture(scope="module")
def backup(company: Path) -> Path:
    file = company.parent / "omniline.backup"
    done(run(company, "backup", file))
    return file


INSERT = "INSERT INTO attachment (id, entry_id, name, media_type, size, sha256) VALUES (?, ?, ?, ?, ?, ?)"


def read_rows(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(home / "omniline.sqlite3")) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


def read_files(home: Path) -> dict[str, tuple[int, bytes]]:
    """All but the database: mode and content by name."""
    return {
        path.relative_to(home).as_posix(): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in home.rglob("*")
        if path.is_file() and not path.name.startswith("omniline.sqlite3")
    }


def test_what_is_restored_is_what_was_backed_up(company: Path, backup: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done(run(home, "restore", backup))
    assert read_rows(home) == read_rows(company)
    expected = read_files(company)
    del expected["asterisk-config/generated/omni.conf"]
    assert read_files(home) == expected
    assert "recordings/2026/1.0-caller.wav" in expected
    agents = [run(each, "agents", "list", "--secrets", "--json").output for each in (home, company)]
    assert agents[0] == agents[1]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_a_home_that_is_not_empty_is_left_alone_or_put_away(
    company: Path, backup: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    done(run(home, "init"))
    before = read_files(home)
    refused = run(home, "restore", backup)
    assert isinstance(refused.exception, InvalidInput)
    assert "not empty" in str(refused.exception)
    assert read_files(home) == before
    done(run(home, "restore", "--replace", backup))
    assert read_rows(home) == read_rows(company)
    (away,) = home.glob("before-restore-*")
    assert read_files(away) == before
    assert (away / "omniline.sqlite3").exists()


def test_a_backup_of_a_busy_home_holds_all_that_its_rows_name(company: Path, tmp_path: Path) -> None:
    busy, file, home = tmp_path / "busy", tmp_path / "file", tmp_path / "home"
    shutil.copytree(company, busy)
    stopping, numbers = threading.Event(), iter(range(1_000_000))
    with closing(sqlite3.connect(busy / "omniline.sqlite3")) as connection:
        entry = connection.execute("SELECT id FROM timeline_entry").fetchone()[0]

    def keep_attachments() -> None:
        with closing(sqlite3.connect(busy / "omniline.sqlite3", timeout=5)) as connection:
            while not stopping.is_set():
                number = next(numbers)
                name = keep_file(busy / "attachments", f"file {number}".encode())
                row = (f"{number:032x}", entry, "a", "text/plain", 6, name)
                connection.execute(INSERT, row)
                connection.commit()

    writing = threading.Thread(target=keep_attachments)
    writing.start()
    try:
        done(run(busy, "backup", file))
    finally:
        stopping.set()
        writing.join()
    done(run(home, "restore", file))
    named = {row[5] for row in read_rows(home)["attachment"]}
    assert named
    assert named <= {path.name for path in (home / "attachments").iterdir()}


def bad_files(backup: bytes) -> Iterator[tuple[str, bytes]]:
    dice = random.Random(4)
    yield "empty", b""
    yield "text", b"omniline" * 1000
    for _ in range(8):
        yield "torn", backup[: dice.randrange(1, len(backup))]
    for _ in range(8):
        at = dice.randrange(len(backup))
        yield "altered", backup[:at] + bytes([backup[at] ^ 0xFF]) + backup[at + 1 :]


def test_a_file_that_is_not_whole_changes_nothing(company: Path, backup: Path, tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "file"
    done(run(home, "init"))
    before, rows = read_files(home), read_rows(home)
    for what, content in bad_files(backup.read_bytes()):
        file.write_bytes(content)
        answer = run(home, "restore", "--replace", file)
        if answer.exit_code == 0 and what == "altered":
            # The byte meant nothing, such as a time in the zip's directory.
            before, rows = read_files(home), read_rows(home)
            assert rows == read_rows(company)
            continue
        assert isinstance(answer.exception, InvalidInput), (what, answer.exception)
        assert str(file) in str(answer.exception), what
        assert (read_files(home), read_rows(home)) == (before, rows), what


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": 2}, "format 2"),
        ({"revision": "9999"}, "newer Omniline"),
        ({"engine": "postgresql"}, "database is postgresql"),
        ({"files": {}}, "without database"),
        ({"files": "../evil"}, "has no place in a home"),
        ({"files": "recordings/../../evil"}, "has no place in a home"),
        ({"files": "/etc/evil"}, "has no place in a home"),
        ({"files": "unknown/evil"}, "has no place in a home"),
    ],
)
def test_a_strangers_file_is_refused(
    backup: Path, tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    home, file = tmp_path / "home", tmp_path / "file"
    with zipfile.ZipFile(backup) as source, zipfile.ZipFile(file, "w") as target:
        manifest = json.loads(source.read(MANIFEST))
        evil = changed.get("files")
        if isinstance(evil, str):
            target.writestr(evil, b"evil")
            changed = {"files": {**manifest["files"], evil: "0" * 64}}
        for name in manifest["files"]:
            target.writestr(name, source.read(name))
        target.writestr(MANIFEST, json.dumps({**manifest, **changed}))
    answer = run(home, "restore", file)
    assert isinstance(answer.exception, InvalidInput)
    assert message in str(answer.exception)
    assert list(home.iterdir()) == []
    assert list(tmp_path.rglob("evil")) == []


def test_nothing_to_back_up_says_so(tmp_path: Path) -> None:
    answer = run(tmp_path / "home", "backup", tmp_path / "file")
    assert isinstance(answer.exception, InvalidInput)
    assert "no company" in str(answer.exception)
    assert not (tmp_path / "file").exists()

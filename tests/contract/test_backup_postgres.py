"""A backup of a company on PostgreSQL, put back into another database: the same rows and files, also made while others write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bridge.errors import InvalidInput, Transient
from bridge.flows.keep_file import keep_file
from tests.contract.test_backup import RECORDING, done, read_files, run
from tests.postgres import PostgresServer


@dataclass(frozen=True)
class Company:
    """The sample company in a home, and its database."""

    home: Path
    database: str


@pytest.fixture
def company(postgres: PostgresServer, tmp_path: Path) -> Iterator[Company]:
    home = tmp_path / "company"
    with postgres.blank_database() as url:
        done(run(home, "sample", database=url))
        (home / "recordings/2026").mkdir(parents=True)
        (home / "recordings/2026/1.0-caller.wav").write_bytes(RECORDING)
        yield Company(home, url)


@pytest.fixture
def blank(postgres: PostgresServer) -> Iterator[str]:
    """The address of an empty database."""
    with postgres.blank_database() as url:
        yield url


def read_rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)  # type: ignore[call-overload]
            for (name,) in tables
        }


def test_what_is_restored_is_what_was_backed_up(company: Company, blank: str, tmp_path: Path) -> None:
    file, home = tmp_path / "file", tmp_path / "home"
    done(run(company.home, "backup", file, database=company.database))
    done(run(home, "restore", file, database=blank))
    rows = read_rows(blank)
    assert rows == read_rows(company.database)
    assert rows["timeline_entry"]
    assert read_files(home) == read_files(company.home)
    agents = [
        run(each, "agents", "list", "--secrets", "--json", database=url).output
        for each, url in ((home, blank), (company.home, company.database))
    ]
    assert agents[0] == agents[1]
    # It is a database to go on with: its guards are there too.
    with psycopg.connect(blank) as connection, pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        connection.execute("UPDATE timeline_entry SET body = 'another'")


class Busy:
    """Writes one file, and two rows that name it in one transaction, again and again; `kept` counts what was committed."""

    def __init__(self, company: Company) -> None:
        self.kept = 0
        self.begun = threading.Event()
        self._company = company
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Busy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _write(self) -> None:
        with psycopg.connect(self._company.database) as connection:
            (entry,) = connection.execute("SELECT id FROM timeline_entry").fetchone() or (None,)
            while not self._stopping.is_set():
                name = keep_file(self._company.home / "attachments", f"file {self.kept}".encode())
                for side in ("a", "b"):
                    connection.execute(
                        "INSERT INTO attachment (id, entry_id, name, media_type, size, sha256)"
                        " VALUES (gen_random_uuid(), %s, %s, 'text/plain', 6, %s)",
                        (entry, f"{self.kept} {side}", name),
                    )
                connection.commit()
                self.kept += 1
                self.begun.set()


def test_a_backup_made_while_others_write_is_of_one_moment(
    company: Company, blank: str, tmp_path: Path
) -> None:
    file, home = tmp_path / "file", tmp_path / "home"
    with Busy(company) as busy:
        assert busy.begun.wait(20)
        before = busy.kept
        done(run(company.home, "backup", file, database=company.database))
        after = busy.kept
    done(run(home, "restore", file, database=blank))
    rows = read_rows(blank)["attachment"]
    sides = sorted(str(row[2]) for row in rows if str(row[2])[-2:] in (" a", " b"))
    count = len(sides) // 2
    assert 0 < before <= count <= after
    assert sides == sorted(f"{number} {side}" for number in range(count) for side in "ab")
    assert {str(row[5]) for row in rows} <= {path.name for path in (home / "attachments").iterdir()}


def test_a_database_that_is_not_empty_is_left_alone(company: Company, tmp_path: Path) -> None:
    file, home, before = tmp_path / "file", tmp_path / "home", read_rows(company.database)
    done(run(company.home, "backup", file, database=company.database))
    refused = run(home, "restore", file, database=company.database)
    assert isinstance(refused.exception, InvalidInput)
    assert "there is a database already" in str(refused.exception)
    assert list(home.iterdir()) == []
    assert read_rows(company.database) == before


def test_a_file_that_was_altered_changes_nothing(company: Company, blank: str, tmp_path: Path) -> None:
    file, home = tmp_path / "file", tmp_path / "home"
    done(run(company.home, "backup", file, database=company.database))
    content = file.read_bytes()
    for cut in (b"", content[: len(content) // 2], content[:200] + b"\xff" * 64 + content[264:]):
        file.write_bytes(cut)
        assert isinstance(run(home, "restore", file, database=blank).exception, InvalidInput)
        assert list(home.iterdir()) == []
        assert read_rows(blank) == {}


def test_a_database_that_is_away_leaves_the_earlier_backup(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "file"
    done(run(company.home, "backup", file, database=company.database))
    before = file.read_bytes()
    answer = run(company.home, "backup", file, database=company.database.replace("host=", "host=/nowhere"))
    assert isinstance(answer.exception, Transient)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".backup")] == []

"""The migrations make what the schema says."""

import re

import pytest
from sqlalchemy import Connection, create_engine, text

from bridge.errors import InvalidInput
from bridge.store.dialect import writer_engine
from bridge.store.migrations import upgrade
from bridge.store.schema import metadata


def read_tables(conn: Connection) -> dict[str, frozenset[str]]:
    """Of every table and index of ours, its columns, constraints and conditions, in any order."""
    rows = conn.execute(
        text(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger' AND name <> 'alembic_version'"
        )
    )
    # SQLite writes a column that was added later behind the last one, on its line.
    lines = {name: re.split(r"\n|, (?=[a-z_]+ [A-Z])", sql) for name, sql in rows}
    return {name: frozenset(line.strip(" \t,") for line in of) for name, of in lines.items()}


def test_the_migrations_make_the_schema(conn: Connection) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as fresh:
        metadata.create_all(fresh)
        assert read_tables(conn) == read_tables(fresh)


def test_upgrading_twice_changes_nothing(url: str) -> None:
    def read() -> list[tuple[object, ...]]:
        with writer_engine(url).connect() as conn:
            return [tuple(row) for row in conn.execute(text("SELECT type, name, sql FROM sqlite_master"))]

    before = read()
    upgrade(url)
    assert read() == before


def test_a_database_of_a_newer_program_is_refused(url: str) -> None:
    with writer_engine(url).begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InvalidInput, match="newer Omniline"):
        upgrade(url)


def test_an_engine_that_the_guards_are_not_written_for_is_refused() -> None:
    with pytest.raises(InvalidInput, match="keeps its data in SQLite"):
        upgrade("postgresql://nobody@127.0.0.1:1/none")

"""The migrations make what the schema says, on both engines, whole or not at all."""

import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from bridge.errors import InvalidInput
from bridge.store.dialect import reader_engine, writer_engine
from bridge.store.migrations import find_revision, head_revision, upgrade
from bridge.store.schema import metadata

_SQLITE = """
    SELECT name, sql FROM sqlite_master
    WHERE sql IS NOT NULL AND type <> 'trigger' AND name <> 'alembic_version'"""
_POSTGRESQL = """
    SELECT c.relname, concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                                pg_get_expr(d.adbin, d.adrelid))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'
    UNION ALL SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
    UNION ALL SELECT tablename, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'"""


def read_tables(url: str) -> set[tuple[str, str]]:
    """Every column, constraint and index of ours in the engine's own words, in any order."""
    with reader_engine(url).connect() as conn:
        rows = conn.execute(
            text(_SQLITE if conn.dialect.name == "sqlite" else _POSTGRESQL.replace(":", "\\:"))
        )
        # SQLite writes a column that was added later behind the last one, on its line.
        lines = ((name, line) for name, words in rows for line in re.split(r"\n|, (?=[a-z_]+ [A-Z])", words))
        return {(name, line.strip(" \t,")) for name, line in lines}


def test_the_migrations_make_the_schema(empty_url: str) -> None:
    with writer_engine(empty_url).begin() as conn:
        metadata.create_all(conn)
    planned = read_tables(empty_url)
    with writer_engine(empty_url).begin() as conn:
        metadata.drop_all(conn)
    upgrade(empty_url)
    assert read_tables(empty_url) == planned


def test_upgrading_twice_changes_nothing(url: str) -> None:
    before = read_tables(url)
    upgrade(url)
    assert read_tables(url) == before


def test_a_database_of_a_newer_program_is_refused(url: str) -> None:
    with writer_engine(url).begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InvalidInput, match="newer Omniline"):
        upgrade(url)


def test_two_that_upgrade_at_once_make_it_once(empty_url: str) -> None:
    with ThreadPoolExecutor(1) as other, writer_engine(empty_url).connect() as conn:
        conn.begin()
        waiting = other.submit(
            subprocess.run, [sys.executable, "-c", _UPGRADE, empty_url], check=False, cwd=_ROOT
        )
        conn.close()
        upgrade(empty_url)
        assert waiting.result().returncode == 0
    assert find_revision(empty_url) == head_revision()


_ROOT = Path(__file__).parents[2]
_UPGRADE = "import sys; from bridge.store.migrations import upgrade; upgrade(sys.argv[1])"
FEWEST = 100
"""Statements that an upgrade runs at least."""
_KILLED = """
import os, sys
from sqlalchemy import Engine, event
from bridge.store.migrations import upgrade
left = int(sys.argv[2])
@event.listens_for(Engine, "after_cursor_execute")
def count(*_):
    global left
    left -= 1
    if not left:
        os._exit(9)
upgrade(sys.argv[1])
"""


@pytest.mark.fault
def test_one_that_is_killed_half_way_has_not_happened(empty_url: str, chance: random.Random) -> None:
    statements = chance.randrange(12, FEWEST)
    killed = [sys.executable, "-c", _KILLED, empty_url, str(statements)]
    assert subprocess.run(killed, check=False, cwd=_ROOT).returncode == 9
    with reader_engine(empty_url).connect() as conn:
        assert inspect(conn).get_table_names() == []
    upgrade(empty_url)
    assert find_revision(empty_url) == head_revision()

"""The database's history: `upgrade(url)` brings any database of ours to the newest revision.

An upgrade is one transaction on both engines, under the lock of the writers: an interrupted one has not happened, and
nobody writes meanwhile. Revisions never import `bridge.store.schema`: they say what the tables were then; a test holds
the sum of them to the schema.

A new revision: change `schema/`; add `versions/rNNNN_what.py` with `revision`, `down_revision` and an `upgrade()` of
Alembic's operations with the types of `store.types`, which serve both engines; a partial index says `sqlite_where` and
`postgresql_where`. What one engine only has (a guard, full text) asks `op.get_bind().dialect.name`, as r0001 does with
`triggers.py`. Old code runs on a new schema for a while: add with a default, drop a release later.
`tests/contract/test_migrations.py` says what is forgotten, on both.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, exc, inspect, make_url

from bridge.errors import InvalidInput
from bridge.store.dialect import reader_engine, writer_engine
from bridge.store.engine import passing_errors

OLDEST_POSTGRESQL = 15


def upgrade(url: str) -> str:
    """Make or bring up to date the tables of `url`; the revision they are at then. Two processes may do it at once:
    one waits for the other.

    Raises InvalidInput for a database of a newer Omniline, and for a PostgreSQL that is too old or whose database is
    not UTF-8; Transient for one that is locked or cannot be written.
    """
    with passing_errors(), writer_engine(url).connect() as connection, connection.begin():
        _refuse_unfit(connection)
        if _read_revision(connection) != head_revision():
            _run_revisions(connection)
    return head_revision()


def _run_revisions(connection: Connection) -> None:
    # Alembic takes a tenth of a start to load, and is not for every start to wait for.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "bridge.store:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise InvalidInput(
            f"{error}: it was made by a newer Omniline; run that one, or restore a backup",
            where=connection.engine.url.render_as_string(hide_password=True),
        ) from error


def _refuse_unfit(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    version, encoding = connection.exec_driver_sql(
        "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')"
    ).one()
    if version < OLDEST_POSTGRESQL * 10_000:
        raise InvalidInput(f"PostgreSQL {OLDEST_POSTGRESQL} or later is needed", where="database.url")
    if encoding != "UTF8":
        raise InvalidInput(
            f"the database is kept in {encoding}: make one with 'createdb --encoding=UTF8 --template=template0'",
            where="database.url",
        )


def require_current(url: str) -> None:
    """Raises InvalidInput, with what to do, unless the tables of `url` are those of this release; Transient like `upgrade`."""
    where = make_url(url).render_as_string(hide_password=True)
    try:
        current, head = find_revision(url), head_revision()
    except exc.DatabaseError as error:
        raise InvalidInput(
            f"it is damaged ({error.orig}): restore a backup, or move it away", where=where
        ) from error
    if current is None:
        raise InvalidInput("there are no tables yet: run 'omniline init'", where=where)
    if current != head:
        raise InvalidInput(
            f"it is at revision {current}, this release needs {head}: run 'omniline db upgrade'", where=where
        )


def head_revision() -> str:
    """The newest revision that this release knows."""
    return _known_revisions()[-1]


def is_known(revision: str) -> bool:
    """Whether this release can bring a database of `revision` up to date."""
    return revision in _known_revisions()


def find_revision(url: str) -> str | None:
    """The revision that the tables of `url` are at, None for an empty database. Raises Transient like `upgrade`."""
    with passing_errors(), reader_engine(url).connect() as connection:
        return _read_revision(connection)


def _read_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


@cache
def _known_revisions() -> tuple[str, ...]:
    """From the oldest to the newest, by the names of their files."""
    return tuple(sorted(path.name[1:5] for path in (Path(__file__).parent / "versions").glob("r*.py")))

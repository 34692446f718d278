"""The database's history: `upgrade(url)` brings any database of ours to the newest revision.

A revision is one transaction, on SQLite too: an interrupted one has not happened. Revisions never import
`bridge.store.schema`: they say what the tables were then; a test holds the sum of them to the schema.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import make_url

from bridge.errors import InvalidInput
from bridge.store.dialect import reader_engine, writer_engine
from bridge.store.engine import passing_errors


def upgrade(url: str) -> str:
    """Make or bring up to date the tables of `url`; the revision they are at then. Two processes may do it at once:
    one waits for the other.

    Raises InvalidInput for a database of a newer Omniline, and for PostgreSQL, which the triggers of revision 0001
    are not written for yet; Transient for one that is locked or cannot be written.
    """
    if make_url(url).get_backend_name() != "sqlite":
        raise InvalidInput("this release keeps its data in SQLite: give sqlite:///…", where="database.url")
    config = _config()
    with passing_errors(), writer_engine(url).connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise InvalidInput(
                f"{error}: it was made by a newer Omniline; run that one, or restore a backup", where=url
            ) from error
    return head_revision()


def head_revision() -> str:
    """The newest revision that this release knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def is_known(revision: str) -> bool:
    """Whether this release can bring a database of `revision` up to date."""
    return any(one.revision == revision for one in ScriptDirectory.from_config(_config()).walk_revisions())


def find_revision(url: str) -> str | None:
    """The revision that the tables of `url` are at, None for an empty database. Raises Transient like `upgrade`."""
    with passing_errors(), reader_engine(url).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "bridge.store:migrations")
    return config

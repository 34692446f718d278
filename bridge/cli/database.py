"""`omniline db`: the database's schema."""

from __future__ import annotations

import click

from bridge.cli.home import open_home
from bridge.settings import database_url


@click.group("db")
def db_command() -> None:
    """The database's schema."""


@db_command.command()
def upgrade() -> None:
    """Brings the schema to this release. Safe to repeat; `omniline serve` does it at its start."""
    from bridge.store.migrations import upgrade as upgrade_schema

    home, settings = open_home()
    click.echo(f"schema is at {upgrade_schema(database_url(home, settings))}")

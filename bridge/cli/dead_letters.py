"""`omniline dead-letters`: work that was given up after three tries, and what is to become of it."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from datetime import datetime

import click
import msgspec
from sqlalchemy import Connection

from bridge.cli.home import open_home
from bridge.domain.times import utc_now
from bridge.settings import database_url
from bridge.store import dead_letters
from bridge.store.engine import batch_writer, connect_reader


@click.group("dead-letters")
def dead_letters_command() -> None:
    """Work that failed three times: look at it, retry it, drop it."""


@dead_letters_command.command("list")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="The newest so many."
)
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
def list_command(limit: int, *, as_json: bool) -> None:
    """Shows the newest first."""
    with connect_reader(_url()) as connection:
        letters, more = dead_letters.list_letters(connection, limit=limit)
    if as_json:
        click.echo(msgspec.json.encode(letters))
        return
    for letter in letters:
        reason = letter.reason.partition("\n")[0]
        click.echo(f"{letter.id}  {letter.died_at}  {letter.group}  {letter.key}  {reason[:80]}")
    if more:
        click.echo(f"there are more than {limit}: --limit shows them", err=True)


@dead_letters_command.command("show")
@click.argument("letter_id", metavar="ID")
def show_command(letter_id: str) -> None:
    """All that is kept of one, as JSON: the reason, and the work itself."""
    with connect_reader(_url()) as connection:
        letter = dead_letters.get_letter(connection, letter_id)
    click.echo(json.dumps(msgspec.to_builtins(letter), indent=2, ensure_ascii=False))


@dead_letters_command.command("retry")
@click.argument("letter_ids", metavar="ID…", nargs=-1, required=True)
def retry_command(letter_ids: tuple[str, ...]) -> None:
    """Makes them work again, with three tries before them."""
    _end(letter_ids, dead_letters.retry)


@dead_letters_command.command("drop")
@click.argument("letter_ids", metavar="ID…", nargs=-1, required=True)
def drop_command(letter_ids: tuple[str, ...]) -> None:
    """Removes them: that work will never be done."""
    _end(letter_ids, dead_letters.drop)


def _end(letter_ids: tuple[str, ...], end: Callable[[Connection, str, str, datetime], None]) -> None:
    """All of them or, when one is not there, none."""
    with batch_writer(_url()) as writer:
        for letter_id in letter_ids:
            writer.run(end, letter_id, f"cli:{getpass.getuser()}", utc_now())


def _url() -> str:
    return database_url(*open_home())

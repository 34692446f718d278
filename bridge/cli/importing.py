"""`omniline import`: customers, mail, history and orders from files, by the formats of docs/howto/import-data.md."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from bridge.cli.home import open_home
from bridge.flows.import_rows import ImportResult
from bridge.settings import database_url

_FILE = click.Path(exists=True, path_type=Path)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="The result as JSON."),
        click.option(
            "--report", type=click.Path(dir_okay=False, path_type=Path), help="Where rejected rows go."
        ),
        click.argument("file", type=_FILE),
    ):
        command = option(command)
    return command


@click.group("import")
def import_command() -> None:
    """Import from files. Safe to repeat: what is known already is left as it is.

    Bad rows go to a report with line and reason, good rows are kept; the exit code is 0 then.
    """


@import_command.command("customers")
@_options
def customers(file: Path, report: Path | None, *, as_json: bool) -> None:
    """People, households and organisations from a CSV file."""
    from bridge.flows.import_customers import import_customers

    home, settings = open_home()
    result = import_customers(
        file,
        url=database_url(home, settings),
        region=settings.company.region,
        report=report,
        progress=_progress(),
    )
    _print(result, as_json=as_json)


@import_command.command("mail")
@_options
def mail(file: Path, report: Path | None, *, as_json: bool) -> None:
    """Mail from an mbox file or a Maildir."""
    from bridge.flows.import_mail import import_mail

    home, settings = open_home()
    result = import_mail(
        file,
        url=database_url(home, settings),
        attachments_folder=home / "attachments",
        region=settings.company.region,
        report=report,
        progress=_progress(),
    )
    _print(result, as_json=as_json)


@import_command.command("history")
@_options
def history(file: Path, report: Path | None, *, as_json: bool) -> None:
    """Messages of any channel from a JSON Lines file."""
    from bridge.flows.import_history import import_history

    home, settings = open_home()
    result = import_history(
        file,
        url=database_url(home, settings),
        region=settings.company.region,
        attachments_folder=home / "attachments",
        report=report,
        progress=_progress(),
    )
    _print(result, as_json=as_json)


@import_command.command("orders")
@_options
def orders(file: Path, report: Path | None, *, as_json: bool) -> None:
    """Orders and carts from a JSON Lines file."""
    from bridge.flows.import_orders import import_orders

    home, settings = open_home()
    result = import_orders(
        file,
        url=database_url(home, settings),
        region=settings.company.region,
        report=report,
        progress=_progress(),
    )
    _print(result, as_json=as_json)


def _progress() -> Callable[[int, int, int], None]:
    """Progress on standard error: in place on a terminal, a line for every tenth elsewhere."""
    told = -1

    def tell(done: int, total: int, rows: int) -> None:
        nonlocal told
        percent = 100 * done // total if total else 100
        if sys.stderr.isatty():
            click.echo(f"\r{percent:3} %  {rows} rows", nl=percent >= 100, err=True)
        elif percent // 10 > told:
            told = percent // 10
            click.echo(f"{percent:3} %  {rows} rows", err=True)

    return tell


def _print(result: ImportResult, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(result)))
        return
    click.echo(
        f"{result.rows} rows in {result.seconds:.1f} s: {result.created} new, {result.changed} changed, "
        f"{result.unchanged} known already, {result.rejected} rejected"
    )
    if result.report:
        click.echo(f"rejected rows with line and reason: {result.report}")

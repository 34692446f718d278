"""`omniline import`: customers, mail, history and orders from files, by the formats of docs/howto/import-data.md."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bridge.cli.home import open_company
from bridge.flows.import_rows import ImportResult
from bridge.settings import Settings


@click.group("import")
def import_command() -> None:
    """Import from files. Safe to repeat: what is known already is left as it is.

    Bad rows go to a report with line and reason, good rows are kept; the exit code is 0 then.
    """


def _command(run: Callable[..., ImportResult]) -> Callable[..., ImportResult]:
    """Add the command that `run` gives its name and its help; what all imports take is read here."""

    @click.argument("file", type=click.Path(exists=True, path_type=Path))
    @click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Where rejected rows go.")
    @click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
    def command(file: Path, report: Path | None, *, as_json: bool) -> None:
        home, settings, url = open_company()
        given = {"url": url, "report": report, "progress": _progress()}
        _print(run(file, home, settings, **given), as_json=as_json)

    import_command.command(run.__name__, help=run.__doc__)(command)
    return run


@_command
def customers(file: Path, _home: Path, settings: Settings, **given: Any) -> ImportResult:
    """People, households and organisations from a CSV file."""
    from bridge.flows.import_customers import import_customers

    return import_customers(file, region=settings.company.region, **given)


@_command
def mail(file: Path, home: Path, settings: Settings, **given: Any) -> ImportResult:
    """Mail from an mbox file or a Maildir."""
    from bridge.flows.import_mail import import_mail

    region, folder = settings.company.region, home / "attachments"
    return import_mail(file, region=region, attachments_folder=folder, **given)


@_command
def history(file: Path, home: Path, settings: Settings, **given: Any) -> ImportResult:
    """Messages of any channel from a JSON Lines file."""
    from bridge.flows.import_history import import_history

    region, folder = settings.company.region, home / "attachments"
    return import_history(file, region=region, attachments_folder=folder, **given)


@_command
def orders(file: Path, _home: Path, settings: Settings, **given: Any) -> ImportResult:
    """Orders and carts from a JSON Lines file."""
    from bridge.flows.import_orders import import_orders

    return import_orders(file, region=settings.company.region, **given)


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

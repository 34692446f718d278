"""`omniline backup` and `omniline restore`."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.home import open_home
from bridge.domain.times import utc_now
from bridge.errors import InvalidInput
from bridge.settings import home_path
from bridge.sole_server import sole_server

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", type=_FILE)
def backup_command(file: Path) -> None:
    """Writes the database, recordings, voicemail, attachments, settings and secrets to FILE. The server may run meanwhile.

    An earlier FILE is replaced once the new one is whole. It holds passwords: keep it where only you can read it.
    """
    from bridge.flows.back_up import back_up

    home, settings = open_home()
    manifest = back_up(home, settings, file, utc_now())
    click.echo(f"{len(manifest.files)} files, {file.stat().st_size / 2**20:.1f} MiB: {file}")


@click.command("restore")
@click.argument("file", type=_FILE)
@click.option(
    "--replace", is_flag=True, help="Put what is in the home away into its folder before-restore-TIME first."
)
def restore_command(file: Path, *, replace: bool) -> None:
    """Makes the home what it was when FILE was written by 'omniline backup'.

    The home must be empty, or --replace given, and no server run from it. A FILE that is not whole changes nothing.
    """
    from bridge.flows.restore import restore
    from pbx.asterisk.process import find_running

    home = home_path()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with sole_server(home):
        if find_running(home) is not None:
            raise InvalidInput("an Asterisk runs from this home: stop it first", where=str(home))
        manifest = restore(file, home, utc_now(), replace=replace)
    click.echo(f"{len(manifest.files)} files of {manifest.made_at}: {home}")

"""The entry point: finds the command's module by its name, and turns errors of ours into one line and an exit code."""

from __future__ import annotations

import importlib
import sys

import click

from bridge.errors import OmnilineError
from pbx.errors import PbxError
from transcripts.interface import TranscriptsError

# command -> the module that holds it; imported when the command is run or its help is read
COMMANDS = {
    "serve": "bridge.cli.serve",
    "init": "bridge.cli.company",
    "sample": "bridge.cli.company",
    "agents": "bridge.cli.company",
    "channels": "bridge.cli.channels",
    "simulate": "bridge.cli.simulate",
    "import": "bridge.cli.importing",
    "call": "bridge.cli.call",
    "doctor": "bridge.cli.doctor",
    "models": "bridge.cli.models",
    "db": "bridge.cli.database",
    "dead-letters": "bridge.cli.dead_letters",
    "backup": "bridge.cli.backup",
    "restore": "bridge.cli.backup",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name])
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="omniline")
def omniline() -> None:
    """Omniline: a virtual PBX with an omnichannel bridge."""


def main() -> None:
    """Runs a command; errors of ours and the system's (a folder that may not be written) are one line on standard error."""
    try:
        omniline(prog_name="omniline")
    except (OmnilineError, PbxError, TranscriptsError, OSError) as error:
        click.echo(f"omniline: {error}", err=True)
        sys.exit(1)

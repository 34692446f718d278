"""The company's inboxes: `omniline channels`."""

from __future__ import annotations

import re
import string
from dataclasses import asdict
from typing import Final, TextIO

import click

from bridge.channels.registry import make_channels
from bridge.cli.company import print_rows
from bridge.cli.home import open_company
from bridge.domain.address import canonical_email
from bridge.domain.ports import Challenges
from bridge.errors import InvalidInput
from bridge.secrets import Secrets, inbox_name, load_or_make
from bridge.settings import Settings, desk_url
from bridge.store import inboxes
from bridge.store.engine import batch_writer, connect_reader
from bridge.store.inboxes import Inbox

EMAIL: Final = "email"
_OF_TOKENS: Final = frozenset(string.ascii_letters + string.digits + ":_-")
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@click.group("channels")
def channels_command() -> None:
    """The company's inboxes: one configured account of a channel each."""


@channels_command.command("add")
@click.argument("channel")
@click.argument("key")
@click.option(
    "--token-file", type=click.File(), help="Holds the token that we send with; - is standard input."
)
@click.option(
    "--secret-file",
    type=click.File(),
    help="Holds the secret that WhatsApp signs with: that of your app with Meta.",
)
def add_channel(channel: str, key: str, token_file: TextIO | None, secret_file: TextIO | None) -> None:
    """Add an inbox of a CHANNEL: shop or telegram, with a KEY of your own that stands in its address; whatsapp, where KEY is
    the number's id with Meta; or email, where KEY is an address, and mail to and from it is the company's own when mail is
    imported.

    A running server takes it in at its next start (SIGUSR1 and 'omniline serve' end no call).
    """
    home, settings, url = open_company()
    if channel == EMAIL:
        address = canonical_email(key)
        with batch_writer(url) as writer:
            writer.run(inboxes.resolve_inbox, channel, address, address)
        click.echo(f"{channel} {address}")
        return
    known = make_channels(settings)
    if channel not in known:
        raise InvalidInput(f"no channel {channel!r}: one of {', '.join([EMAIL, *known])}", where="CHANNEL")
    if not _KEY.fullmatch(key):
        raise InvalidInput(f"{key!r} is not up to 63 letters a-z, digits, - and _", where="KEY")
    name = inbox_name(channel, key)
    token, signs = _read_token(token_file, "--token-file"), _read_token(secret_file, "--secret-file")
    secrets = load_or_make(home, inboxes={name: token}, hook_secrets={name: signs} if signs else {})
    with batch_writer(url) as writer:
        inbox = writer.run(inboxes.resolve_inbox, channel, key)
    for what, value in _secrets_of(inbox, settings, secrets).items():
        click.echo(f"{what}  {value}")


def _read_token(file: TextIO | None, option: str) -> str:
    token = file.read().strip() if file else ""
    if not all(letter in _OF_TOKENS for letter in token):
        raise InvalidInput("that is no token", where=option)
    return token


@channels_command.command("list")
@click.option(
    "--secrets",
    "with_secrets",
    is_flag=True,
    help="Also where each is told of news, and what that is signed with.",
)
@click.option("--json", "as_json", is_flag=True)
def list_channels(*, with_secrets: bool, as_json: bool) -> None:
    """Channel, key, address, state and last error of every inbox."""
    home, settings, url = open_company()
    secrets = load_or_make(home)
    with connect_reader(url) as connection:
        rows = [
            {**asdict(inbox), **(_secrets_of(inbox, settings, secrets) if with_secrets else {})}
            for inbox in inboxes.list_inboxes(connection)
        ]
    print_rows(rows, as_json=as_json)


def _secrets_of(inbox: Inbox, settings: Settings, secrets: Secrets) -> dict[str, str]:
    """Nothing for an inbox that has no webhook."""
    known = secrets.inboxes.get(inbox_name(inbox.channel, inbox.key))
    if known is None:
        return {}
    hook = f"{desk_url(settings)}/hooks/{inbox.channel}/{inbox.key}"
    shown = {"hook": hook, "hook_secret": known.hook_secret}
    if isinstance(make_channels(settings).get(inbox.channel), Challenges):
        shown["verify_token"] = known.verify_token
    return shown

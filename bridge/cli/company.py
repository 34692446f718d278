"""Making a company and looking at it: `omniline init`, `sample`, `agents`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from bridge.channels.simulators import INBOXES
from bridge.cli.home import open_company
from bridge.desk.admin import save_admin
from bridge.desk.sessions import hash_password, hash_token
from bridge.domain.agent import Agent, Role
from bridge.domain.times import utc_now
from bridge.errors import InvalidInput
from bridge.secrets import PhoneSecrets, Secrets, inbox_name, load_or_make, new_password
from bridge.settings import Settings, database_url, home_path, load
from bridge.store import agents, inboxes
from bridge.store.engine import BatchWriter, batch_writer, connect_reader
from bridge.store.migrations import upgrade
from pbx.asterisk.config import EXTENSION
from pbx.asterisk.render import copy_shipped

NEW_SETTINGS = """\
# Omniline's settings; docs/reference/settings.md lists all keys. What is not named here has a default.

[company]
name = "My company"
region = "UA"      # where numbers without a country code are at home
language = "en"    # en, ru or uk: what agents' phones show

# A number of yours, and the queue that its callers wait in:
# [[queues]]
# name = "sales"
# members = ["101"]
#
# [[dids]]
# number = "+380445550100"
# queue = "sales"
"""

SAMPLE_SETTINGS = """\
# The sample company: made up, and safe to play with. docs/reference/settings.md lists all keys.

[company]
name = "Sample company"
region = "UA"
language = "en"

# Telegram, WhatsApp and a shop that are not there: omniline simulate.
[simulators]
run = true

[[queues]]
name = "sales"
members = ["101", "102"]

[[queues]]
name = "support"
members = ["102", "103"]

[[dids]]
number = "+380445550100"
queue = "sales"
language = "en"
"""

SAMPLE_AGENTS = (
    ("101", "Olena Kovalenko", Role.AGENT, "uk"),
    ("102", "Ivan Petrov", Role.AGENT, "ru"),
    ("103", "Mary Clark", Role.SUPERVISOR, "en"),
)


@click.command("init")
def init_command() -> None:
    """Makes a new company in the home: settings, secrets, database, Asterisk's configuration, the admin."""
    home = home_path()
    settings, secrets = make_home(home, NEW_SETTINGS, ())
    click.echo(f"A company is in {home}. Edit {home / 'omniline.toml'}, then run 'omniline serve'.")
    click.echo(
        f"The desk's admin: {settings.admin.login} / {settings.admin.password or secrets.admin_password}"
    )


@click.command("sample")
def sample_command() -> None:
    """Makes the sample company in the home (the same every time, and marked as a sample)."""
    make_sample_home(home_path(), say=click.echo)


def make_home(home: Path, new_settings: str, extensions: tuple[str, ...]) -> tuple[Settings, Secrets]:
    """What every company starts with. Keeps whatever is there already, so it can be repeated."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / "omniline.toml"
    if not path.exists():
        path.write_text(new_settings, "utf-8")
    settings = load(home)
    secrets = load_or_make(home, extensions)
    copy_shipped(home)
    url = database_url(home, settings)
    upgrade(url)
    with batch_writer(url) as writer:
        writer.run(save_admin, settings, secrets, utc_now())
    return settings, secrets


def make_sample_home(home: Path, say: Callable[[str], None]) -> None:
    """The sample company: three agents with phones, customers with a past."""
    from bridge.flows.make_sample import SITE_CHAT, make_sample

    _refuse_company_of_its_own(home)
    say(f"making the sample company in {home}")
    settings, secrets = make_home(home, SAMPLE_SETTINGS, tuple(row[0] for row in SAMPLE_AGENTS))
    url = database_url(home, settings)
    with batch_writer(url) as writer:
        for extension, name, role, language in SAMPLE_AGENTS:
            phone = secrets.phones[extension]
            _save_agent(writer, extension, name, role, language, extension, phone)
    load_or_make(home, inboxes={inbox_name(*SITE_CHAT): ""})
    make_sample(home, url, settings)
    if settings.simulators.run:
        _make_inboxes(home, url)


def _make_inboxes(home: Path, url: str) -> None:
    """Those of the simulators, with tokens as their providers give them."""
    known = load_or_make(home).inboxes
    names = {inbox_name(*inbox) for inbox in INBOXES} - known.keys()
    load_or_make(home, inboxes={name: f"1000001:{new_password(35)}" for name in names})
    with batch_writer(url) as writer:
        for channel, key in INBOXES:
            writer.run(inboxes.resolve_inbox, channel, key)


def _refuse_company_of_its_own(home: Path) -> None:
    """Raises InvalidInput for a home whose people are not the sample's."""
    if not (home / "omniline.toml").exists():
        return
    settings = load(home)
    url = database_url(home, settings)
    upgrade(url)
    sample = {(login, name) for login, name, _, _ in SAMPLE_AGENTS}
    with connect_reader(url) as connection:
        for agent in agents.list_agents(connection):
            if agent.login != settings.admin.login and (agent.login, agent.name) not in sample:
                raise InvalidInput(
                    f"there is a company with people of its own (such as {agent.login}) in {home}: "
                    "choose another OMNILINE_HOME for the sample"
                )


def _save_agent(
    writer: BatchWriter,
    login: str,
    name: str,
    role: Role,
    language: str,
    extension: str,
    phone: PhoneSecrets,
) -> None:
    writer.run(
        agents.save_agent,
        login=login,
        name=name,
        role=role,
        extension=extension,
        language=language,
        password_hash=hash_password(phone.desk_password),
        phone_key_hash=hash_token(phone.phone_key),
        at=utc_now(),
    )


@click.group("agents")
def agents_command() -> None:
    """The people of the company."""


@agents_command.command("add")
@click.argument("login")
@click.option("--name", required=True, help="As colleagues and the phone show it.")
@click.option(
    "--extension", required=True, metavar="NUMBER", help="Two to six digits: the SIP user is agent-NUMBER."
)
@click.option("--role", type=click.Choice([role.value for role in Role]), default="agent", show_default=True)
@click.option("--language", type=click.Choice(["en", "ru", "uk"]), default="en", show_default=True)
def add_agent(login: str, name: str, extension: str, role: str, language: str) -> None:
    """Add an agent with a phone, or change the one of this LOGIN. Put the extension into a queue in omniline.toml.

    A running server takes it in at its next start (SIGUSR1 and 'omniline serve' end no call).
    """
    home, settings, url = open_company()
    if not EXTENSION.fullmatch(extension):
        raise InvalidInput(f"{extension!r} is not two to six digits, the first no zero", where="--extension")
    if login == settings.admin.login:
        raise InvalidInput("the admin has no phone: choose another login", where="LOGIN")
    with connect_reader(url) as connection:
        holder = agents.find_at_extension(connection, extension)
    if holder is not None and holder.login != login:
        raise InvalidInput(f"{extension} is the extension of {holder.login}", where="--extension")
    phone = load_or_make(home, (extension,)).phones[extension]
    with batch_writer(url) as writer:
        _save_agent(writer, login, name, Role(role), language, extension, phone)
    click.echo(f"desk   {login} / {phone.desk_password}")
    click.echo(f"phone  agent-{extension} / {phone.sip_password}")


@agents_command.command("list")
@click.option("--secrets", "with_secrets", is_flag=True, help="Also the passwords of phones and desk.")
@click.option("--json", "as_json", is_flag=True)
def list_agents(*, with_secrets: bool, as_json: bool) -> None:
    """Login, name, role, extension and SIP user of everybody."""
    home, settings, url = open_company()
    secrets = load_or_make(home)
    with connect_reader(url) as connection:
        rows = [
            _agent_row(agent, settings, secrets, with_secrets=with_secrets)
            for agent in agents.list_agents(connection)
        ]
    print_rows(rows, as_json=as_json)


def _agent_row(
    agent: Agent, settings: Settings, secrets: Secrets, *, with_secrets: bool
) -> dict[str, str | None]:
    row: dict[str, str | None] = {
        "login": agent.login,
        "name": agent.name,
        "role": agent.role.value,
        "extension": agent.extension,
        "sip_user": f"agent-{agent.extension}" if agent.extension else None,
    }
    if not with_secrets:
        return row
    phone = secrets.phones.get(agent.extension or "")
    desk = phone.desk_password if phone else None
    if agent.login == settings.admin.login:
        desk = settings.admin.password or secrets.admin_password
    return {
        **row,
        "password": desk,
        "sip_password": phone.sip_password if phone else None,
        "phone_key": phone.phone_key if phone else None,
        "voicemail_pin": phone.voicemail_pin if phone else None,
    }


def print_rows(rows: Sequence[Mapping[str, str | None]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"items": rows}))
        return
    for row in rows:
        click.echo("  ".join(f"{key}={value}" for key, value in row.items() if value is not None))

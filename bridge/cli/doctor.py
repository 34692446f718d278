"""`omniline doctor`: looks at everything that can be wrong, says what is, and what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import click

from bridge.domain.times import utc_now
from bridge.domain.topic import Group
from bridge.errors import OmnilineError
from bridge.secrets import load_or_make
from bridge.settings import Settings, database_url, home_path, load
from bridge.wiring.desk import DIST
from pbx.asterisk.find import find_asterisk, find_program
from pbx.errors import PbxError
from transcripts.interface import UnusableModel
from transcripts.models import choose_model

LEAST_FREE_BYTES = 500 * 1024 * 1024
ANSWER_SECONDS = 5.0
LONG_BACKLOG = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """`advice` is empty when all is well."""

    what: str
    advice: str = ""


@click.command("doctor")
def doctor_command() -> None:
    """Names what is wrong and what to do; exit code 1 when anything is."""
    home = home_path()
    findings = list(_examine(home))
    for finding in findings:
        click.echo(f"{'ok  ' if not finding.advice else 'BAD '} {finding.what}")
        if finding.advice:
            click.echo(f"     {finding.advice}")
    sys.exit(1 if any(finding.advice for finding in findings) else 0)


def _examine(home: Path) -> Iterator[Finding]:
    if not (home / "omniline.toml").exists():
        yield Finding(f"no company in {home}", "run 'omniline init', or 'omniline sample' to look around")
        return
    try:
        settings = load(home)
    except OmnilineError as error:
        yield Finding("settings", str(error))
        return
    yield Finding(f"settings in {home / 'omniline.toml'}")
    for check in (_secrets, _disk, _programs, _desk):
        yield from check(home)
    database = _guarded("database", lambda: _database(home, settings))
    yield database
    if not database.advice:
        yield _guarded("transcripts", lambda: _backlog(home, settings))
    yield from _models(home, settings)
    yield from _server(settings)


def _secrets(home: Path) -> Iterator[Finding]:
    path = home / "secrets.toml"
    if path.exists() and path.stat().st_mode & 0o077:
        yield Finding(f"{path} can be read by others", f"chmod 600 {path}")
    elif path.exists():
        yield _guarded("secrets", lambda: _read_secrets(home))


def _read_secrets(home: Path) -> Finding:
    load_or_make(home)
    return Finding("secrets are readable by their owner only")


def _disk(home: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(home).free
    text = f"{free // 2**20} MiB free for {home}"
    yield Finding(text, "make room: recordings and the database need it" if free < LEAST_FREE_BYTES else "")
    if not os.access(home, os.W_OK):
        yield Finding(f"{home} cannot be written", "it must belong to the user that runs Omniline")


def _programs(_: Path) -> Iterator[Finding]:
    try:
        asterisk = find_asterisk()
    except PbxError as error:
        yield Finding("Asterisk", str(error))
    else:
        if asterisk is None:
            yield Finding("no Asterisk", "'make run' fetches one, or install Asterisk 20 or later")
        else:
            yield Finding(f"Asterisk {asterisk.version}")
    for name, package in (("sipp", "sip-tester"), ("espeak-ng", "espeak-ng")):
        if find_program(name) is None:
            yield Finding(
                f"no {name}", f"'omniline call' needs it: 'make run' fetches it, or install {package}"
            )


def _desk(_: Path) -> Iterator[Finding]:
    built = (DIST / "index.html").exists()
    yield Finding("the desk's pages", "" if built else "they are not built: 'make run' builds them")


def _database(home: Path, settings: Settings) -> Finding:
    from bridge.store.migrations import head_revision, require_current

    require_current(database_url(home, settings))
    return Finding(f"database at {head_revision()}")


def _backlog(home: Path, settings: Settings) -> Finding:
    from bridge.store import outbox
    from bridge.store.engine import connect_reader

    now = utc_now()
    with connect_reader(database_url(home, settings)) as connection:
        backlog = outbox.measure(connection, Group.TRANSCRIBER, now)
    if backlog.oldest is None:
        return Finding("no recording waits for its words")
    age = now - backlog.oldest
    return Finding(
        f"recordings that wait for their words: {backlog.waiting}, the oldest for {age // timedelta(minutes=1)} min",
        "start the server; if it runs, take smaller models or a faster machine" if age > LONG_BACKLOG else "",
    )


def _models(home: Path, settings: Settings) -> Iterator[Finding]:
    """Without a model the calls of a language have no words."""
    for language, name in settings.transcripts.models.by_language().items():
        try:
            path = choose_model(language, {language: name}, home / "models")
        except UnusableModel as error:
            yield Finding(f"no transcripts of calls in {language}", str(error))
        else:
            yield Finding(f"speech model for {language}: {path.name}")


def _guarded(what: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except (OmnilineError, OSError) as error:
        return Finding(what, str(error))


def _server(settings: Settings) -> Iterator[Finding]:
    url = f"http://{settings.http.host}:{settings.http.port}"
    answer = asyncio.run(_readiness(url))
    if answer is not None:
        status, text = answer
        yield Finding(f"the server at {url}", "" if status == 200 else f"not ready: {text}")
        return
    yield Finding(f"no server at {url} (start it with 'make run' or 'omniline serve')")
    ports = {
        "http.port": (settings.http.port, socket.SOCK_STREAM),
        "sip.port": (settings.sip.port, socket.SOCK_DGRAM),
        "ami.port": (settings.ami.port, socket.SOCK_STREAM),
        "agi.port": (settings.agi.port, socket.SOCK_STREAM),
        "asterisk.http_port": (settings.asterisk.http_port, socket.SOCK_STREAM),
    }
    for name, (port, kind) in ports.items():
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                yield Finding(f"port {port} is in use", f"stop what uses it, or set {name} in omniline.toml")


async def _readiness(url: str) -> tuple[int, str] | None:
    """Status and text of /readyz; None when nobody listens there."""
    timeout = aiohttp.ClientTimeout(ANSWER_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{url}/readyz") as answer:
            return answer.status, (await answer.text()).strip()
    except TimeoutError:
        return 0, f"what listens there does not answer within {ANSWER_SECONDS:g} s"
    except aiohttp.ClientError:
        return None

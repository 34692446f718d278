"""`omniline serve`: runs the product, or one role of it."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog
import uvloop

from bridge.cli.home import open_home
from bridge.names import Loop
from bridge.secrets import Secrets
from bridge.settings import Settings, home_path

if TYPE_CHECKING:
    from bridge.wiring.server import Server

AGI_COMMAND = (sys.executable, "-m", "bridge.cli", "serve", "--role", "agi", "--watched")


@click.command("serve")
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="ROLE",
    help="Only this part: asterisk, agi, ami, desk, worker or transcribe. May be repeated; none given means all.",
)
@click.option("--watched", is_flag=True, hidden=True, help="The process itself that identifies callers.")
@click.option("--sample", is_flag=True, help="Make the sample company first where the home is empty.")
@click.option("--verbose", is_flag=True, help="Log every request as well.")
def serve_command(roles: tuple[str, ...], *, watched: bool, sample: bool, verbose: bool) -> None:
    """Runs Omniline in the foreground. Ctrl-C stops everything; SIGUSR1 stops all but Asterisk and its calls."""
    # Loading makes hardly any garbage, and the collector would take a tenth of the start to find that out.
    gc.disable()
    _configure_logs(logging.DEBUG if verbose else logging.INFO)
    if sample and not (home_path() / "omniline.toml").exists():
        from bridge.cli.company import make_sample_home

        make_sample_home(home_path(), say=click.echo)
    home, settings = open_home()
    if watched:
        from bridge.agi_role import run_agi

        run_agi(home, settings)
    else:
        uvloop.run(_serve(home, settings, roles), loop_factory=Loop)


async def _serve(home: Path, settings: Settings, roles: tuple[str, ...]) -> None:
    from bridge.wiring.server import Server

    stopping = asyncio.Event()
    leave_asterisk = False

    def stop(number: signal.Signals) -> None:
        nonlocal leave_asterisk
        leave_asterisk = number is signal.SIGUSR1
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        loop.add_signal_handler(number, stop, number)
    server = Server(home, settings, roles, agi_command=AGI_COMMAND, say=click.echo)
    started, failed = False, True
    try:
        starting = asyncio.create_task(server.start())
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait([starting, waiting], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            started = True
            # What is loaded stays loaded: the collector would stop all calls for 0.3 s each time it looks through it.
            gc.freeze()
            gc.enable()
            click.echo(
                _role_banner(roles) if roles else _banner(settings, server.secrets, adopted=server.adopted)
            )
            failed = await _until_stopped(server, waiting)
        else:
            failed = False
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
    finally:
        click.echo("stopping")
        # A failure of ours hangs up nobody's call: the next start takes Asterisk over.
        await server.stop(leave_asterisk=leave_asterisk or (failed and (started or server.adopted)))
    if failed:
        sys.exit(1)


async def _until_stopped(server: Server, stopping: asyncio.Task[bool]) -> bool:
    """Waits for a signal; True when something that cannot be mended ended the server instead."""
    broken = asyncio.create_task(server.wait_broken())
    await asyncio.wait([stopping, broken], return_when=asyncio.FIRST_COMPLETED)
    if not broken.done():
        broken.cancel()
        return False
    click.echo(f"omniline: {broken.result()}", err=True)
    return True


def _role_banner(roles: tuple[str, ...]) -> str:
    return f"Omniline is running: {', '.join(roles)}"


def _banner(settings: Settings, secrets: Secrets, *, adopted: bool) -> str:
    url = f"http://{settings.http.host}:{settings.http.port}"
    lines = ["", f"  Omniline is running{' (Asterisk was running already: adopted)' if adopted else ''}", ""]
    lines += [f"  desk        {url}", ""]
    lines += [
        f"  login       {settings.admin.login} / {settings.admin.password or secrets.admin_password}  (admin)"
    ]
    for extension, phone in sorted(secrets.phones.items()):
        lines.append(f"              {extension} / {phone.desk_password}")
    lines += ["", f"  softphones  register at {settings.sip.host}:{settings.sip.port} (UDP or TCP)"]
    for extension, phone in sorted(secrets.phones.items()):
        lines.append(f"              agent-{extension} / {phone.sip_password}")
    if settings.dids:
        did = settings.dids[0].number
        lines += [
            "",
            f"  call        {did} from any SIP program on this machine: sip:{did}@{settings.sip.host}:{settings.sip.port}",
        ]
        lines += ["              or, in another terminal:  .venv/bin/omniline call --from +16502530012"]
    for name in sorted(secrets.inboxes):
        channel, _, key = name.partition("/")
        if channel == "chat":
            lines += ["", f"  site chat   {url}/chat/{key}/demo is a page to try it on"]
    lines += ["", "  Ctrl-C stops everything.", ""]
    return "\n".join(lines)


def _configure_logs(level: int) -> None:
    """One JSON object a line on standard error, with ids and never with numbers, names or bodies."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )

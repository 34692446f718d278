"""`omniline call`: a real SIP call to the company number, with every stage and its time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from bridge.cli.call_stages import StagePrinter, has_its_words
from bridge.cli.desk_client import DeskClient
from bridge.cli.home import open_home
from bridge.domain.catalogue import LANGUAGES
from bridge.domain.times import parse_iso
from bridge.errors import InvalidInput, Transient
from bridge.secrets import Secrets, load_or_make
from bridge.settings import Settings
from pbx import number
from pbx.asterisk.find import find_program
from pbx.errors import Rejected
from pbx.interface import NumberKind
from pbx.testphone import sipp
from pbx.testphone.speech import Speech, from_wav, synthesise
from transcripts.training.vocabulary import Dialogue, get_vocabulary

RING_MS = 1500
PAUSE_MS = 700
LONGEST_S = 180
"""How long the caller stays when somebody at a real phone, or nobody, is to answer."""
WORDS_S = 60
"""How long the words of a call may take, after the longest call."""
FREE_S = 8
"""How long an agent without a phone is waited for."""
AWAY_S = 0.5
"""Between two looks for a server that is away."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One call to make. `answer` is auto, phone or none."""

    caller: str
    dialled: str
    answer: str
    as_json: bool


@click.command("call")
@click.option(
    "--from", "caller", required=True, metavar="NUMBER", help="The caller's number, or 'anonymous'."
)
@click.option("--to", "dialled", metavar="DID", help="The number to call; the first DID when not given.")
@click.option("--say", metavar="TEXT", help="What the caller says (synthesised).")
@click.option(
    "--play", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A WAV file to play instead."
)
@click.option(
    "--answer",
    type=click.Choice(["auto", "phone", "none"]),
    default="auto",
    show_default=True,
    help="auto: a test phone and a desk client of the first agent without a phone answer; phone: you do; none: nobody.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a stage.")
def call_command(
    caller: str, dialled: str | None, say: str | None, play: Path | None, answer: str, *, as_json: bool
) -> None:
    """Calls the company number from NUMBER by a real SIP phone and prints each stage with its time."""
    home, settings = open_home()
    if say and play:
        raise InvalidInput("give --say or --play, not both")
    if dialled is None:
        if not settings.dids:
            raise InvalidInput("the company has no DID: give --to", where="dids")
        dialled = settings.dids[0].number
    plan = Plan(caller, dialled, answer, as_json)
    with tempfile.TemporaryDirectory(prefix="omniline-call-") as work:
        asyncio.run(_Telephone(home, settings, Path(work)).make(plan, say, play))


class _Telephone:
    """The two test phones of one call and the desk client that watches it."""

    def __init__(self, home: Path, settings: Settings, work: Path) -> None:
        self._settings = settings
        self._secrets: Secrets = load_or_make(home)
        self._work = work
        self._sipp = _program("sipp", "sip-tester")
        self._espeak = _program("espeak-ng", "espeak-ng")

    async def make(self, plan: Plan, say: str | None, play: Path | None) -> None:
        async with contextlib.AsyncExitStack() as stack:
            watcher = await stack.enter_async_context(
                DeskClient(self._settings, self._settings.admin.login, self._admin_password())
            )
            language = _language(say or "", await self._expected_language(watcher, plan))
            dialogue = dialogue_of(language)
            speech = await self._speech(say or dialogue.caller, language, play)
            reply = await self._speech(dialogue.agent, language, None)
            spoken_ms, reply_ms = int(speech.seconds * 1000), int(reply.seconds * 1000)
            if plan.answer == "auto":
                agent = await self._free_agent(watcher, plan.dialled)
                await stack.enter_async_context(self._answering(agent, reply, PAUSE_MS * 2 + spoken_ms))
                talk_ms, loops = spoken_ms + reply_ms + 2 * PAUSE_MS, 1
            else:
                # Nobody knows when it is answered: the sentence is repeated until the other side hangs up.
                talk_ms, loops = LONGEST_S * 1000, -1
            since = datetime.now(UTC) - timedelta(seconds=1)
            # The queue answers the caller at once; the agent is there after RING_MS.
            running = await sipp.start(
                self._line("caller"),
                "caller",
                timeout=2 * LONGEST_S,
                dialled=plan.dialled,
                from_header=sipp.caller_header(plan.caller),
                speech=str(speech.path),
                loops=loops,
                answer_timeout_ms=LONGEST_S * 1000,
                before_speech_ms=RING_MS + PAUSE_MS,
                talk_ms=talk_ms,
            )
            stack.push_async_callback(running.stop)
            await self._follow(watcher, plan, since, running)

    @contextlib.asynccontextmanager
    async def _answering(self, agent: dict[str, Any], reply: Speech, wait_ms: int) -> AsyncIterator[None]:
        """A phone that answers after RING_MS and speaks `reply` after `wait_ms`, and the desk of its agent."""
        phone = self._secrets.phones[agent["extension"]]
        user = f"agent-{agent['extension']}"
        line = self._line("agent")
        async with DeskClient(self._settings, agent["login"], phone.desk_password) as desk:
            if agent["state"] == "wrap_up":
                await _finish_wrap_ups(desk)
            await sipp.register(line, user, phone.sip_password)
            answerer = await sipp.start(
                line,
                "answer",
                timeout=LONGEST_S,
                user=user,
                ring_ms=RING_MS,
                before_speech_ms=wait_ms,
                speech=str(reply.path),
            )
            showing = asyncio.create_task(desk.show_pops(lambda pop: None))
            try:
                yield
            finally:
                showing.cancel()
                await asyncio.gather(showing, return_exceptions=True)
                await answerer.stop()
                await sipp.register(line, user, phone.sip_password, expires=0)

    async def _free_agent(self, watcher: DeskClient, dialled: str) -> dict[str, Any]:
        """The first agent whom a call to `dialled` rings and who has no phone; one who writes a call up comes last.

        Waits a little for one: the server asks for the registered phones every few seconds, and the last test
        phone may have left just now.
        """
        members = self._members(dialled)
        deadline = time.monotonic() + FREE_S
        while True:
            agents: list[dict[str, Any]] = (await watcher.get("agents"))["items"]
            free = [agent for agent in agents if agent["extension"] in members and not agent["registered"]]
            if free:
                return min(free, key=lambda agent: agent["state"] == "wrap_up")
            if time.monotonic() > deadline:
                raise InvalidInput(
                    "every agent of the queue has a phone registered: use '--answer phone' and answer it there"
                )
            await asyncio.sleep(0.2)

    def _members(self, dialled: str) -> set[str]:
        """The extensions that a call to `dialled` rings, as far as we have their passwords; all for a stranger's number."""
        phones = set(self._secrets.phones)
        names = {did.queue for did in self._settings.dids if did.number == dialled}
        queues = [queue for queue in self._settings.queues if queue.name in names]
        return phones.intersection(*(queue.members for queue in queues))

    async def _follow(
        self, watcher: DeskClient, plan: Plan, since: datetime, running: sipp.RunningScenario
    ) -> None:
        """Prints stages as they come, until the call has ended and its words are on the timeline."""
        deadline = time.monotonic() + LONGEST_S + WORDS_S
        call_id: str | None = None
        printer = StagePrinter(as_json=plan.as_json)
        while time.monotonic() < deadline:
            try:
                call_id = call_id or await self._find_call(watcher, plan, since)
                call = await watcher.get(f"calls/{call_id}") if call_id else None
            except Transient:
                # The server is away, which ends no call: what it tells when it is back is worth waiting for.
                if not running.running:
                    raise
                await asyncio.sleep(AWAY_S)
                continue
            if call is not None:
                printer.print_stages(call)
                if has_its_words(call):
                    printer.print_end(call)
                    return
            elif not running.running:
                raise Rejected(
                    f"the call did not reach the company: see what the PBX said in\n{running.read_messages()[-1500:]}"
                )
            await asyncio.sleep(0.1)
        raise Rejected("the call did not end, or its words did not come, in time")

    async def _find_call(self, watcher: DeskClient, plan: Plan, since: datetime) -> str | None:
        parsed = number.parse(plan.caller, self._settings.company.region)
        wanted = "" if parsed.kind is NumberKind.ANONYMOUS else parsed.e164 or plan.caller
        for call in (await watcher.get("calls", limit=20))["items"]:
            if parse_iso(call["started_at"]) >= since and call["caller"] == wanted:
                return str(call["id"])
        return None

    async def _speech(self, text: str, language: str, play: Path | None) -> Speech:
        target = Path(tempfile.mkstemp(suffix=".alaw", dir=self._work)[1])
        if play:
            return from_wav(play, target)
        return await synthesise(self._espeak, text, "en-us" if language == "en" else language, target)

    def _line(self, name: str) -> sipp.Line:
        sip = self._settings.sip
        return sipp.Line(self._sipp, self._work / name, sip.host, sip.port, _free_port(), _free_port())

    def _admin_password(self) -> str:
        return self._settings.admin.password or self._secrets.admin_password

    async def _expected_language(self, watcher: DeskClient, plan: Plan) -> str:
        """What the transcript will be made in: the customer's language, else that of the dialled number."""
        known = number.parse(plan.caller, self._settings.company.region).e164
        owners = (await watcher.get("customers", phone=known))["items"] if known else []
        languages = [owner["language"] for owner in owners if owner["language"] in LANGUAGES]
        languages += [did.language for did in self._settings.dids if did.number == plan.dialled]
        return next(iter(languages), self._settings.company.language)


async def _finish_wrap_ups(desk: DeskClient) -> None:
    """Back into the queues; a draft becomes an entry."""
    for call in (await desk.get("me"))["unfinished"]:
        await desk.post(f"calls/{call['id']}/wrap_up", disposition="other")


def _program(name: str, package: str) -> tuple[str, ...]:
    command = find_program(name)
    if command is None:
        raise Rejected(f"there is no {name}: run 'make run' once, or install the package {package}")
    return tuple(command)


def _language(text: str, default: str) -> str:
    lowered = text.lower()
    if any(c in lowered for c in "іїєґ"):
        return "uk"
    if any("а" <= c <= "я" for c in lowered):
        return "ru"
    return "en" if text else default


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def dialogue_of(language: str) -> Dialogue:
    """What caller and agent say when they are not told: in words that the small models know."""
    return get_vocabulary(language).dialogues[0]

"""The link to Asterisk's manager interface, kept up for ever.

What Asterisk tells comes out of one queue, `news`, in order: a `Snapshot` first, then facts, then
`LinkLost` when the link is over, then the next snapshot. After each answered ping a `Heard` says until when all is
told. Events that come while the snapshot is made are
put behind it: the fold leaves out what it knows already, and AMI itself has no replay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import structlog

from pbx.ami.facts import Fact, Headers, read_fact
from pbx.ami.protocol import Link, build_action
from pbx.ami.snapshot import SNAPSHOT_VARIABLES, Item, Snapshot, read_snapshot
from pbx.errors import Rejected, Transient

log = structlog.get_logger(__name__)

PATIENCE: Final = 3.0
"""Seconds of silence after which an unanswered link is over; with PING_EVERY, noticed within 6 s."""
PING_EVERY: Final = 3.0
FIRST_PING: Final = 1.0
"""Seconds after the snapshot: by then Asterisk has written its record of a call that ended before."""
ANSWER_WITHIN: Final = 5.0
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class AmiAccount:
    host: str
    port: int
    user: str
    secret: str


@dataclass(frozen=True, slots=True)
class LinkLost:
    """Nobody watches since `at`, the last time that Asterisk was heard."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """All that happened until `at` has been told."""

    at: datetime


News = Fact | Snapshot | LinkLost | Heard


def utc_now() -> datetime:
    return datetime.now(UTC)


class AmiClient:
    """One account's link. `run` keeps it; `ask` and `ask_list` use it while it is up."""

    def __init__(
        self,
        account: AmiAccount,
        *,
        clock: Callable[[], datetime] = utc_now,
        patience: float = PATIENCE,
        ping_every: float = PING_EVERY,
    ) -> None:
        self.news: asyncio.Queue[News] = asyncio.Queue()
        self._account = account
        self._clock = clock
        self._patience = patience
        self._ping_every = ping_every
        self._link: Link | None = None
        self._backlog: list[Fact] | None = None

    @property
    def is_connected(self) -> bool:
        """Logged in, with the snapshot taken."""
        return self._link is not None

    async def run(self) -> None:
        """Connect, and again whenever the link ends, until cancelled.

        Raises `Rejected` when Asterisk refuses the login: trying again would not help.
        """
        pause, away = FIRST_PAUSE, False
        while True:
            try:
                await self._watch_one_link()
                pause, away = FIRST_PAUSE, False
            except Transient as error:
                if not away:
                    log.warning("ami_away", port=self._account.port, error=str(error))
                away = True
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def ask(self, action: str, headers: dict[str, str], *, within: float = ANSWER_WITHIN) -> Item:
        """The answer to an action.

        Raises `Rejected` when Asterisk refuses it or a header holds CR, LF or NUL, and `Transient` when there is
        no link, or no answer within so many seconds. What was sent is never sent again.
        """
        return cast(Item, await self._request(action, headers, as_list=False, within=within))

    async def ask_list(
        self, action: str, headers: dict[str, str], *, within: float = ANSWER_WITHIN
    ) -> Sequence[Item]:
        """All messages of the answer to an action that lists something; raises like `ask`."""
        return cast(Sequence[Item], await self._request(action, headers, as_list=True, within=within))

    async def _request(self, name: str, headers: dict[str, str], *, as_list: bool, within: float) -> Any:
        action = build_action(name, headers)
        if self._link is None:
            raise Transient("Asterisk's AMI is not connected")
        try:
            answer = await asyncio.wait_for(self._link.ask(action, as_list=as_list), within)
        except TimeoutError as error:
            raise Transient(f"no answer to AMI action {name} within {within:g} s") from error
        return _check(name, answer)

    async def _watch_one_link(self) -> None:
        """One link from connecting to its end. Returns when it was up, raises when it never was."""
        link = await self._connect()
        try:
            await self._login(link)
            await self._resync(link)
            self._link = link
            log.info("ami_connected", port=self._account.port)
            await self._ping_until_lost(link)
        finally:
            self._link = None
            link.close()
        silent = timedelta(seconds=asyncio.get_running_loop().time() - link.heard_at)
        self.news.put_nowait(LinkLost(self._clock() - silent))
        log.warning("ami_lost", port=self._account.port)

    async def _connect(self) -> Link:
        self._backlog = []
        create = asyncio.get_running_loop().create_connection
        try:
            async with asyncio.timeout(self._patience):
                _, link = await create(lambda: Link(self._take), self._account.host, self._account.port)
        except OSError as error:  # TimeoutError is one
            raise Transient(f"cannot connect to Asterisk's AMI: {error}") from error
        return link

    def _take(self, message: Headers) -> None:
        fact = read_fact(message)
        if fact is None:
            return
        if self._backlog is None:
            self.news.put_nowait(fact)
        else:
            self._backlog.append(fact)

    async def _login(self, link: Link) -> None:
        account = {"Username": self._account.user, "Secret": self._account.secret, "Events": "on"}
        answer = await self._while_heard(link, "Login", account)
        if answer.get("Response") != "Success":
            reason = answer.get("Message", "no reason given")
            raise Rejected(f"Asterisk refused the AMI login of {self._account.user!r}: {reason}")

    async def _resync(self, link: Link) -> None:
        asked_at = self._clock()
        variables = {"Variables": SNAPSHOT_VARIABLES}
        answer = await self._while_heard(link, "Status", variables, as_list=True)
        self.news.put_nowait(read_snapshot(_check("Status", answer), asked_at))
        for fact in self._backlog or ():
            self.news.put_nowait(fact)
        self._backlog = None

    async def _ping_until_lost(self, link: Link) -> None:
        pause = min(FIRST_PING, self._ping_every)
        while not link.lost.done():
            await asyncio.wait([link.lost], timeout=pause)
            pause = self._ping_every
            if not link.lost.done():
                asked_at = self._clock()
                try:
                    await self._while_heard(link, "Ping", {})
                except Transient:
                    return
                self.news.put_nowait(Heard(asked_at))

    async def _while_heard(
        self, link: Link, name: str, headers: dict[str, str], *, as_list: bool = False
    ) -> Any:
        """The answer, waited for as long as anything comes: a slow link is not a dead one.

        Raises `Transient` after `patience` seconds of silence.
        """
        answer = link.ask(build_action(name, headers), as_list=as_list)
        try:
            while True:
                heard_at = link.heard_at
                done, _ = await asyncio.wait([answer], timeout=self._patience)
                if done:
                    return answer.result()
                if link.heard_at == heard_at:
                    raise Transient(f"Asterisk's AMI is silent, no answer to {name}")
        finally:
            answer.cancel()


def _check(name: str, answer: Any) -> Any:
    first = answer[0] if isinstance(answer, list) else answer
    if first.get("Response") == "Error":
        raise Rejected(f"Asterisk refused AMI action {name}: {first.get('Message', 'no reason given')}")
    return answer

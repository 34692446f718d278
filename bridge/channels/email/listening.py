"""Waiting for mail over IMAP (RFC 3501): told by the server (IDLE, RFC 2177), or by looking every half minute.

What was fetched is durable before the place to go on is moved, and both at once, so that nothing is skipped and nothing
kept twice. The mailbox is opened to be read only: whatever other programs do with it, and whether they read the mail, means
nothing here. Where the server has numbered its mail anew (UIDVALIDITY), that of the last 30 days is looked through again.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import accumulate
from typing import Any, Final, TypeVar

import structlog
from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from bridge.channels import signing
from bridge.channels.email.reading import CUT
from bridge.domain.mail import LARGEST
from bridge.domain.ports import Intake
from bridge.domain.times import utc_now
from bridge.errors import Transient
from bridge.names import await_name
from bridge.settings import Mailbox

T = TypeVar("T")

IDLE_SECONDS: Final = 9 * 60.0
"""How long one IDLE lasts: servers and routers forget a silent connection after some ten to thirty minutes."""
EXISTS: Final = "EXISTS"
"""What the server says when mail has come."""
READ_SECONDS: Final = 60.0
"""How long an answer may take."""
POLL_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 1.0
"""How long a stop may have to wait for the thread."""
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 60.0
PAST: Final = timedelta(days=30)
BEGINNING: Final = 1 << 20
"""Bytes that are fetched of a mail that is too large to be read."""
TOGETHER: Final = 32
"""Mails that are fetched by one command and kept in one transaction, at most; what a call has to write waits for that long."""
TOGETHER_BYTES: Final = 1 << 20
"""Of these mails; a larger one comes alone."""

log = structlog.get_logger()


async def listen(mailbox: Mailbox, password: str, intake: Intake) -> None:
    """Runs until it is cancelled, with a new connection whenever the last has ended."""
    wait = FIRST_WAIT
    while True:
        session = _Session(mailbox, password)
        try:
            await await_name(mailbox.imap_host, mailbox.imap_port)
            await session.run(session.open)
            await intake.report("")
            wait = FIRST_WAIT
            while True:
                await _take_new(session, intake)
                await session.run(session.wait)
        except (IMAPClientError, OSError, ValueError, LookupError, Transient) as error:
            # Whatever a server says, one mailbox must not end all the others.
            fault = _fault_of(error)
            log.warning("mailbox_away", inbox=mailbox.address, error=type(error).__name__)
            await _report(intake, fault)
        finally:
            await session.close()
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


async def _take_new(session: _Session, intake: Intake) -> None:
    cursor = await intake.get_cursor()
    last = session.last
    waiting = await session.run(session.list_new, cursor)
    while waiting:
        uids, bodies = await session.run(session.fetch, waiting)
        last = max(last, uids[-1])
        await intake.keep(bodies, f"{session.validity}:{uids[-1]}")
        waiting = waiting[len(uids) :]
    if not cursor.startswith(f"{session.validity}:"):
        await intake.keep([], f"{session.validity}:{last}")


async def _report(intake: Intake, fault: str) -> None:
    try:
        await intake.report(fault)
    except Transient:
        log.warning("fault_not_kept")


def _fault_of(error: Exception) -> str:
    if isinstance(error, LoginError):
        return "the mail server refuses the login"
    if isinstance(error, ssl.SSLError):
        return f"no secure connection to the mail server: {error.reason or error}"
    if isinstance(error, Transient):
        return str(error)
    return "the mail server cannot be reached, or ended the connection"


class _Session:
    """One connection, in a thread of its own: none of its methods but `run` and `close` may be called elsewhere."""

    def __init__(self, mailbox: Mailbox, password: str) -> None:
        self._mailbox = mailbox
        self._password = password
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imap")
        self._client: IMAPClient | None = None
        self._closing = threading.Event()
        self.validity = 0
        self.last = 0

    async def run(self, do: Callable[..., T], *given: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, functools.partial(do, *given))

    async def close(self) -> None:
        self._closing.set()
        self._thread.submit(self._shut)
        self._thread.shutdown(wait=False)

    def open(self) -> None:
        """Connect, log in, open the folder. `last` is the highest number that a mail has."""
        box = self._mailbox
        client = IMAPClient(
            box.imap_host,
            port=box.imap_port,
            ssl=box.imap_tls == "tls",
            ssl_context=ssl.create_default_context() if box.imap_tls == "tls" else None,
            timeout=SocketTimeout(connect=20, read=READ_SECONDS),
        )
        self._client = client
        if box.imap_tls == "starttls":
            client.starttls(ssl.create_default_context())
        # LOGIN takes no other letters than those of ASCII.
        login = client.plain_login if client.has_capability("AUTH=PLAIN") else client.login
        login(box.login or box.address, self._password)
        found = client.select_folder(box.folder, readonly=True)
        self.validity = int(found[b"UIDVALIDITY"])
        self.last = int(found.get(b"UIDNEXT", 1)) - 1

    @property
    def _told(self) -> dict[str, Any]:
        """What the server has said unasked: imaplib keeps it, and IMAPClient shows it of some commands only."""
        assert self._client is not None
        told: dict[str, Any] = self._client._imap.untagged_responses
        return told

    def _has_unread(self) -> bool:
        """Whether what the server said next was read from the socket along with its last word: no poll tells of that."""
        assert self._client is not None
        connection = self._client.socket()
        connection.settimeout(0)
        try:
            return bool(self._client._imap.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            connection.settimeout(READ_SECONDS)

    def list_new(self, cursor: str) -> list[int]:
        """The numbers of mail that came after `cursor`; at first, that of the last 30 days that nobody has read."""
        client = self._client
        assert client is not None
        self._told.pop(EXISTS, None)
        validity, _, uid = cursor.partition(":")
        if validity == str(self.validity):
            # A range that ends in * always has the last one.
            return sorted(each for each in client.search(["UID", f"{int(uid) + 1}:*"]) if each > int(uid))
        since = (utc_now() - PAST).date()
        return sorted(client.search(["SINCE", since, *([] if cursor else ["UNSEEN"])]))

    def fetch(self, waiting: Sequence[int]) -> tuple[Sequence[int], list[tuple[str, bytes]]]:
        """As many of the first of these numbers as go together, and the mails with their digests; without those that are gone.

        Of a mail that is larger than can be read only the beginning.
        """
        client = self._client
        assert client is not None
        told = client.fetch(waiting[:TOGETHER], ["RFC822.SIZE"])
        sizes = {uid: int(told.get(uid, {}).get(b"RFC822.SIZE", 0)) for uid in waiting[:TOGETHER]}
        uids = _first_within(sizes)
        size = sizes[uids[0]]
        part = "BODY.PEEK[]" if size <= LARGEST else f"BODY.PEEK[]<0.{BEGINNING}>"
        got = client.fetch(uids, [part])
        bodies = [body for uid in uids if (body := _body_of(got.get(uid, {})))]
        if size > LARGEST:
            bodies = [f"{CUT}: {size}\r\n".encode() + body for body in bodies]
        return uids, [(signing.digest(body), body) for body in bodies]

    def wait(self) -> None:
        """Returns when there may be something new, at the latest after some minutes, or when it is to end."""
        client = self._client
        assert client is not None
        if client.has_capability("IDLE"):
            client.idle()
            # What came while we looked was told then, or in one breath with IDLE, and is not told again.
            until = 0.0 if EXISTS in self._told or self._has_unread() else time.monotonic() + IDLE_SECONDS
            while not self._closing.is_set() and time.monotonic() < until:
                began = time.monotonic()
                # It says nothing at once where the server is gone: idle_done finds that out.
                if client.idle_check(timeout=LOOK_SECONDS) or time.monotonic() - began < LOOK_SECONDS / 2:
                    break
            client.idle_done()
            return
        self._closing.wait(POLL_SECONDS)
        client.noop()

    def _shut(self) -> None:
        if self._client is not None:
            with contextlib.suppress(IMAPClientError, OSError):
                self._client.shutdown()


def _first_within(sizes: Mapping[int, int]) -> list[int]:
    """The first of these numbers whose mails have TOGETHER_BYTES at most; at least one."""
    totals = accumulate(sizes.values())
    return [uid for uid, total in zip(sizes, totals, strict=True) if total <= TOGETHER_BYTES] or [
        next(iter(sizes))
    ]


def _body_of(got: Mapping[bytes, Any]) -> bytes:
    return next((value for name, value in got.items() if name.startswith(b"BODY[")), b"")

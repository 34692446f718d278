"""Mail as the server wires it: settings and secrets of a home, one process listening, what is read in another."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from bridge.domain.agent import Role
from bridge.domain.ids import new_id
from bridge.domain.message import Told, Unread
from bridge.domain.ports import Hook
from bridge.domain.times import utc_now
from bridge.errors import InvalidInput
from bridge.flows.send_reply import send_reply
from bridge.secrets import load_or_make
from bridge.settings import Database, Mailbox, Settings
from bridge.store import agents
from bridge.store.arrivals import Arrival
from bridge.store.schema import arrival, conversation, timeline_entry
from bridge.wiring.channels import start_channels
from bridge.wiring.ground import Ground
from bridge.wiring.reading import Reader
from tests.contract.channel_cases import mail
from tests.contract.desk_server import eventually
from tests.dovecot import PASSWORD, Dovecot
from tests.smtp_server import SmtpServer

ADDRESS = "support@sample.example"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot()
    yield server
    server.remove()


@asynccontextmanager
async def wired(url: str, home: Path, mailbox: Mailbox) -> AsyncIterator[Ground]:
    ground = Ground(home, Settings(database=Database(url=url), mailboxes=(mailbox,)), lambda _: None)
    await ground.open()
    start_channels(ground)
    try:
        yield ground
    finally:
        await ground.stack.aclose()


async def test_two_processes_take_a_mail_once_and_answer_it(
    url: str, tmp_path: Path, dovecot: Dovecot
) -> None:
    load_or_make(tmp_path, inboxes={f"email/{ADDRESS}": PASSWORD})
    user = f"wired{abs(hash(url))}"
    async with SmtpServer(PASSWORD).running() as smtp:
        box = Mailbox(
            address=ADDRESS, login=user, imap_host="127.0.0.1", imap_port=dovecot.port, imap_tls="none",
            smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_tls="none",
        )  # fmt: skip
        async with wired(url, tmp_path, box) as first, wired(url, tmp_path, box) as second:
            await asyncio.to_thread(dovecot.append, user, mail(), mail())

            async def received() -> bool:
                return await first.db.read(count, timeline_entry) == 2

            await eventually(received)
            assert await first.db.read(count, arrival) == 2
            await second.db.write(answer)
            second.committed()
            await eventually(lambda: smtp.sent)
    assert [each["In-Reply-To"] is not None for each in smtp.mails] == [True]


def count(connection: Connection, table: Any) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def answer(connection: Connection) -> None:
    agent = agents.save_agent(
        connection, login="x", name="X", role=Role.AGENT, extension=None, language="en", password_hash="",
        phone_key_hash=None, at=utc_now(),
    )  # fmt: skip
    (conversation_id, *_) = connection.scalars(select(conversation.c.id))
    send_reply(connection, conversation_id, agent, text="so", key="k", at=utc_now())


class Deadly:
    """A channel whose payload ends the process that reads it."""

    name = "deadly"
    reads_slowly = True

    def admit(self, hook: Hook, secret: str) -> str:
        return ""

    def read(self, body: bytes, inbox: str, arrived_at: datetime) -> Sequence[Told]:
        if body == b"die":
            os._exit(1)
        return [Unread("fine")]


async def test_what_kills_its_reader_is_said_and_the_next_is_read(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    understand = reader.understanding(Deadly())
    try:
        with pytest.raises(InvalidInput):
            await understand(arrived(b"die"))
        assert await understand(arrived(b"x")) == [Unread("fine")]
    finally:
        await reader.close()


def arrived(body: bytes) -> Arrival:
    return Arrival(new_id(), new_id(), "key", "deadly", "1", body, utc_now())

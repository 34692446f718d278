"""Files: uploaded and sent, brought and fetched later; by what they are, whatever they call themselves."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import Connection

from bridge.domain.customer import Identity, Strength
from bridge.domain.entry import Entry
from bridge.domain.files import LARGEST, MOST
from bridge.domain.ids import new_id
from bridge.domain.message import InboundFile, InboundMessage
from bridge.domain.ports import Subject
from bridge.domain.times import utc_now
from bridge.errors import RateLimited, Rejected, Transient
from bridge.flows.fetch_file import TRIES
from bridge.flows.follow_link import ways_of
from bridge.flows.keep_files import keep_files
from bridge.flows.receive_told import receive_told
from bridge.settings import Settings
from bridge.store import inboxes, timeline
from bridge.store.arrivals import Arrival
from tests.contract.channel_cases import MAILBOX, telegram
from tests.contract.channel_server import TOKEN, ChannelServer, channels_serving
from tests.contract.desk_server import LINK_KEY, Client, eventually, logged_in

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


async def upload(client: Client, data: bytes, name: str, *, field: str = "file") -> tuple[int, Any]:
    form = aiohttp.FormData(quote_fields=False)  # as a browser does
    form.add_field(field, data, filename=name, content_type="text/html")
    async with client.http.post(f"{client.server.url}/api/v1/attachments", data=form) as answer:
        return answer.status, await answer.json()


async def download(client: Client, attachment_id: str) -> tuple[int, Any, bytes]:
    async with client.http.get(f"{client.server.url}/api/v1/attachments/{attachment_id}") as answer:
        return answer.status, answer.headers, await answer.read()


async def begin(running: ChannelServer) -> str:
    """A conversation."""
    await running.telegram.deliver([telegram("text", text="hello")])
    (entry,) = await running.read()
    return entry.conversation_id or ""


async def receive(running: ChannelServer, home: Path, *files: InboundFile) -> Entry:
    """The entry of a message of the bot's that brings `files`."""
    message = InboundMessage(
        key=new_id(),
        thread="9",
        sender=Identity("telegram", "9", strength=Strength.PROVEN),
        name="Олена",
        text="look",
        at=utc_now(),
        attachments=files,
    )
    told = keep_files(home / "attachments", [message])

    def write(connection: Connection) -> Entry:
        inbox = inboxes.resolve_inbox(connection, "telegram", "bot")
        arrival = Arrival(new_id(), inbox.id, inbox.key, "telegram", message.key, b"", utc_now())
        receive_told(connection, arrival, told, reopen=timedelta(hours=1), ways=ways_of(Settings(), LINK_KEY))
        found = timeline.find_by_source(connection, "telegram", f"bot/{message.key}")
        assert found is not None
        return timeline.get_entry(connection, found.id)

    return await running.server.db.write(write)


async def test_what_is_uploaded_goes_with_the_answer_and_is_had_back(running: ChannelServer) -> None:
    conversation, desk = await begin(running), running.desk
    status, file = await upload(desk, b"<script>alert(1)</script>", "../../Рахунок\u202efdp.exe")
    assert (status, file["name"], file["media_type"], file["size"]) == (
        201,
        "Рахунок_fdp.exe",
        "text/plain",
        25,
    )
    body = {"text": "", "key": "k", "attachments": [file["id"]]}
    for _ in range(2):
        status, entry = await desk.ask("POST", f"conversations/{conversation}/messages", body)
        assert (status, entry["payload"]["attachments"]) == (201, [file])
    status, headers, data = await download(desk, file["id"])
    assert (status, data) == (200, b"<script>alert(1)</script>")
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%D0%A0")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    status, _ = await desk.ask("POST", f"conversations/{conversation}/messages", {**body, "key": "again"})
    assert status == 404


async def test_only_a_picture_is_shown(running: ChannelServer) -> None:
    conversation, desk = await begin(running), running.desk
    _, file = await upload(desk, PNG, "a.html")
    assert file["media_type"] == "image/png"
    body = {"text": "look", "key": "k", "attachments": [file["id"]]}
    await desk.ask("POST", f"conversations/{conversation}/messages", body)
    _, headers, _ = await download(desk, file["id"])
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Disposition"].startswith("inline")


async def test_an_upload_is_its_agents_own_and_nobodys_to_read(running: ChannelServer) -> None:
    conversation = await begin(running)
    _, file = await upload(running.desk, b"x", "x")
    async with logged_in(running.server, "102") as other:
        body = {"text": "x", "key": "k", "attachments": [file["id"]]}
        assert (await other.ask("POST", f"conversations/{conversation}/messages", body))[0] == 404
        assert (await download(other, file["id"]))[0] == 404
    address = f"{running.server.url}/api/v1/attachments/{file['id']}"
    async with aiohttp.ClientSession() as nobody, nobody.get(address) as answer:
        assert answer.status == 401


async def test_uploads_that_are_refused(running: ChannelServer) -> None:
    desk = running.desk
    assert (await upload(desk, b"", "x"))[0] == 422
    assert (await upload(desk, b"x", "x", field="other"))[0] == 422
    assert (await upload(desk, b"x" * (LARGEST + 1), "x"))[0] == 413
    assert (await desk.ask("POST", "attachments", {"file": "x"}))[0] == 422


async def test_pictures_that_a_mail_shows_are_in_it_and_not_among_its_files(running: ChannelServer) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = (
        "o@example.org",
        "support@sample.example",
        "<p@example.org>",
    )
    mail["Date"], mail["Subject"] = format_datetime(utc_now()), "Logo"
    mail.set_content("look")
    html = (
        '<img src="cid:logo@x"><img src="cid:logo@x"><img src="cid:fake@x"><img src="https://spy.example/1">'
    )
    mail.add_alternative(html, subtype="html")
    related = mail.get_payload()[1]
    related.add_related(PNG, maintype="image", subtype="png", cid="<logo@x>")
    related.add_related(PNG, maintype="image", subtype="png", cid="<logo@x>", filename="twice.png")
    related.add_related(b"<svg>", maintype="image", subtype="png", cid="<fake@x>", filename="fake.png")
    related.add_related(PNG, maintype="image", subtype="png", cid="<unseen@x>", filename="unseen.png")
    assert await running.send(MAILBOX, mail.as_bytes()) == 200
    (entry,) = await running.read()
    names = [file["name"] for file in entry.payload["attachments"]]
    assert names == ["twice.png", "fake.png", "unseen.png"]
    _, _, page = await download(running.desk, f"{entry.payload['html']}/html")
    url = f"data:image/png;base64,{b64encode(PNG).decode()}"
    assert page.count(url.encode()) == 2
    assert page.count(b"src=") == 2


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../x", "x"), ("..\\..\\x.txt", "x.txt"), ("a\0b", "a_b"), ("evil\u202egpj.exe", "evil_gpj.exe"),
        ("<img src=x>", "_img src_x_"), ("/", "file"), ("...", "file"), ("\r\nSet-Cookie: x", "_Set-Cookie_ x"),
        ("д" * 500, "д" * 120),
    ],
)  # fmt: skip
async def test_hostile_names(running: ChannelServer, tmp_path: Path, given: str, kept: str) -> None:
    entry = await receive(running, tmp_path, InboundFile(name=given, data=b"x"))
    (file,) = entry.payload["attachments"]
    assert file["name"] == kept
    status, headers, data = await download(running.desk, file["id"])
    assert (status, data) == (200, b"x")
    assert "\r" not in headers["Content-Disposition"]


async def test_what_is_too_much_is_said_and_not_kept(running: ChannelServer, tmp_path: Path) -> None:
    large = InboundFile(name="large", reference="file-1", size=LARGEST + 1)
    entry = await receive(
        running, tmp_path, large, *(InboundFile(name=f"{n}", data=b"x") for n in range(MOST + 4))
    )
    files = entry.payload["attachments"]
    assert (files[0]["state"], files[0]["reason"]) == ("refused", "too_large")
    assert (files[-1]["name"], files[-1]["reason"]) == ("+ 5", "too_many")
    assert len(files) == MOST + 1
    assert (await download(running.desk, files[0]["id"]))[0] == 404


class Provider:
    """Gives what is on `files`, one for each time that it is asked, from when it is `there`."""

    def __init__(self, *files: bytes | Exception) -> None:
        self.files = list(files)
        self.there = asyncio.Event()

    async def fetch_file(self, token: str, reference: str) -> bytes:
        assert (token, reference) == (TOKEN, "file-1")
        await self.there.wait()
        file = self.files.pop(0) if len(self.files) > 1 else self.files[0]
        if isinstance(file, Exception):
            raise file
        return file


async def fetched(running: ChannelServer, home: Path, provider: Provider) -> dict[str, Any]:
    """What the timeline says of a file of `provider`, once it is had or refused; the desks hear the same."""
    running.fetchers["telegram"] = provider
    entry = await receive(
        running, home, InboundFile(name="a.pdf", media_type="application/pdf", reference="file-1")
    )
    (file,) = entry.payload["attachments"]
    assert (file["state"], file["size"]) == ("waiting", 0)
    assert (await download(running.desk, file["id"]))[0] == 404
    await running.desk.follow()
    provider.there.set()

    async def done() -> Any:
        running.server.clock.ahead += timedelta(minutes=2)
        page = await running.desk.get(f"customers/{entry.customer_id}/timeline")
        ((file,),) = ([item["payload"]["attachments"][0]] for item in page["items"])
        return None if file.get("state") == "waiting" else file

    now = await eventually(done)
    running.server.bus.tell(Subject.FEED)

    def heard() -> list[Any]:
        told = [each["data"] for each in running.desk.of_type("notice")]
        return [each["attachment"] for each in told if each["code"] == "attachment"]

    assert await eventually(heard) == [now]
    result: dict[str, Any] = now
    return result


async def test_a_file_is_fetched_and_is_what_it_is(running: ChannelServer, tmp_path: Path) -> None:
    busy, away = RateLimited("busy", retry_after=5), Transient("away")
    now = await fetched(running, tmp_path, Provider(busy, away, PNG))
    assert (now["media_type"], now["size"], now.get("state")) == ("image/png", len(PNG), None)
    assert (await download(running.desk, now["id"]))[2] == PNG


@pytest.mark.parametrize("error", [Rejected("no such file"), Transient("away")])
async def test_a_file_that_is_not_to_be_had_says_why(
    running: ChannelServer, tmp_path: Path, error: Exception
) -> None:
    assert TRIES > 3
    now = await fetched(running, tmp_path, Provider(error))
    assert (now["state"], now["reason"]) == ("refused", str(error))

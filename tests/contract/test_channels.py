"""The suite that every channel passes: from the provider's own payload to the timeline, whatever happens on the way."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web

from bridge import channels
from bridge.channels.registry import make_channels
from bridge.channels.webhook import BODY_LIMIT, Inlet
from bridge.domain.times import parse_iso, utc_now
from bridge.secrets import InboxSecrets
from bridge.settings import Settings
from bridge.store import inboxes
from bridge.store.engine import Database
from tests.contract.channel_cases import CASES, MAILBOX, SHOP, TELEGRAM_BOT, Case, mail, order, telegram
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import HOOK_SECRET, eventually


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


@pytest.fixture(params=[name for name, case in CASES.items() if case.hooked])
def case(request: pytest.FixtureRequest) -> Case:
    """A channel that is told by webhook."""
    return CASES[request.param]


@pytest.fixture(params=list(CASES))
def any_case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def test_there_is_a_case_for_every_channel_and_without_its_file_no_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(make_channels(Settings())) == set(CASES)
    left = tmp_path / "channels"
    shutil.copytree(Path(channels.__file__).parent, left)
    (left / "telegram.py").unlink()
    shutil.rmtree(left / "email")
    monkeypatch.setattr(channels, "__path__", [str(left)])
    assert set(make_channels(Settings())) == set(CASES) - {"telegram", "email"}


async def test_what_arrives_is_on_the_timeline_and_told_to_the_desks(
    running: ChannelServer, any_case: Case
) -> None:
    await running.desk.follow()
    assert await running.send(any_case, any_case.make(1)) == 200
    (entry,) = await running.read()
    (told,) = await running.desk.wait_for("entry")
    assert told["data"]["id"] == entry.id
    page = await running.desk.get(f"customers/{entry.customer_id}/timeline")
    assert [each["id"] for each in page["items"]] == [entry.id]
    assert entry.channel == any_case.inbox.partition("/")[0]
    assert entry.direction == "inbound"


async def test_shuffled_and_sent_five_times_at_once_each_is_there_once(
    running: ChannelServer, any_case: Case
) -> None:
    sent = [any_case.make(number) for number in range(10)] * 5
    random.Random(1).shuffle(sent)
    assert set(await asyncio.gather(*(running.send(any_case, body) for body in sent))) == {200}
    assert len(await running.read()) == 10
    assert await running.count_arrivals() == 10


async def test_what_is_forged_is_refused_and_not_kept(running: ChannelServer, case: Case) -> None:
    body = case.make(1)
    (name,) = case.sign(body, HOOK_SECRET)
    for headers in (
        {},
        {name: ""},
        {name: "é" * 32},
        case.sign(body, "another"),
        case.sign(body, HOOK_SECRET + "x"),
        case.sign(body, HOOK_SECRET[:-1]),
    ):
        assert await running.post(case.inbox, body, headers) == 403
    assert await running.count_arrivals() == 0


async def test_altered_or_cut_it_makes_no_entry(running: ChannelServer, case: Case) -> None:
    body = case.make(1)
    headers = case.headers(body)
    for wrong in (body[:-20], body[:1], b"", body.replace(b'"', b"'", 1)):
        assert await running.post(case.inbox, wrong, headers) == (403 if case.signs_body else 200)
    running.server.clock.ahead += timedelta(hours=1)
    if not case.signs_body:
        await eventually(lambda: _grow_old(running) and running.receiver.dead == 4)
    assert await running.read() == []


def _grow_old(running: ChannelServer) -> bool:
    running.server.clock.ahead += timedelta(seconds=1)
    return True


async def test_the_connection_breaks_before_the_end_and_nothing_is_kept(
    running: ChannelServer, case: Case
) -> None:
    body = case.make(1)
    host, _, port = running.server.url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    headers = "".join(f"{name}: {value}\r\n" for name, value in case.headers(body).items())
    writer.write(
        f"POST /hooks/{case.inbox} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode()
        + body[:-1]
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await running.send(case, case.make(2)) == 200
    assert len(await running.read()) == 1
    assert await running.count_arrivals() == 1


async def test_a_megabyte_is_read_and_more_is_refused(running: ChannelServer, case: Case) -> None:
    body = case.make(1)
    large = body + b" " * (BODY_LIMIT - len(body))
    assert await running.send(case, large + b" ") == 413
    assert await running.count_arrivals() == 0
    assert await running.send(case, large) == 200
    assert len(await running.read()) == 1


async def test_an_inbox_that_is_not_there(running: ChannelServer, case: Case) -> None:
    body = case.make(1)
    for inbox in (
        case.inbox + "x",
        "sms/main",
        "email/support@example.org",
        case.inbox.partition("/")[0] + "/%00",
    ):
        assert await running.post(inbox, body, case.headers(body)) == 404


async def test_who_dawdles_is_not_waited_for(db: Database, case: Case) -> None:
    channel, key = case.inbox.split("/")
    await db.write(inboxes.resolve_inbox, channel, key)
    secrets = {case.inbox: InboxSecrets(hook_secret=HOOK_SECRET)}
    inlet = Inlet(db, make_channels(Settings()), secrets, lambda: None, utc_now, body_seconds=0.05)
    app = web.Application()

    async def take(request: web.Request) -> web.StreamResponse:
        return await inlet(request)

    app.router.add_post("/hooks/{channel}/{inbox}", take)
    runner = web.AppRunner(app, lingering_time=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
    writer.write(f"POST /hooks/{case.inbox} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{".encode())
    assert (await reader.readline()).split()[1] == b"408"
    writer.close()
    await runner.cleanup()


@pytest.mark.parametrize("year", [1970, 2090])
async def test_a_time_that_cannot_be_is_that_of_the_arrival(running: ChannelServer, year: int) -> None:
    at = f"{year}-06-01T00:00:00Z"
    before = utc_now()
    assert await running.send(SHOP, order(at=at)) == 200
    assert await running.send(MAILBOX, mail(Date=format_datetime(parse_iso(at)))) == 200
    assert await running.send(TELEGRAM_BOT, telegram("text", date=int(parse_iso(at).timestamp()))) == 200
    entries = await running.read()
    assert len(entries) == 3
    assert all(before <= parse_iso(entry.at) <= utc_now() for entry in entries)

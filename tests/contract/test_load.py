"""The load shared out: who gets which conversation, by when it is answered, and nobody forgotten. The clock is moved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from bridge.domain.calendar import Calendar, Span, add_open_time
from bridge.domain.ports import Subject
from bridge.domain.times import iso, parse_iso, utc_now
from bridge.flows.assign_conversations import AssignConversations
from bridge.flows.mind_conversations import Promises, has_work, mind
from bridge.store.schema import customer, timeline_entry
from pbx.interface import Outcome
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.desk_server import Client, eventually, logged_in
from tests.contract.test_continuing import KNOWN, UNKNOWN, Story, token_of
from tests.contract.test_conversations import answer, work, write
from tests.fakes.scripted_call import ScriptedCall

HOUR = timedelta(hours=1)
PROMISES = Promises(first=HOUR, next=2 * HOUR, language="en")
NIGHT_ONLY: Any = {"zone": "UTC", "weekly": [[]] * 7, "holidays": []}


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:
        yield server


@pytest.fixture
async def admin(running: ChannelServer) -> AsyncIterator[Client]:
    async with logged_in(running.server, "admin") as client:
        yield client


@pytest.fixture
async def other(running: ChannelServer) -> AsyncIterator[Client]:
    async with logged_in(running.server, "102") as client:
        yield client


async def look_after(running: ChannelServer) -> None:
    """As it is done each second."""
    db, clock = running.server.db, running.server.clock
    while await db.read(has_work, clock()):
        await db.write(mind, PROMISES, clock())


Share = Callable[[], Awaitable[int]]


@pytest.fixture
def share_out(running: ChannelServer) -> Share:
    """As it is done each second, by one process."""
    return make_decider(running)


def make_decider(running: ChannelServer) -> Share:
    server = running.server
    wake = partial(server.bus.tell, Subject.FEED)
    return AssignConversations(server.db, server.telephony.look_at, wake, server.clock).decide


async def owner_of(running: ChannelServer, conversation_id: str) -> str | None:
    owner: str | None = (await running.desk.get(f"conversations/{conversation_id}"))["assignee"]
    return owner


async def test_it_is_due_in_hours_that_we_work(running: ChannelServer, admin: Client) -> None:
    tomorrow = (utc_now() + timedelta(days=1)).isoformat()[:10]
    hours = {"opens": "10:00", "closes": "10:30"}
    calendar = {
        "zone": "Europe/Kyiv",
        "weekly": [[hours]] * 7,
        "holidays": [{"day": tomorrow, "name": "A holiday", "hours": []}],
    }
    assert (await running.desk.ask("PUT", "calendar", calendar))[0] == 403
    assert (await admin.ask("PUT", "calendar", calendar))[0] == 200
    assert (await running.desk.get("calendar"))["holidays"][0]["name"] == "A holiday"
    talk = await write(running)
    await look_after(running)
    found = await running.desk.get(f"conversations/{talk}")
    since = parse_iso(found["waiting_since"])
    stored = Calendar("Europe/Kyiv", ((Span("10:00", "10:30"),),) * 7)
    # Half an hour a day, one of them a holiday: at least two days.
    assert parse_iso(found["due_at"]) - since > timedelta(days=1)
    assert parse_iso(found["due_at"]) > (add_open_time(stored, since, HOUR) or since)
    # When the hours change it is worked out anew.
    assert (await admin.ask("PUT", "calendar", {"zone": "UTC"}))[0] == 200
    await look_after(running)
    found = await running.desk.get(f"conversations/{talk}")
    assert parse_iso(found["due_at"]) == since + HOUR
    # The second answer has its own time.
    await answer(running.desk, talk)
    await write(running, "one more thing")
    await look_after(running)
    found = await running.desk.get(f"conversations/{talk}")
    assert parse_iso(found["due_at"]) == parse_iso(found["waiting_since"]) + 2 * HOUR


@pytest.mark.parametrize(
    "wrong", [{"zone": "Mars/Base"}, {"weekly": [[]] * 6}, {"holidays": [{"day": "2026-02-30"}]}, {"x": 1}]
)
async def test_hours_that_cannot_be_are_refused(admin: Client, wrong: dict[str, Any]) -> None:
    assert (await admin.ask("PUT", "calendar", wrong))[0] == 422


async def test_what_is_overdue_is_told_to_supervisors_once_and_goes_first(running: ChannelServer) -> None:
    late = await write(running, "first", 1)
    running.server.clock.ahead += timedelta(minutes=50)
    async with logged_in(running.server, "103") as boss:
        await boss.follow()
        await running.desk.follow()
        await look_after(running)
        assert (
            not boss.of_type("conversation")[-1:] or not boss.of_type("conversation")[-1]["data"]["overdue"]
        )
        running.server.clock.ahead += timedelta(minutes=11)
        for _ in range(3):
            await look_after(running)

        def told(client: Client) -> list[Any]:
            return [each["data"] for each in client.of_type("notice") if each["data"]["code"] == "overdue"]

        await eventually(lambda: len(told(boss)) == 1)
        assert told(boss)[0]["conversation_id"] == late
        assert told(running.desk) == []
    found = await running.desk.get(f"conversations/{late}")
    assert (found["overdue"], found["priority"]) == (True, 1)
    # Whoever writes later waits behind it, and an answer ends it.
    later = await write(running, "second", 2)
    assert await work(running.desk) == [late, later]
    await answer(running.desk, late)
    found = await running.desk.get(f"conversations/{late}")
    assert (found["overdue"], found["priority"], found["due_at"]) == (False, 0, None)


async def test_what_was_put_off_is_work_again_in_time(running: ChannelServer) -> None:
    talk = await write(running)
    until = iso(utc_now() + 3 * HOUR)
    await running.desk.ask("POST", f"conversations/{talk}/state", {"state": "snoozed", "until": until})
    running.server.clock.ahead += 2 * HOUR
    await look_after(running)
    assert await work(running.desk) == []
    running.server.clock.ahead += 2 * HOUR
    await look_after(running)
    assert await work(running.desk) == [talk]
    assert (await running.desk.get(f"conversations/{talk}"))["overdue"]


async def test_who_writes_out_of_hours_is_told_once(running: ChannelServer, admin: Client) -> None:
    await admin.ask("PUT", "calendar", NIGHT_ONLY)
    rules = {each["key"]: each for each in (await admin.get("inbox_rules"))["items"]}
    assert (rules["bot"]["away"], rules["bot"]["skill"]) == (False, None)
    await write(running, "while it is off", 1)
    await look_after(running)
    rule = {"away": True, "away_texts": {"uk": "Ми спимо.", "ru": " "}}
    path = f"inbox_rules/{rules['bot']['inbox_id']}"
    status, saved = await admin.ask("PUT", path, rule)
    assert (status, saved["away_texts"]) == (200, {"uk": "Ми спимо."})
    assert (await admin.ask("PUT", path, rule | {"away_texts": {"xx": "?"}}))[0] == 422
    talk = await write(running, "hello", 2)
    await look_after(running)
    # The first message takes seconds: aiogram is loaded with it.
    await eventually(lambda: len(running.telegram.sent) == 1, within=60)
    assert "not at work" in running.telegram.sent[0].text
    # It is no answer: the customer waits still, and is told nothing twice.
    assert talk in await work(running.desk)
    await answer(running.desk, talk, "here I am")
    await write(running, "another", 2)
    await look_after(running)
    await eventually(lambda: [sent.text for sent in running.telegram.sent][1:] == ["here I am"])
    # In the customer's own language, where we have words for it.
    speaker = await write(running, "вітаю", 3)
    customer_id = (await running.desk.get(f"conversations/{speaker}"))["customer_id"]

    def speak(connection: Connection) -> None:
        connection.execute(update(customer).where(customer.c.id == customer_id).values(language="uk"))

    await running.server.db.write(speak)
    await look_after(running)
    await eventually(lambda: running.telegram.sent[-1].text == "Ми спимо.")


async def test_a_program_that_writes_gets_no_answer_of_a_program(
    running: ChannelServer, admin: Client
) -> None:
    await admin.ask("PUT", "calendar", NIGHT_ONLY)
    rules = {each["key"]: each for each in (await admin.get("inbox_rules"))["items"]}
    await admin.ask("PUT", f"inbox_rules/{rules['bot']['inbox_id']}", {"away": True})
    await write(running)

    def mark(connection: Connection) -> None:
        # As a channel marks what no person wrote; the guard of entries looks at updates of the columns only. A database of
        # PostgreSQL's serves the next test too: there it looks away for this transaction.
        connection.exec_driver_sql(
            "SET LOCAL session_replication_role = replica"
            if connection.dialect.name == "postgresql"
            else "DROP TRIGGER timeline_entry_redaction"
        )
        connection.execute(update(timeline_entry).values(payload={"automatic": True}))

    await running.server.db.write(mark)
    await look_after(running)
    entries = [entry for entry in await running.read() if entry.direction == "outbound"]
    assert entries == []


async def test_conversations_go_to_who_has_room(
    running: ChannelServer, admin: Client, other: Client, share_out: Share
) -> None:
    server = running.server
    talks = [await write(running, f"message {n}", n + 1) for n in range(4)]
    # Nobody is at a desk.
    assert await share_out() == 0
    await running.desk.follow()
    await other.follow()
    for login, capacity in (("101", 1), ("102", 2)):
        body = {"capacity": capacity, "skills": ["sales"], "languages": ["uk"]}
        status, duty = await admin.ask("PUT", f"duties/{server.agents[login].id}", body)
        assert (status, duty["capacity"]) == (200, capacity)
    assert await share_out() == 3
    assert await share_out() == 0
    owners = [await owner_of(running, talk) for talk in talks]
    assert owners[3] is None
    assert sorted(owners[:3]) == ["Agent 101", "Agent 102", "Agent 102"]  # type: ignore[type-var]

    def told() -> bool:
        codes = [each["data"]["code"] for each in running.desk.of_type("notice")]
        return codes.count("routed") == 1

    await eventually(told)
    # An answered one takes attention for a while; one that is over takes none.
    mine = talks[owners.index("Agent 101")]
    await answer(running.desk, mine)
    assert await share_out() == 0
    await running.desk.ask("POST", f"conversations/{mine}/state", {"state": "resolved"})
    assert await share_out() == 1
    assert await owner_of(running, talks[3]) == "Agent 101"


async def test_who_is_on_the_phone_gets_none(running: ChannelServer, share_out: Share) -> None:
    talk = await write(running)
    await running.desk.follow()
    call = ScriptedCall(running.server.calls, "+380501110001")
    call.ring("101")
    assert await share_out() == 0
    call.answered("101")
    assert await share_out() == 0
    call.left("101")
    call.ended(Outcome.ANSWERED)
    # The wrap-up is work as well.
    assert await share_out() == 0
    await running.server.settle()
    (unfinished,) = (await running.desk.get("me"))["unfinished"]
    await running.desk.ask("POST", f"calls/{unfinished['id']}/wrap_up", {"disposition": "other"})
    assert await share_out() == 1
    assert await owner_of(running, talk) == "Agent 101"


async def test_a_skill_that_an_inbox_asks_for(
    running: ChannelServer, admin: Client, other: Client, share_out: Share
) -> None:
    await running.desk.follow()
    await other.follow()
    rules = {each["key"]: each for each in (await admin.get("inbox_rules"))["items"]}
    body = {"away": False, "skill": "repairs"}
    await admin.ask("PUT", f"inbox_rules/{rules['bot']['inbox_id']}", body)
    duty = {"capacity": 3, "skills": ["repairs"]}
    await admin.ask("PUT", f"duties/{running.server.agents['102'].id}", duty)
    talks = [await write(running, f"message {n}", n + 1) for n in range(4)]
    assert await share_out() == 3
    assert [await owner_of(running, talk) for talk in talks] == ["Agent 102"] * 3 + [None]


async def test_who_knows_the_customer_has_them_again(
    running: ChannelServer, admin: Client, other: Client, share_out: Share
) -> None:
    await running.desk.follow()
    await other.follow()
    first = await write(running, "one", 1)
    await answer(other, first)
    await other.ask("POST", f"conversations/{first}/state", {"state": "resolved"})
    running.server.clock.ahead += timedelta(minutes=30)
    await running.desk.ask("POST", f"conversations/{first}/assign", {"agent_id": None})
    second = await write(running, "two", 1)
    assert second == first
    # Opened again, it is still theirs: nothing is shared out.
    assert await share_out() == 0
    assert await owner_of(running, first) == "Agent 102"


@pytest.mark.parametrize("keeper", ["here", "away", "full", "with them", "with another"])
async def test_who_comes_by_a_link_goes_to_the_agent_who_made_it(
    running: ChannelServer, admin: Client, other: Client, share_out: Share, keeper: str
) -> None:
    story = Story(running)
    await story.name_bot()
    server, desk = running.server, running.desk
    oksana = await server.add_customer("Оксана", KNOWN)
    call, call_id = await story.ring(KNOWN, oksana)
    call.answered("101")
    await server.settle()
    token = token_of(await story.offer("calls", call_id, "telegram"))
    if keeper != "away":
        await desk.follow()
    await other.follow()
    if keeper != "with them":
        call.left("101")
        call.ended(Outcome.ANSWERED)
        await server.settle()
        for each in (await desk.get("me"))["unfinished"]:
            await desk.ask("POST", f"calls/{each['id']}/wrap_up", {"disposition": "other"})
    if keeper == "with another":
        await story.ring(UNKNOWN)
    for login, capacity, skills in (("101", 0 if keeper == "full" else 1, []), ("102", 5, ["repairs"])):
        body = {"capacity": capacity, "skills": skills}
        await admin.ask("PUT", f"duties/{server.agents[login].id}", body)
    # What an inbox asks for is no reason to give the matter away.
    rules = {each["key"]: each for each in (await admin.get("inbox_rules"))["items"]}
    body = {"away": False, "skill": "repairs"}
    await admin.ask("PUT", f"inbox_rules/{rules['bot']['inbox_id']}", body)
    talk = (await story.write(f"/start {token}")).conversation_id or ""
    assert await share_out() == 1
    expected = "Agent 101" if keeper in ("here", "with them") else "Agent 102"
    assert await owner_of(running, talk) == expected


async def test_overdue_with_somebody_who_is_not_there(
    running: ChannelServer, other: Client, share_out: Share
) -> None:
    talk = await write(running)
    body = {"agent_id": running.server.agents["101"].id}
    await other.ask("POST", f"conversations/{talk}/assign", body)
    await other.follow()
    await look_after(running)
    assert await share_out() == 0
    running.server.clock.ahead += 2 * HOUR
    await look_after(running)
    assert await share_out() == 1
    assert await owner_of(running, talk) == "Agent 102"


async def test_one_process_decides(running: ChannelServer, share_out: Share) -> None:
    running.server.clock.stop()
    await write(running, "one", 1)
    await running.desk.follow()
    assert await share_out() == 1
    await write(running, "two", 2)
    # Another process while the first has the lease; and once it has not.
    second = make_decider(running)
    assert await second() == 0
    running.server.clock.ahead += timedelta(seconds=11)
    assert await second() == 1

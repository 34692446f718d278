"""A call from the PBX's first word to the note on the timeline, over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import io
import threading
import wave
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bridge.domain.card import Card
from bridge.domain.ports import Bus
from bridge.domain.times import iso, utc_now
from bridge.errors import Transient
from bridge.flows import card_reader, pop_screen
from bridge.store.card import read_card
from pbx.interface import Direction, Outcome, QueueLook, QueueMember, WaitingCaller, WithdrawReason
from tests.contract.desk_server import Client, DeskServer, eventually, logged_in, serving
from tests.fakes.scripted_call import ScriptedCall

KNOWN = "+380501110001"
UNKNOWN = "+380671234567"


@pytest.fixture
async def server(url: str, bus: Bus, tmp_path: Path) -> AsyncIterator[DeskServer]:
    async with serving(url, tmp_path, bus=bus) as running:
        yield running


@pytest.fixture
async def first(server: DeskServer) -> AsyncIterator[Client]:
    async with logged_in(server, "101") as client:
        yield client


@pytest.fixture
async def second(server: DeskServer) -> AsyncIterator[Client]:
    async with logged_in(server, "102") as client:
        yield client


async def the_call(server: DeskServer, client: Client) -> dict[str, Any]:
    await server.settle()
    (summary,) = (await client.get("calls"))["items"]
    call: dict[str, Any] = await client.get(f"calls/{summary['id']}")
    return call


async def test_from_the_ring_to_the_note(server: DeskServer, first: Client) -> None:
    customer = await server.add_customer("Оксана", KNOWN)
    await first.follow()
    call = ScriptedCall(server.calls, KNOWN)
    call.ring("101", customer_id=customer)
    (pop,) = await first.wait_for("screen_pop")
    assert pop["data"]["card"]["customer"]["id"] == customer
    assert first.socket is not None
    await first.socket.send_json({"type": "screen_pop_shown", "id": pop["data"]["id"]})
    call_id = pop["data"]["call_id"]
    assert (await first.get("ringing"))["items"] == [pop["data"]]
    call.answered("101")
    assert (await first.get("ringing"))["items"] == []
    for rev, text in ((1, "Wants"), (2, "Wants the parcel on Friday")):
        status, draft = await first.ask("PUT", f"calls/{call_id}/note", {"text": text, "rev": rev})
        assert (status, draft["rev"]) == (200, rev)
    # The same again, because its answer was lost; then another text from another tab.
    assert await first.ask("PUT", f"calls/{call_id}/note", {"text": text, "rev": rev}) == (200, draft)
    status, problem = await first.ask("PUT", f"calls/{call_id}/note", {"text": "Else", "rev": rev})
    assert (status, problem["type"]) == (409, "urn:omniline:conflict")
    call.left("101")
    call.ended(Outcome.ANSWERED)
    await eventually(lambda: server.control.paused.get("101"))
    status, done = await first.ask("POST", f"calls/{call_id}/wrap_up", {"disposition": "resolved"})
    assert status == 200
    assert done["entry"]["text"] == "Wants the parcel on Friday"
    await eventually(lambda: server.control.paused.get("101") is False)
    assert await first.ask("POST", f"calls/{call_id}/wrap_up", {"disposition": "spam"}) == (200, done)

    # What came over the WebSocket, either way, is not in step with the requests.
    async def shown() -> dict[str, Any] | None:
        found = await the_call(server, first)
        return found if "pop_shown" in [stage["stage"] for stage in found["stages"]] else None

    detail = await eventually(shown)
    stages = [stage["stage"] for stage in detail["stages"]]
    assert sorted(stages) == sorted(
        ["invite", "identified", "ringing", "pop_sent", "pop_shown", "answered", "ended"]
    )
    assert detail["answered_by"] == "Agent 101"
    timeline = (await first.get(f"customers/{customer}/timeline"))["items"]
    assert [entry["kind"] for entry in timeline] == ["note", "call"]
    assert timeline[1]["payload"]["outcome"] == "answered"
    states = [message["data"]["state"] for message in await first.wait_for("agent_state", 5)]
    assert states == ["available", "ringing", "in_call", "wrap_up", "available"]
    assert first.of_type("screen_pop_withdrawn") == []
    kinds = {entry["data"]["kind"] for entry in await first.wait_for("entry", 2)}
    assert kinds == {"call", "note"}


async def test_a_wrap_up_done_while_still_talking_keeps_nobody_out(server: DeskServer, first: Client) -> None:
    await server.add_customer("Оксана", KNOWN)
    await first.follow()
    call = ScriptedCall(server.calls, KNOWN)
    call.ring("101")
    call.answered("101")
    stored = await the_call(server, first)
    assert (await first.ask("POST", f"calls/{stored['id']}/wrap_up", {"disposition": "resolved"}))[0] == 200
    call.left("101")
    call.ended(Outcome.ANSWERED)
    await eventually(lambda: first.of_type("agent_state")[-1]["data"]["state"] == "available")
    assert "wrap_up" not in [message["data"]["state"] for message in first.of_type("agent_state")]
    assert server.control.paused["101"] is False
    assert (await first.get("me"))["unfinished"] == []


async def test_the_pop_waits_for_no_write(server: DeskServer, first: Client) -> None:
    customer = await server.add_customer("Оксана", KNOWN)
    await first.follow()
    locked = asyncio.Event()
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(connection: object) -> None:
        loop.call_soon_threadsafe(locked.set)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()

    holding = asyncio.create_task(server.db.write(hold))
    await locked.wait()
    ScriptedCall(server.calls, KNOWN).ring("101", customer_id=customer)
    (pop,) = await first.wait_for("screen_pop")
    assert not holding.done()
    release.set()
    await holding
    assert pop["data"]["card"]["customer"]["id"] == customer


async def test_two_ring_and_only_the_others_pop_is_withdrawn(
    server: DeskServer, first: Client, second: Client
) -> None:
    await server.add_customer("Оксана", KNOWN)
    await first.follow()
    await second.follow()
    call = ScriptedCall(server.calls, KNOWN)
    call.ring("101", "102")
    await first.wait_for("screen_pop")
    (pop,) = await second.wait_for("screen_pop")
    call.answered("101")
    call.withdrawn("102", WithdrawReason.ANSWERED_ELSEWHERE)
    (withdrawn,) = await second.wait_for("screen_pop_withdrawn")
    assert withdrawn["data"] == {
        "pop_id": pop["data"]["id"],
        "call_id": pop["data"]["call_id"],
        "reason": "answered_elsewhere",
    }
    await eventually(lambda: "in_call" in [m["data"]["state"] for m in first.of_type("agent_state")])
    assert first.of_type("screen_pop_withdrawn") == []
    assert [pop["data"]["extension"] for pop in first.of_type("screen_pop")] == ["101"]
    assert [pop["data"]["extension"] for pop in second.of_type("screen_pop")] == ["102"]


async def test_an_unknown_caller_is_a_customer_once_answered(server: DeskServer, first: Client) -> None:
    call = ScriptedCall(server.calls, UNKNOWN)
    call.ring("101")
    call.withdrawn("101", WithdrawReason.CALLER_GAVE_UP)
    call.ended(Outcome.ABANDONED)
    await server.settle()
    assert (await first.get("customers", phone=UNKNOWN))["items"] == []
    ScriptedCall(server.calls, UNKNOWN).talk("101")
    await server.settle()
    (customer,) = (await first.get("customers", phone="067 123 45 67"))["items"]
    (entry,) = (await first.get(f"customers/{customer['id']}/timeline"))["items"]
    assert entry["kind"] == "call"


async def test_an_anonymous_caller_is_nobodys_until_filed(server: DeskServer, first: Client) -> None:
    ScriptedCall(server.calls, "anonymous").talk("101")
    call = await the_call(server, first)
    assert call["caller"] == ""
    assert call["customer_id"] is None
    status, filed = await first.ask(
        "POST", f"calls/{call['id']}/file", {"new": {"name": "Петро"}, "reason": "said so"}
    )
    assert status == 200, filed
    (entry,) = (await first.get(f"customers/{filed['customer_id']}/timeline"))["items"]
    assert entry["call_id"] == call["id"]
    status, undone = await first.ask("POST", f"filings/{filed['filing_id']}/undo")
    assert (status, undone["customer_id"]) == (200, None)
    status, problem = await first.ask("POST", f"filings/{filed['filing_id']}/undo")
    assert (status, problem["type"]) == (409, "urn:omniline:conflict")


async def test_an_undone_filing_is_not_made_again_by_the_system(server: DeskServer, first: Client) -> None:
    await server.add_customer("Оксана", KNOWN)
    call = ScriptedCall(server.calls, KNOWN)
    call.ring("101")
    stored = await the_call(server, first)
    other = await server.add_customer("Сестра")
    _, filed = await first.ask(
        "POST", f"calls/{stored['id']}/file", {"customer_id": other, "reason": "her sister"}
    )
    call.answered("101")
    assert (await the_call(server, first))["customer_id"] == filed["customer_id"] == other


@pytest.mark.parametrize(
    "caller",
    [
        '"; DROP TABLE call; --',
        "1' OR '1'='1",
        "${SHELL(id)}",
        "a\r\nAction: Logoff",
        "9" * 500,
        "\x00\ud800",
    ],
)
async def test_hostile_caller_ids_are_text(server: DeskServer, first: Client, caller: str) -> None:
    await first.follow()
    ringing = ScriptedCall(server.calls, caller)
    ringing.ring("101")
    (pop,) = await first.wait_for("screen_pop")
    ringing.answered("101")
    ringing.left("101")
    ringing.ended(Outcome.ANSWERED)
    call = await the_call(server, first)
    assert call["state"] == "ended"
    assert call["customer_id"] is None
    assert pop["data"]["card"]["caller"] == call["caller"]


async def test_a_voicemail_makes_a_customer_and_is_kept(server: DeskServer, first: Client) -> None:
    spooled = server.folders.voicemail / "default/sales/INBOX/msg0000.wav"
    spooled.parent.mkdir(parents=True)
    spooled.write_bytes(wav(b"\1\0" * 8000))
    call = ScriptedCall(server.calls, UNKNOWN)
    call.started()
    call.identified()
    call.left_message("default/sales/INBOX/msg0000")
    call.ended(Outcome.VOICEMAIL)
    await server.settle()
    spooled.write_bytes(b"the next message takes its name")
    spooled.unlink()
    (customer,) = (await first.get("customers", phone=UNKNOWN))["items"]
    timeline = (await first.get(f"customers/{customer['id']}/timeline"))["items"]
    assert [entry["kind"] for entry in timeline] == ["message", "call"]
    assert timeline[0]["payload"]["subtype"] == "voicemail"
    recording_id = timeline[0]["payload"]["recording_id"]
    async with first.http.get(f"{server.url}/api/v1/recordings/{recording_id}/audio") as answer:
        assert answer.status == 200
        assert len(await answer.read()) == 44 + 16000


def wav(samples: bytes) -> bytes:
    """16-bit mono at 8 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(samples)
    return file.getvalue()


async def test_without_the_store_the_pop_shows_the_number_and_the_card_follows(
    server: DeskServer, first: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await server.add_customer("Оксана", KNOWN)
    await first.follow()
    away = threading.Event()

    def read_late(connection: Connection, **given: Any) -> Card:
        if not away.is_set():
            raise Transient("locked")
        return read_card(connection, **given)

    monkeypatch.setattr(card_reader, "read_card", read_late)
    monkeypatch.setattr(pop_screen, "CARD_PATIENCE", 0.05)
    ScriptedCall(server.calls, KNOWN).ring("101", customer_id=customer)
    (bare,) = await first.wait_for("screen_pop")
    assert bare["data"]["card"]["caller"] == KNOWN
    assert bare["data"]["card"]["customer"] is None
    away.set()
    _, full = await first.wait_for("screen_pop", 2)
    assert full["id"] == bare["id"]
    assert full["data"]["card"]["customer"]["id"] == customer


async def test_a_card_that_cannot_be_read_still_pops_the_number(
    server: DeskServer, first: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await first.follow()

    def fail(connection: Connection, **given: Any) -> Card:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(card_reader, "read_card", fail)
    ScriptedCall(server.calls, KNOWN).ring("101")
    (bare,) = await first.wait_for("screen_pop")
    assert bare["data"]["card"]["caller"] == KNOWN


async def test_a_transferred_call_is_wrapped_up_by_both(
    server: DeskServer, first: Client, second: Client
) -> None:
    await server.add_customer("Оксана", KNOWN)
    call = ScriptedCall(server.calls, KNOWN)
    call.ring("101")
    call.answered("101")
    call.left("101")
    call.invited("102")
    call.answered("102")
    call.left("102")
    call.ended(Outcome.ANSWERED)
    stored = await the_call(server, first)
    assert stored["answered_by"] == "Agent 101"
    for client, text in ((first, "asked for sales"), (second, "sold")):
        await client.ask("PUT", f"calls/{stored['id']}/note", {"text": text, "rev": 1})
        status, _ = await client.ask("POST", f"calls/{stored['id']}/wrap_up", {"disposition": "resolved"})
        assert status == 200
    (customer,) = (await first.get("customers", phone=KNOWN))["items"]
    timeline = (await first.get(f"customers/{customer['id']}/timeline"))["items"]
    assert [entry["text"] for entry in timeline if entry["kind"] == "note"] == ["sold", "asked for sales"]


async def test_calls_between_colleagues_are_nobodys_and_leave_no_wrap_up(
    server: DeskServer, first: Client, second: Client
) -> None:
    ScriptedCall(server.calls, "101", dialled="102", direction=Direction.INTERNAL).talk("102")
    call = await the_call(server, first)
    assert (call["direction"], call["customer_id"]) == ("internal", None)
    assert (await second.get("me"))["unfinished"] == []


async def test_a_joined_agent_gets_the_card_the_notes_and_the_wrap_up(
    server: DeskServer, first: Client, second: Client
) -> None:
    customer = await server.add_customer("Оксана", KNOWN)
    await second.follow()
    call = ScriptedCall(server.calls, KNOWN)
    call.ring("101")
    call.answered("101")
    call_id = str((await the_call(server, first))["id"])
    await first.ask("PUT", f"calls/{call_id}/note", {"text": "asked for sales", "rev": 1})
    consultation = ScriptedCall(server.calls, "101", dialled="102", direction=Direction.INTERNAL)
    consultation.ring("102")
    consultation.answered("102")
    (asked,) = await second.wait_for("screen_pop")
    assert asked["data"]["card"]["colleague"] == {"name": "Agent 101", "extension": "101"}
    call.joined_by("102", consultation)
    call.left("101")
    _, pop = await second.wait_for("screen_pop", 2)
    card = pop["data"]["card"]
    assert (pop["data"]["call_id"], card["customer"]["id"]) == (call_id, customer)
    assert card["colleague"] is None
    assert [(note["author"], note["text"]) for note in card["notes"]] == [("Agent 101", "asked for sales")]
    newest = second.of_type("agent_state")[-1]["data"]
    assert (newest["state"], newest["call_id"]) == ("in_call", call_id)
    await server.settle()
    status, _ = await second.ask("PUT", f"calls/{call_id}/note", {"text": "sold", "rev": 1})
    assert status == 200
    await first.ask("POST", f"calls/{call_id}/wrap_up", {"disposition": "other"})
    notes = (await second.get(f"calls/{call_id}/card"))["notes"]
    assert [note["text"] for note in notes] == ["asked for sales"]
    call.left_by("102")
    call.ended(Outcome.ANSWERED)
    consultation.left("102")
    consultation.ended(Outcome.ANSWERED)
    await server.settle()
    assert [each["id"] for each in (await second.get("me"))["unfinished"]] == [call_id]
    assert [state["data"]["state"] for state in second.of_type("agent_state")][-1] == "wrap_up"


async def test_a_ring_that_nobody_announced_pops_when_the_phone_rings(
    server: DeskServer, first: Client
) -> None:
    await server.add_customer("Оксана", KNOWN)
    await first.follow()
    call = ScriptedCall(server.calls, KNOWN)
    call.started()
    call.rung_back("101")
    (pop,) = await first.wait_for("screen_pop")
    assert pop["data"]["card"]["customer"]["name"] == "Оксана"
    assert [pop["data"]["extension"] for pop in first.of_type("screen_pop")] == ["101"]


async def test_a_recording_is_measured_after_the_call(server: DeskServer, first: Client) -> None:
    caller = server.folders.recordings / "2026/11/22/1-caller.wav"
    caller.parent.mkdir(parents=True)
    caller.write_bytes(wav(b"\1\0" * 16000))
    call = ScriptedCall(server.calls, KNOWN)
    call.ring("101")
    call.recorded("2026/11/22/1")
    call.answered("101")
    call.left("101")
    call.ended(Outcome.ANSWERED)
    abandoned = ScriptedCall(server.calls, UNKNOWN)
    abandoned.ring("101")
    abandoned.recorded("2026/11/22/2")
    abandoned.ended(Outcome.ABANDONED)

    async def measured() -> list[Any]:
        calls = [await first.get(f"calls/{c['id']}") for c in (await first.get("calls"))["items"]]
        found = [recording for c in calls for recording in c["recordings"]]
        return found if [recording["state"] for recording in found] == ["ready"] else []

    (recording,) = await eventually(measured)
    assert recording["duration_ms"] == 2000
    async with first.http.get(
        f"{server.url}/api/v1/recordings/{recording['id']}/audio", headers={"Range": "bytes=44-47"}
    ) as answer:
        assert answer.status == 206
        assert await answer.read() == b"\1\0\0\0"


async def test_who_waits_in_the_queues(server: DeskServer) -> None:
    call = ScriptedCall(server.calls, "+380501110001")
    call.ring("101")
    await server.settle()
    unseen = WaitingCaller("1763800000.999", utc_now())
    waiting = (WaitingCaller(call.linkedid, utc_now() - timedelta(seconds=40)), unseen)
    members = (QueueMember("101", paused=False), QueueMember("102", paused=True, reason="wrap-up"))
    server.control.queues = (QueueLook("sales", waiting, members), QueueLook("support"))
    async with logged_in(server, "103") as supervisor:
        sales, support = (await supervisor.get("queues"))["items"]
        assert [each["since"] for each in sales["waiting"]] == [iso(each.since) for each in waiting]
        assert [each["call"] and each["call"]["caller"] for each in sales["waiting"]] == [
            "+380501110001",
            None,
        ]
        assert [(each["extension"], each["paused"], each["reason"]) for each in sales["members"]] == [
            ("101", False, ""),
            ("102", True, "wrap-up"),
        ]
        assert support == {"name": "support", "waiting": [], "members": []}
        server.control.away = True
        status, problem = await supervisor.ask("GET", "queues")
        assert (status, problem["type"]) == (503, "urn:omniline:try-again")

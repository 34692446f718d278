"""Missed calls and voicemails are work: one piece for each caller, until somebody has spoken with them or says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from bridge.domain.ids import new_id
from bridge.store import worklist
from bridge.store.schema import customer
from pbx.interface import Direction, Outcome
from tests.contract.desk_server import Client, DeskServer, logged_in, serving
from tests.contract.test_card import explain, watching
from tests.fakes.scripted_call import ScriptedCall

KNOWN = "+380501110001"
UNKNOWN = "+380671234567"


@pytest.fixture
async def server(url: str, tmp_path: Path) -> AsyncIterator[DeskServer]:
    async with serving(url, tmp_path) as running:
        yield running


@pytest.fixture
async def first(server: DeskServer) -> AsyncIterator[Client]:
    async with logged_in(server, "101") as client:
        yield client


@pytest.fixture
async def second(server: DeskServer) -> AsyncIterator[Client]:
    async with logged_in(server, "102") as client:
        yield client


def missed(server: DeskServer, caller: str, outcome: Outcome = Outcome.ABANDONED) -> ScriptedCall:
    call = ScriptedCall(server.calls, caller)
    call.ring("101")
    call.ended(outcome)
    return call


async def the_work(server: DeskServer, client: Client) -> list[dict[str, Any]]:
    await server.settle()
    items: list[dict[str, Any]] = (await client.get("worklist"))["items"]
    return items


@pytest.mark.parametrize(
    "outcome", [Outcome.ABANDONED, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.FAILED, Outcome.UNKNOWN]
)
async def test_a_call_that_nobody_answered_is_work(
    server: DeskServer, first: Client, outcome: Outcome
) -> None:
    customer = await server.add_customer("Оксана", KNOWN)
    missed(server, KNOWN, outcome)
    (item,) = await the_work(server, first)
    assert (item["key"], item["attempts"], item["voicemails"]) == (KNOWN, 1, [])
    call = item["call"]
    assert (call["customer_id"], call["outcome"]) == (customer, outcome)
    assert (call["owner"], call["handled_at"]) == (None, None)
    assert item["first_at"] == call["started_at"]


async def test_what_is_answered_going_on_or_among_colleagues_is_none(
    server: DeskServer, first: Client
) -> None:
    ScriptedCall(server.calls, KNOWN).talk("101")
    ScriptedCall(server.calls, UNKNOWN).ring("101")
    internal = ScriptedCall(server.calls, "102", dialled="101", direction=Direction.INTERNAL)
    internal.ring("101")
    internal.ended(Outcome.NO_ANSWER)
    outward = ScriptedCall(server.calls, "101", dialled=KNOWN, direction=Direction.OUTBOUND)
    outward.started()
    outward.ended(Outcome.NO_ANSWER)
    assert await the_work(server, first) == []


async def test_five_attempts_are_one_piece_of_work_and_anonymous_ones_are_each_their_own(
    server: DeskServer, first: Client
) -> None:
    attempts = [missed(server, KNOWN) for _ in range(5)]
    for _ in range(2):
        missed(server, "anonymous")
    one, other, known = await the_work(server, first)
    assert (known["key"], known["attempts"], known["call"]["linkedid"]) == (KNOWN, 5, attempts[-1].linkedid)
    assert known["first_at"] < known["call"]["started_at"]
    assert [each["call"]["caller"] for each in (one, other)] == ["", ""]
    assert {one["key"], other["key"]} == {one["call"]["id"], other["call"]["id"]}
    assert await first.ask("POST", f"calls/{one['call']['id']}/handled") == (204, None)
    assert [each["key"] for each in await the_work(server, first)] == [other["key"], KNOWN]


async def test_taken_by_one_and_done(server: DeskServer, first: Client, second: Client) -> None:
    missed(server, KNOWN)
    missed(server, KNOWN)
    (item,) = await the_work(server, first)
    call_id = item["call"]["id"]
    status, taken = await first.ask("POST", f"calls/{call_id}/take")
    assert (status, taken["call"]["owner"], taken["attempts"]) == (200, "Agent 101", 2)
    assert (await first.ask("POST", f"calls/{call_id}/take"))[0] == 200
    for verb in ("take", "release", "handled"):
        status, problem = await second.ask("POST", f"calls/{call_id}/{verb}")
        assert (status, problem["type"]) == (409, "urn:omniline:conflict"), verb
    # Whoever has the work has the next attempt of that caller too.
    missed(server, KNOWN)
    (again,) = await the_work(server, first)
    assert (again["call"]["owner"], again["attempts"]) == ("Agent 101", 3)
    status, released = await first.ask("POST", f"calls/{call_id}/release")
    assert (status, released["call"]["owner"]) == (200, None)
    assert (await second.ask("POST", f"calls/{call_id}/handled"))[0] == 204
    assert (await first.ask("POST", f"calls/{call_id}/handled"))[0] == 204
    assert await the_work(server, first) == []
    for call in (await first.get("calls"))["items"]:
        assert call["owner"] == "Agent 102"
        assert call["handled_at"]
    assert (await first.ask("POST", f"calls/{call_id}/take"))[0] == 409


async def test_a_supervisor_may_act_on_a_colleagues_work(server: DeskServer, first: Client) -> None:
    missed(server, KNOWN)
    (item,) = await the_work(server, first)
    call_id = item["call"]["id"]
    await first.ask("POST", f"calls/{call_id}/take")
    async with logged_in(server, "103") as boss:
        status, taken = await boss.ask("POST", f"calls/{call_id}/take")
        assert (status, taken["call"]["owner_id"]) == (200, server.agents["103"].id)


async def test_a_call_that_is_no_work_can_not_be_taken(server: DeskServer, first: Client) -> None:
    ScriptedCall(server.calls, KNOWN).talk("101")
    await server.settle()
    (call,) = (await first.get("calls"))["items"]
    for verb in ("take", "release", "handled"):
        assert (await first.ask("POST", f"calls/{call['id']}/{verb}"))[0] == 409
    nowhere = "01900000-0000-7000-8000-000000000000"
    assert (await first.ask("POST", f"calls/{nowhere}/take"))[0] == 404


async def test_the_caller_calls_again_and_is_answered(server: DeskServer, first: Client) -> None:
    missed(server, KNOWN)
    missed(server, UNKNOWN)
    call = ScriptedCall(server.calls, KNOWN)
    call.ring("101")
    assert len(await the_work(server, first)) == 2
    call.answered("101")
    assert [each["key"] for each in await the_work(server, first)] == [UNKNOWN]


async def test_the_person_calls_from_another_number_and_is_answered(
    server: DeskServer, first: Client
) -> None:
    await server.add_customer("Оксана", KNOWN, UNKNOWN)
    missed(server, KNOWN)
    missed(server, "+380671234599")
    ScriptedCall(server.calls, UNKNOWN).talk("101")
    assert [each["key"] for each in await the_work(server, first)] == ["+380671234599"]


async def test_one_of_a_group_does_not_answer_for_the_others(server: DeskServer, first: Client) -> None:
    firm = await server.add_customer("ТОВ", KNOWN, UNKNOWN)
    await server.db.write(lambda conn: conn.execute(update(customer).values(kind="organisation")))
    missed(server, KNOWN)
    ScriptedCall(server.calls, UNKNOWN).talk("101")
    (item,) = await the_work(server, first)
    assert (item["key"], item["call"]["customer_id"]) == (KNOWN, firm)


async def test_an_agent_calls_back(server: DeskServer, first: Client) -> None:
    missed(server, KNOWN)
    for answered in (False, True):
        call = ScriptedCall(server.calls, "101", dialled=KNOWN, direction=Direction.OUTBOUND)
        call.started()
        assert len(await the_work(server, first)) == 1
        if answered:
            call.far_end_answered()
        call.ended(Outcome.ANSWERED if answered else Outcome.NO_ANSWER)
        assert len(await the_work(server, first)) == (0 if answered else 1)


async def test_a_voicemail_is_work_with_its_message(server: DeskServer, first: Client) -> None:
    spooled = server.folders.voicemail / "default/sales/INBOX/msg0000.wav"
    spooled.parent.mkdir(parents=True)
    spooled.write_bytes(b"")
    call = ScriptedCall(server.calls, UNKNOWN)
    call.ring("101")
    call.left_message("default/sales/INBOX/msg0000")
    call.ended(Outcome.VOICEMAIL)
    # Tried once more, without a message: the one that was left is still to be heard.
    missed(server, UNKNOWN)
    (item,) = await the_work(server, first)
    assert item["attempts"] == 2
    assert [each["kind"] for each in item["voicemails"]] == ["voicemail"]
    assert item["call"]["customer_id"] is not None


async def test_the_desks_hear_of_it(server: DeskServer, first: Client, second: Client) -> None:
    await second.follow()
    missed(server, KNOWN)
    (opened,) = await second.wait_for("work")
    assert (opened["data"]["key"], opened["data"]["item"]["attempts"]) == (KNOWN, 1)
    call_id = opened["data"]["item"]["call"]["id"]
    await first.ask("POST", f"calls/{call_id}/take")
    _, taken = await second.wait_for("work", 2)
    assert taken["data"]["item"]["call"]["owner"] == "Agent 101"
    ScriptedCall(server.calls, KNOWN).talk("102")
    *_, done = await second.wait_for("work", 3)
    assert done["data"] == {"key": KNOWN, "item": None}
    told = [each["data"] for each in second.of_type("call") if each["data"]["id"] == call_id]
    assert told[-1]["handled_at"]


async def test_the_list_is_paged(server: DeskServer, first: Client) -> None:
    keys = [f"+38067123450{n}" for n in range(5)]
    for key in (*keys, keys[0]):
        missed(server, key)
    await server.settle()
    seen, before = [], {}
    while True:
        page = await first.get("worklist", limit=2, **before)
        seen += [each["key"] for each in page["items"]]
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert seen == [keys[0], *reversed(keys[1:])]
    assert (await first.ask("GET", "worklist?before=nonsense"))[0] == 422


def test_the_worklist_reads_no_other_calls(conn: Connection) -> None:
    """However many there are: off the partial index."""
    with watching(conn) as statements:
        worklist.list_work(conn, limit=50)
        worklist.find_work(conn, KNOWN, "")
        worklist.list_open_of(conn, KNOWN, "")
        worklist.list_numbers_of_person(conn, new_id())
    assert len(statements) == 4
    for statement in statements:
        plan = explain(conn, statement)
        assert all("ix_call_work" in step for step in plan if step.startswith(("SCAN", "Seq Scan"))), plan

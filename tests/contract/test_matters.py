"""Matters: what a call is about, by the rules and by hand, and what we promised."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.domain.entry import EntryKind
from bridge.domain.ids import new_id
from bridge.domain.order import NewStatus, OrderStatus
from bridge.domain.times import utc_now
from bridge.flows.attach_matter import RECENT
from bridge.store import matters, orders, timeline
from bridge.store.timeline import NewEntry
from pbx.interface import Outcome
from tests.contract.desk_server import Client, DeskServer, logged_in, serving
from tests.fakes.scripted_call import ScriptedCall

KNOWN = "+380501110001"
OTHER = "+380501110002"


@pytest.fixture
async def server(url: str, tmp_path: Path) -> AsyncIterator[DeskServer]:
    async with serving(url, tmp_path) as running:
        yield running


@pytest.fixture
async def desk(server: DeskServer) -> AsyncIterator[Client]:
    async with logged_in(server, "101") as client:
        yield client


@pytest.fixture
async def oksana(server: DeskServer) -> str:
    return await server.add_customer("Оксана", KNOWN)


async def talk(server: DeskServer, desk: Client, caller: str = KNOWN, note: str = "") -> str:
    """A call that 101 takes and ends, written up; its id."""
    ScriptedCall(server.calls, caller).talk("101")
    await server.settle()
    call_id: str = (await desk.get("calls"))["items"][0]["id"]
    if note:
        assert (await desk.ask("PUT", f"calls/{call_id}/note", {"text": note, "rev": 1}))[0] == 200
    assert (await desk.ask("POST", f"calls/{call_id}/wrap_up", {"disposition": "other"}))[0] == 200
    return call_id


async def list_matters(desk: Client, customer_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await desk.get(f"customers/{customer_id}/matters"))["items"]
    return found


async def add_order(server: DeskServer, customer_id: str, number: str) -> str:
    new = NewStatus(
        shop="", number=number, status=OrderStatus.UNPAID, at=utc_now(), total=100, currency="UAH"
    )
    return await server.db.write(orders.save_status, customer_id, new)


async def open_matter(desk: Client, customer_id: str, title: str) -> str:
    status, matter = await desk.ask("POST", f"customers/{customer_id}/matters", {"title": title})
    assert status == 201
    matter_id: str = matter["id"]
    return matter_id


def things(matter: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(link["thing"], link["thing_id"], link["rule"]) for link in matter["links"]}


async def test_a_call_that_is_answered_opens_a_matter_named_by_its_note(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    call_id = await talk(server, desk, note="Хоче повернути куртку\nпередзвонити")
    (matter,) = await list_matters(desk, oksana)
    assert things(matter) == {("call", call_id, "new")}
    assert (matter["title"], matter["state"]) == ("Хоче повернути куртку", "open")
    assert matter["links"][0]["about"] == KNOWN


async def test_the_next_call_is_about_the_only_open_matter(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    first, second = await talk(server, desk), await talk(server, desk)
    (matter,) = await list_matters(desk, oksana)
    assert things(matter) == {("call", first, "new"), ("call", second, "only_one")}


async def test_of_two_open_matters_or_one_that_rested_none_is_guessed(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    both = {await open_matter(desk, oksana, "Куртка"), await open_matter(desk, oksana, "Рахунок")}
    call_id = await talk(server, desk)
    (new,) = [each for each in await list_matters(desk, oksana) if each["id"] not in both]
    assert things(new) == {("call", call_id, "new")}
    other = await server.add_customer("Інна", OTHER)
    call = ScriptedCall(server.calls, OTHER)
    rested = call.call.started_at - RECENT - timedelta(minutes=1)
    await server.db.write(matters.make, other, title="Давнє", by="system", at=rested)
    call.talk("101")
    await server.settle()
    assert [each["title"] for each in await list_matters(desk, other)] == ["", "Давнє"]


async def test_a_missed_call_opens_no_matter_but_joins_the_only_one(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    call = ScriptedCall(server.calls, KNOWN)
    call.ring("101")
    call.ended(Outcome.ABANDONED)
    await server.settle()
    assert await list_matters(desk, oksana) == []
    await open_matter(desk, oksana, "Куртка")
    call = ScriptedCall(server.calls, KNOWN)
    call.ring("101")
    call.ended(Outcome.ABANDONED)
    await server.settle()
    (matter,) = await list_matters(desk, oksana)
    assert [link["rule"] for link in matter["links"]] == ["only_one"]


async def test_the_number_of_an_order_in_the_note_tells_the_matter(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    order_id = await add_order(server, oksana, "1043")
    about_order = await open_matter(desk, oksana, "Замовлення 1043")
    status, _ = await desk.ask(
        "POST", f"matters/{about_order}/links", {"thing": "order", "thing_id": order_id}
    )
    assert status == 201
    await open_matter(desk, oksana, "Рахунок")
    call_id = await talk(server, desk, note="Питає про №1043")
    found = {each["id"]: each for each in await list_matters(desk, oksana)}
    assert things(found[about_order]) == {("order", order_id, "hand"), ("call", call_id, "order_number")}
    # What was opened for this call alone has nothing left to do.
    assert sorted(each["state"] for each in found.values()) == ["open", "open", "settled"]


async def test_an_order_that_is_in_no_matter_comes_into_that_of_the_call(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    order_id = await add_order(server, oksana, "1043")
    call_id = await talk(server, desk, note="1043 не оплачено")
    (matter,) = await list_matters(desk, oksana)
    assert things(matter) == {("call", call_id, "new"), ("order", order_id, "order_number")}


async def test_what_a_person_has_put_somewhere_stays_there(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    order_id = await add_order(server, oksana, "1043")
    about_order = await open_matter(desk, oksana, "Замовлення")
    await desk.ask("POST", f"matters/{about_order}/links", {"thing": "order", "thing_id": order_id})
    by_hand = await open_matter(desk, oksana, "Скарга")
    ScriptedCall(server.calls, KNOWN).talk("101")
    await server.settle()
    call_id = (await desk.get("calls"))["items"][0]["id"]
    await desk.ask("POST", f"matters/{by_hand}/links", {"thing": "call", "thing_id": call_id})
    await desk.ask("PUT", f"calls/{call_id}/note", {"text": "Замовлення 1043", "rev": 1})
    await desk.ask("POST", f"calls/{call_id}/wrap_up", {"disposition": "other"})
    found = {each["id"]: each for each in await list_matters(desk, oksana)}
    assert things(found[by_hand]) == {("call", call_id, "hand")}


async def test_a_matter_goes_along_with_its_only_call_and_comes_back(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    other = await server.add_customer("Інна", OTHER)
    call_id = await talk(server, desk)
    (matter,) = await list_matters(desk, oksana)
    _, filed = await desk.ask("POST", f"calls/{call_id}/file", {"customer_id": other, "reason": "Inna spoke"})
    assert await list_matters(desk, oksana) == []
    assert [each["id"] for each in await list_matters(desk, other)] == [matter["id"]]
    await desk.ask("POST", f"filings/{filed['filing_id']}/undo")
    assert await list_matters(desk, other) == []
    assert [each["id"] for each in await list_matters(desk, oksana)] == [matter["id"]]


async def test_a_call_that_is_filed_elsewhere_leaves_a_matter_that_holds_more(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    other = await server.add_customer("Інна", OTHER)
    first, second = await talk(server, desk), await talk(server, desk)
    await desk.ask("POST", f"calls/{second}/file", {"customer_id": other, "reason": "Inna spoke"})
    (stays,), (went,) = await list_matters(desk, oksana), await list_matters(desk, other)
    assert things(stays) == {("call", first, "new")}
    assert things(went) == {("call", second, "new")}


async def test_a_matter_is_kept_by_hand(server: DeskServer, desk: Client, oksana: str) -> None:
    matter_id = await open_matter(desk, oksana, " Куртка ")
    for state in ("waiting_us", "waiting_them", "settled", "open"):
        status, matter = await desk.ask("PATCH", f"matters/{matter_id}", {"state": state})
        assert (status, matter["state"], matter["title"]) == (200, state, "Куртка")
    assert (await desk.ask("PATCH", f"matters/{matter_id}", {}))[0] == 422
    assert (await desk.ask("PATCH", f"matters/{matter_id}", {"title": "  "}))[0] == 422
    order_id = await add_order(server, await server.add_customer("Інна", OTHER), "7")
    foreign = {"thing": "order", "thing_id": order_id}
    assert (await desk.ask("POST", f"matters/{matter_id}/links", foreign))[0] == 422
    own = {"thing": "order", "thing_id": await add_order(server, oksana, "8")}
    _, matter = await desk.ask("POST", f"matters/{matter_id}/links", own)
    (link,) = matter["links"]
    assert link["about"] == "8"
    status, matter = await desk.ask("DELETE", f"matters/{matter_id}/links/{link['id']}")
    assert (status, matter["links"]) == (200, [])
    assert (await desk.ask("DELETE", f"matters/{matter_id}/links/{link['id']}"))[0] == 404


async def test_what_is_not_settled_stands_first_on_the_card(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    settled = await open_matter(desk, oksana, "Давнє")
    await open_matter(desk, oksana, "Куртка")
    await desk.ask("PATCH", f"matters/{settled}", {"state": "settled"})
    await desk.follow()
    ScriptedCall(server.calls, KNOWN).ring("101", customer_id=oksana)
    (pop,) = await desk.wait_for("screen_pop")
    assert [each["title"] for each in pop["data"]["card"]["matters"]] == ["Куртка", "Давнє"]


async def test_a_promise_stands_on_the_card_until_it_is_kept(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    call_id = await talk(server, desk)
    due = "2026-12-01T09:00:00.000000Z"
    body = {"text": "Передзвонимо про куртку", "due_at": due, "call_id": call_id}
    status, promise = await desk.ask("POST", f"customers/{oksana}/promises", body)
    assert (status, promise["due_at"], promise["made_by"]) == (201, due, "Agent 101")
    later = {"text": "Надішлемо каталог"}
    assert (await desk.ask("POST", f"customers/{oksana}/promises", later))[0] == 201
    shown = await desk.get(f"customers/{oksana}")
    assert [each["text"] for each in shown["promises"]] == ["Передзвонимо про куртку", "Надішлемо каталог"]
    (matter,) = shown["matters"]
    assert promise["matter_id"] == matter["id"]
    for _ in range(2):
        status, kept = await desk.ask("POST", f"promises/{promise['id']}", {"state": "kept"})
        assert (status, kept["state"]) == (200, "kept")
    assert (await desk.ask("POST", f"promises/{promise['id']}", {"state": "dropped"}))[0] == 409
    assert [each["text"] for each in (await desk.get(f"customers/{oksana}"))["promises"]] == [
        "Надішлемо каталог"
    ]
    entries = (await desk.get(f"customers/{oksana}/timeline"))["items"]
    states = [
        each["payload"]["state"]
        for each in entries
        if each["kind"] == "promise" and each["payload"]["promise_id"] == promise["id"]
    ]
    assert states == ["kept", "open"]


async def test_a_timeline_shows_what_belongs_to_a_matter(
    server: DeskServer, desk: Client, oksana: str
) -> None:
    await talk(server, desk, note="Куртка")
    (matter,) = await list_matters(desk, oksana)
    _, promise = await desk.ask(
        "POST", f"customers/{oksana}/promises", {"text": "x", "matter_id": matter["id"]}
    )
    order_id = await add_order(server, oksana, "1043")
    status = {"order": "1043", "status": "unpaid"}
    await server.db.write(timeline.append, order_entry(oksana, status))
    await desk.ask("POST", f"matters/{matter['id']}/links", {"thing": "order", "thing_id": order_id})
    await desk.ask("POST", f"customers/{oksana}/notes", {"text": "Не про це"})
    await desk.ask("POST", f"customers/{oksana}/promises", {"text": "Не про це"})
    shown = (await desk.get(f"customers/{oksana}/timeline", matter=matter["id"]))["items"]
    assert sorted(each["kind"] for each in shown) == ["call", "note", "order", "promise"]
    assert [each["payload"]["promise_id"] for each in shown if each["kind"] == "promise"] == [promise["id"]]
    await desk.ask("PATCH", f"matters/{matter['id']}", {"state": "settled"})
    assert (
        len((await desk.get(f"customers/{oksana}/timeline", matter=matter["id"], kind="note"))["items"]) == 1
    )
    assert (await desk.get(f"customers/{oksana}/timeline", matter=new_id()))["items"] == []


def order_entry(customer_id: str, status: dict[str, str]) -> NewEntry:
    return NewEntry(
        kind=EntryKind.ORDER,
        source="shop",
        source_key="1043/unpaid",
        at=utc_now(),
        channel="shop",
        customer_id=customer_id,
        payload=status,
    )


async def test_bad_promises_are_refused_by_name(server: DeskServer, desk: Client, oksana: str) -> None:
    for body, where in (({"text": "x", "due_at": "soon"}, "due_at"), ({"text": " "}, "text")):
        status, problem = await desk.ask("POST", f"customers/{oksana}/promises", body)
        assert (status, where in str(problem)) == (422, True)
    for field in ("matter_id", "call_id"):
        assert (await desk.ask("POST", f"customers/{oksana}/promises", {"text": "x", field: new_id()}))[
            0
        ] == 404

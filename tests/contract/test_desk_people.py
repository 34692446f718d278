"""Who is who over the API: merge and undo, suggestions, addresses, who moved what; the desks hear of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.domain.ids import new_id
from bridge.domain.merge import SuggestionReason
from bridge.domain.times import utc_now
from bridge.store import suggestions
from tests.contract.desk_server import Client, DeskServer, eventually, logged_in, serving
from tests.fakes.scripted_call import ScriptedCall

ANNA, BORIS = "+380501110001", "+380501110002"


@pytest.fixture
async def server(url: str, tmp_path: Path) -> AsyncIterator[DeskServer]:
    async with serving(url, tmp_path) as running:
        yield running


@pytest.fixture
async def client(server: DeskServer) -> AsyncIterator[Client]:
    async with logged_in(server, "101") as logged:
        yield logged


async def post(client: Client, path: str, body: Any = None, status: int = 200) -> Any:
    got, answer = await client.ask("POST", path, body)
    assert got == status, answer
    return answer


async def test_a_merge_and_its_way_back(server: DeskServer, client: Client) -> None:
    anna, boris = await server.add_customer("Анна", ANNA), await server.add_customer("Борис", BORIS)
    await client.follow()
    preview = await client.get(f"customers/{anna}/merge/preview", into=boris)
    assert [one["address"] for one in preview["identities"]] == [ANNA, BORIS]
    merged = await post(client, f"customers/{anna}/merge", {"into": boris, "reason": "the same voice"})
    for leaf in (anna, boris):
        found = await client.get(f"customers/{leaf}")
        assert (found["id"], sorted(found["leaves"])) == (boris, sorted([anna, boris]))
    (owner,) = (await client.get("customers", phone=ANNA))["items"]
    assert owner["id"] == boris
    await eventually(lambda: [m for m in client.of_type("notice") if m["data"]["code"] == "merged"])
    (kept,) = (await client.get(f"customers/{anna}/merges"))["items"]
    assert (kept["by"], kept["reason"]) == ("Agent 101", "the same voice")
    undone = await post(client, f"merges/{merged['merge_id']}/undo")
    assert undone == {"still_joined_by": []}
    assert (await client.get(f"customers/{anna}"))["id"] == anna
    await post(client, f"merges/{merged['merge_id']}/undo", status=409)


async def test_what_cannot_be_merged_is_said(server: DeskServer, client: Client) -> None:
    anna = await server.add_customer("Анна", ANNA)
    await post(client, f"customers/{anna}/merge", {"into": anna, "reason": "x"}, 422)
    await post(client, f"customers/{anna}/merge", {"into": new_id(), "reason": "x"}, 404)
    await post(client, f"customers/{anna}/merge", {"into": anna}, 422)


async def test_suggestions_are_listed_and_decided(server: DeskServer, client: Client) -> None:
    anna, boris, vera = [await server.add_customer(name) for name in ("Анна", "Борис", "Віра")]
    for other in (boris, vera):
        await server.db.write(
            suggestions.suggest,
            anna,
            other,
            SuggestionReason.ORDER,
            evidence={"order": "1042"},
            at=utc_now(),
        )
    newest, oldest = (await client.get("suggestions"))["items"]
    assert [one["name"] for one in newest["customers"]] == ["Анна", "Віра"]
    declined = await post(client, f"suggestions/{newest['id']}/decline")
    assert (declined["state"], declined["decided_by"]) == ("declined", "Agent 101")
    await post(client, f"suggestions/{oldest['id']}/accept")
    assert (await client.get(f"customers/{boris}"))["id"] == anna
    assert (await client.get("suggestions"))["items"] == []
    assert len((await client.get("suggestions", state="declined"))["items"]) == 1
    await post(client, f"suggestions/{oldest['id']}/decline", status=409)


async def test_a_number_is_shared_taken_back_and_retired(server: DeskServer, client: Client) -> None:
    anna, boris = await server.add_customer("Анна", ANNA), await server.add_customer("Борис")
    address = {"kind": "phone", "address": "050 111 00 01", "reason": "a family"}
    home = await post(client, f"customers/{boris}/addresses", address)
    assert home["kind"] == "household"
    first = await post(client, f"customers/{home['id']}/addresses/take_back", address)
    assert first["id"] == anna
    await post(client, f"customers/{boris}/addresses/retire", address, 404)
    await post(client, f"customers/{anna}/addresses/retire", address, 204)
    assert (await client.get("customers", phone=ANNA))["items"] == []


async def test_the_next_call_from_a_retired_number_is_a_strangers(server: DeskServer, client: Client) -> None:
    anna = await server.add_customer("Анна", ANNA)
    ScriptedCall(server.calls, ANNA).talk("101")
    await server.settle()
    address = {"kind": "phone", "address": ANNA, "reason": "sold"}
    await post(client, f"customers/{anna}/addresses/retire", address, 204)
    ScriptedCall(server.calls, ANNA).talk("101")
    await server.settle()
    (mine,) = (await client.get("calls", customer_id=anna))["items"]
    (stranger,) = (await client.get("customers", phone=ANNA))["items"]
    assert stranger["id"] != anna
    (theirs,) = (await client.get("calls", customer_id=stranger["id"]))["items"]
    assert theirs["id"] != mine["id"]


async def test_who_moved_a_call_when_and_why(server: DeskServer, client: Client) -> None:
    anna, boris = await server.add_customer("Анна", ANNA), await server.add_customer("Борис")
    ScriptedCall(server.calls, ANNA).talk("101")
    await server.settle()
    (call,) = (await client.get("calls"))["items"]
    await post(client, f"calls/{call['id']}/file", {"customer_id": boris, "reason": "his voice"})
    newest, first = (await client.get(f"calls/{call['id']}/filings"))["items"]
    assert (newest["by"], newest["reason"], newest["from_id"], newest["to_name"]) == (
        "Agent 101",
        "his voice",
        anna,
        "Борис",
    )
    assert (first["by"], first["to_id"]) == ("system", anna)

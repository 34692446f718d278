"""Two Asterisks of one company, on PostgreSQL and Redis: each has its calls, its watch and its agents; one dies alone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from pbx.asterisk.find import get_asterisk
from tests.e2e.harness import DID, Desk, eventually
from tests.e2e.roles import TELEPHONE_NODE, OmnilineInRoles
from tests.fakes.sip_phone import Dialog, SipPhone
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of the sample company.
KNOWN = {"101": "+442079460018", "102": "+380501110001"}


class TwoNodes:
    """`at` holds each extension's node: 101 and 103 have their phones at the first, 102 at the second."""

    def __init__(self, first: OmnilineInRoles, second: OmnilineInRoles) -> None:
        self.first, self.second = first, second
        self.at = {"101": first, "102": second, "103": first}
        self.phones: dict[str, SipPhone] = {}
        self.carriers: dict[str, SipPhone] = {}
        self.desks: dict[str, Desk] = {}

    async def open(self, stack: AsyncExitStack) -> None:
        secrets = self.first.secrets.phones
        for extension, node in self.at.items():
            server, password = ("127.0.0.1", node.sip_port), secrets[extension].sip_password
            self.phones[extension] = await SipPhone.open(f"agent-{extension}", server, password)
            self.carriers[extension] = await SipPhone.open("carrier", server)
            stack.callback(self.phones[extension].close)
            stack.callback(self.carriers[extension].close)
            desk = Desk(self.first.fronts[0], extension, secrets[extension].desk_password)
            self.desks[extension] = await stack.enter_async_context(desk)
            await desk.listen()
        admin = Desk(self.first.fronts[0], "admin", self.first.secrets.admin_password)
        self.admin = await stack.enter_async_context(admin)

        async def all_registered() -> bool:
            return all(line["registered"] for line in (await self.admin.get("phones"))["items"])

        await eventually(all_registered, within=20, what="both nodes are watched, and have their phones")

    async def next_pop(self, extension: str, seen: int) -> str:
        """The call of the pop that comes after so many."""

        async def popped() -> list[dict[str, Any]]:
            return self.desks[extension].pops()[seen:]

        (pop,) = await eventually(popped, what=f"a pop at {extension}")
        return str(pop["data"]["call_id"])

    async def dial_in(self, extension: str) -> tuple[Dialog, str]:
        """A customer calls the node where this phone is: the carrier's end and the call's id, once it pops."""
        seen = len(self.desks[extension].pops())
        dialog = self.carriers[extension].call(DID, number=KNOWN[extension])
        return dialog, await self.next_pop(extension, seen)

    async def answer(self, extension: str) -> Dialog:
        dialog = await asyncio.wait_for(self.phones[extension].incoming.get(), 10)
        await dialog.answer(200)
        return dialog

    async def wait_state(self, extension: str, state: str, call_id: str | None = None) -> None:
        async def is_so() -> bool:
            told = [m["data"] for m in self.desks[extension].of_type("agent_state")]
            own = [each for each in told if each["extension"] == extension]
            return bool(own) and (own[-1]["state"], own[-1]["call_id"]) == (state, call_id)

        await eventually(is_so, what=f"{extension} is {state}")

    async def wait_stored(self, call_id: str) -> None:
        """The answer is in the database: who is killed before that takes the call's id along."""

        async def answered() -> bool:
            return (await self.admin.get(f"calls/{call_id}"))["answered_at"] is not None

        await eventually(answered, what="the answer is stored")

    async def entry_kinds(self, extension: str, call_id: str) -> list[str]:
        customer = (await self.desks[extension].get("customers", phone=KNOWN[extension]))["items"][0]
        entries = (await self.desks[extension].get(f"customers/{customer['id']}/timeline"))["items"]
        return sorted(entry["kind"] for entry in entries if entry["call_id"] == call_id)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def nodes(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> AsyncIterator[TwoNodes]:
    redis, folder = RedisServer(), tmp_path_factory.mktemp("nodes")
    with postgres.blank_database() as url:
        roles = (*TELEPHONE_NODE, "desk", "worker", "transcribe")
        first = OmnilineInRoles(folder / "first", url, redis.url, roles)
        second = OmnilineInRoles(folder / "second", url, redis.url, TELEPHONE_NODE, pbx="pbx2", beside=first)
        async with AsyncExitStack() as stack:
            stack.callback(redis.remove)
            for node in (first, second):
                stack.push_async_callback(node.stop)
                await node.start()
            found = TwoNodes(first, second)
            await found.open(stack)
            yield found


async def console(node: OmnilineInRoles, line: str) -> str:
    """What this node's Asterisk answers at its console."""
    conf = str(node.home / "asterisk/asterisk.conf")
    process = await asyncio.create_subprocess_exec(
        *get_asterisk().command, "-C", conf, "-rx", line, stdout=asyncio.subprocess.PIPE
    )
    return (await process.communicate())[0].decode()


async def test_each_node_has_its_own_calls_and_is_told_what_concerns_it(nodes: TwoNodes) -> None:
    calls = {extension: await nodes.dial_in(extension) for extension in ("101", "102")}
    for extension, (_, call_id) in calls.items():
        rings = (await nodes.admin.get("ringing", extension=extension))["items"]
        assert [pop["call_id"] for pop in rings] == [call_id]
    kept = {extension: await nodes.admin.get(f"calls/{call_id}") for extension, (_, call_id) in calls.items()}
    assert {extension: call["pbx"] for extension, call in kept.items()} == {"101": "pbx1", "102": "pbx2"}
    assert all(call["linkedid"].startswith(call["pbx"]) for call in kept.values())
    for extension, (dialog, call_id) in calls.items():
        await nodes.answer(extension)
        await nodes.wait_state(extension, "in_call", call_id)
        await dialog.hang_up()
        await nodes.wait_state(extension, "wrap_up", call_id)

    async def paused() -> list[str]:
        told = [await console(node, "queue show sales") for node in (nodes.first, nodes.second)]
        return [line.split()[0] for said in told for line in said.splitlines() if "paused:wrap-up" in line]

    await eventually(paused, what="who wraps up is kept out of the queues")
    for desk in nodes.desks.values():
        await desk.finish_wrap_ups()


async def test_a_test_call_and_a_transfer_go_to_the_node_of_the_phone(nodes: TwoNodes) -> None:
    agents = {line["extension"]: line["agent_id"] for line in (await nodes.admin.get("phones"))["items"]}
    for extension in ("101", "102"):
        assert (await nodes.admin.send("POST", f"phones/{agents[extension]}/test_call"))[0] == 204
        dialog = await asyncio.wait_for(nodes.phones[extension].incoming.get(), 10)
        assert dialog.invite
        assert '"Omniline test" <sip:test@' in dialog.invite.get("from")
        await dialog.answer(603)
    caller, call_id = await nodes.dial_in("101")
    first = await nodes.answer("101")
    await nodes.wait_state("101", "in_call", call_id)
    seen = len(nodes.desks["103"].pops())
    first.transfer("103")
    await nodes.answer("103")
    assert await nodes.next_pop("103", seen) == call_id
    await nodes.wait_state("103", "in_call", call_id)
    await caller.hang_up()
    for desk in nodes.desks.values():
        await desk.finish_wrap_ups()


async def test_who_takes_over_one_watch_leaves_the_other_nodes_calls_alone(nodes: TwoNodes) -> None:
    (caller, here), (other, there) = [await nodes.dial_in(extension) for extension in ("101", "102")]
    for extension, call_id in (("101", here), ("102", there)):
        await nodes.answer(extension)
        await nodes.wait_state(extension, "in_call", call_id)
        await nodes.wait_stored(call_id)
    nodes.second.leader("ami").kill()

    async def gap_said() -> bool:
        return "gap" in await nodes.entry_kinds("102", there)

    await eventually(gap_said, within=15, what="nobody watched the second node, and that is said")
    assert await nodes.entry_kinds("101", here) == ["call"]
    for extension, call_id in (("101", here), ("102", there)):
        assert (await nodes.admin.get(f"calls/{call_id}"))["state"] == "open"
        await nodes.wait_state(extension, "in_call", call_id)
    await caller.hang_up()
    await other.hang_up()
    for extension, call_id in (("101", here), ("102", there)):
        call = await nodes.desks[extension].newest_call(KNOWN[extension], state="ended")
        assert (call["id"], call["outcome"]) == (call_id, "answered")
        await nodes.desks[extension].finish_wrap_ups()


async def test_a_wrap_up_goes_on_when_the_watch_is_taken_over(nodes: TwoNodes) -> None:
    caller, call_id = await nodes.dial_in("102")
    await nodes.answer("102")
    await nodes.wait_state("102", "in_call", call_id)
    await caller.hang_up()
    await nodes.wait_state("102", "wrap_up", call_id)
    draft = {"text": "Sends it today.", "rev": 1}
    assert (await nodes.desks["102"].send("PUT", f"calls/{call_id}/note", draft))[0] == 200
    desk = nodes.desks["102"]
    seen = len(desk.messages)
    nodes.second.leader("ami").kill()

    async def greeted() -> bool:
        return any(m["type"] == "agent_state" for m in desk.messages[seen:])

    await eventually(greeted, within=15, what="another watches the second node")
    await nodes.wait_state("102", "wrap_up", call_id)

    async def kept_out() -> bool:
        return "paused:wrap-up" in await console(nodes.second, "queue show sales")

    await eventually(kept_out, what="who wraps up is kept out of the queues")
    (unfinished,) = (await desk.get("me"))["unfinished"]
    assert (unfinished["id"], unfinished["draft"]["text"]) == (call_id, "Sends it today.")
    await desk.finish_wrap_ups()
    assert (await nodes.entry_kinds("102", call_id)).count("note") == 1


async def test_a_node_that_dies_takes_only_its_own_calls_along(nodes: TwoNodes) -> None:
    (_, here), (other, there) = [await nodes.dial_in(extension) for extension in ("101", "102")]
    for extension, call_id in (("101", here), ("102", there)):
        await nodes.answer(extension)
        await nodes.wait_state(extension, "in_call", call_id)
        await nodes.wait_stored(call_id)
    os.kill(int((nodes.first.home / "asterisk/run/asterisk.pid").read_text()), signal.SIGKILL)
    for process in nodes.first.processes:
        if process.role in TELEPHONE_NODE:
            process.kill()
    ended = await nodes.desks["101"].newest_call(KNOWN["101"], state="ended", within=30)
    assert (ended["id"], ended["outcome"]) == (here, "unknown")
    assert await nodes.entry_kinds("101", here) == ["call", "gap"]
    assert (await nodes.admin.get(f"calls/{there}"))["state"] == "open"
    assert await nodes.entry_kinds("102", there) == ["call"]
    await nodes.wait_state("102", "in_call", there)
    await other.hang_up()
    call = await nodes.desks["102"].newest_call(KNOWN["102"], state="ended")
    assert (call["id"], call["outcome"]) == (there, "answered")
    await nodes.first.wait_ready(nodes.first.fronts[0])
    assert (await nodes.admin.get("ringing", extension="101"))["items"] == []

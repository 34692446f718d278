"""Every role a process of its own, on PostgreSQL and Redis, two of each: a call goes on while one of each pair is killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.harness import Desk, eventually
from tests.e2e.roles import OmnilineInRoles
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer
from transcripts.training.vocabulary import get_vocabulary

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of the sample company.
KNOWN = "+442079460018"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def omniline(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> AsyncIterator[OmnilineInRoles]:
    redis = RedisServer()
    with postgres.blank_database() as url:
        server = OmnilineInRoles(tmp_path_factory.mktemp("in-roles") / "home", url, redis.url)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()
            redis.remove()


def desk_at(omniline: OmnilineInRoles, front: int) -> Desk:
    return Desk(omniline.fronts[front], "101", omniline.secrets.phones["101"].desk_password)


async def test_a_call_goes_on_while_one_of_each_pair_is_killed(omniline: OmnilineInRoles) -> None:
    said = get_vocabulary("en").dialogues[0]
    async with desk_at(omniline, 0) as first, desk_at(omniline, 1) as second:
        customer = (await first.get("customers", phone=KNOWN))["items"][0]
        await first.listen()
        phone = await omniline.answering("101", ring_ms=1500, before_ms=8000, say=said.agent, voice="en-us")
        caller = await omniline.calling(KNOWN, before_ms=4000, talk_ms=12_000, say=said.caller, voice="en-us")
        (pop,) = await first.wait_for_pops()
        call_id = pop["data"]["call_id"]
        assert pop["data"]["card"]["customer"]["id"] == customer["id"]

        async def answered() -> bool:
            return (await first.get(f"calls/{call_id}"))["answered_at"] is not None

        await eventually(answered, what="the call is answered")
        status, _ = await first.send("PUT", f"calls/{call_id}/note", {"text": "Sends it today.", "rev": 1})
        assert status == 200
        for name in (omniline.leader("ami").name, "agi-1", "desk-1", "worker-1", "transcribe-1"):
            omniline.named(name).kill()
        # The browser finds the other desk, and goes on where it was.
        cursor = max(int(message["cursor"]) for message in first.messages if "cursor" in message)
        await second.listen(after=str(cursor))

        async def in_call() -> bool:
            states = second.of_type("agent_state")
            return any((m["data"]["state"], m["data"]["call_id"]) == ("in_call", call_id) for m in states)

        await eventually(in_call, within=10, what="another has taken over the watch")
        assert await caller.wait(40)
        assert await phone.wait(10)
        call = await second.newest_call(KNOWN, state="ended")
        assert (call["id"], call["outcome"]) == (call_id, "answered")
        status, answer = await second.send("POST", f"calls/{call_id}/wrap_up", {"disposition": "resolved"})
        assert status == 200, answer

        async def told() -> Counter[str] | None:
            entries = (await second.get(f"customers/{customer['id']}/timeline", limit=50))["items"]
            kinds = Counter(entry["kind"] for entry in entries if entry["call_id"] == call_id)
            return kinds if "transcript" in kinds else None

        kinds = await eventually(told, within=40, what="the words of the call")
        assert kinds == {"call": 1, "note": 1, "transcript": 1, "gap": 1}
        numbers = [int(m["cursor"]) for m in (*first.messages, *second.messages) if "cursor" in m]
        assert numbers == sorted(set(numbers)), "each durable message once, in order"
        await second.finish_wrap_ups()

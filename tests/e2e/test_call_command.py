"""`omniline call` as a user types it, again and again."""

from __future__ import annotations

import asyncio
import json
import signal

import pytest

from bridge.cli.call import dialogue_of
from tests.e2e.harness import Desk, Omniline, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

STAGES = ["invite", "identified", "ringing", "pop_sent", "pop_shown", "answered", "ended", "transcript"]


async def test_every_call_is_answered_though_one_follows_the_other(omniline: Omniline) -> None:
    for caller in ("+380501110001", "anonymous", "050 111 00 01", "+380671234567"):
        code, out, err = await omniline.run("call", "--from", caller, "--say", "Hello", "--json")
        assert code == 0, err
        stages = [json.loads(line) for line in out.splitlines()]
        assert sorted(stage["stage"] for stage in stages) == sorted(STAGES), out
        details = {stage["stage"]: stage["detail"] for stage in stages}
        assert (details["ended"], details["transcript"]) == ("answered", None)


async def test_the_answering_agent_may_still_write_the_call_up(omniline: Omniline) -> None:
    code, out, err = await omniline.run("call", "--from", "+380501110001", "--say", "Hello", "--json")
    assert code == 0, err
    answered = next(stage for stage in map(json.loads, out.splitlines()) if stage["stage"] == "answered")
    password = omniline.secrets.phones[answered["extension"]].desk_password
    async with Desk(omniline, answered["extension"], password) as desk:
        call = f"calls/{answered['call_id']}"
        status, draft = await desk.send("PUT", f"{call}/note", {"text": "Wants it on Friday", "rev": 1})
        assert status == 200, draft
        status, done = await desk.send("POST", f"{call}/wrap_up", {"disposition": "resolved"})
    assert (status, done["entry"]["text"]) == (200, "Wants it on Friday")


async def test_what_it_says_ends_with_whose_timeline_it_is(omniline: Omniline) -> None:
    code, out, err = await omniline.run("call", "--from", "+380501110001", "--say", "Hello")
    assert code == 0, err
    assert "answered, on the timeline of" in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("caller", "language"),
    [("+380501110001", "uk"), ("+380501110002", "ru"), ("+442079460018", "en"), ("anonymous", "en")],
)
async def test_the_words_of_both_sides_are_printed(omniline: Omniline, caller: str, language: str) -> None:
    """What they say when they are not told is in the models' vocabulary, and in the customer's language."""
    code, out, err = await omniline.run("call", "--from", caller)
    assert code == 0, err
    assert "transcript on the timeline" in out
    said = dialogue_of(language)
    assert [line.strip() for line in out.splitlines()[-3:-1]] == [
        f"caller: {said.caller}",
        f"agent: {said.agent}",
    ]


async def test_a_number_that_is_not_the_companys_is_an_error(omniline: Omniline) -> None:
    code, _, err = await omniline.run("call", "--from", "+380501110001", "--to", "+380440000000")
    assert code == 1
    assert "did not reach the company" in err
    assert "Traceback" not in err


async def test_it_follows_its_call_over_a_restart_of_the_server(omniline: Omniline) -> None:
    said = " ".join(["This caller has a lot to say."] * 8)
    calling = asyncio.create_task(omniline.run("call", "--from", "+380501110001", "--say", said, "--json"))
    async with Desk(omniline, "admin", omniline.secrets.admin_password) as desk:
        call = await desk.newest_call("+380501110001", state="open")

        async def answered() -> bool:
            return (await desk.get(f"calls/{call['id']}"))["answered_at"] is not None

        await eventually(answered)
    await omniline.stop(signal.SIGUSR1)
    await omniline.start()
    code, out, err = await calling
    assert (code, err) == (0, "")
    ended, transcript = [json.loads(line) for line in out.splitlines()[-2:]]
    assert (ended["call_id"], ended["stage"], ended["detail"]) == (call["id"], "ended", "answered")
    assert (transcript["call_id"], transcript["stage"]) == (call["id"], "transcript")


async def test_without_a_server_it_says_so(omniline: Omniline) -> None:
    await omniline.stop()
    code, _, err = await omniline.run("call", "--from", "+380501110001")
    assert code == 1
    assert "nothing answers at" in err
    assert "Traceback" not in err
    await omniline.start()


async def test_a_number_is_needed(omniline: Omniline) -> None:
    code, _, err = await omniline.run("call")
    assert code != 0
    assert "--from" in err

"""What was said in a real call stands on the right timeline: SIP phones, A-law, Asterisk's recording, the real recogniser."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.harness import Desk, Omniline, eventually
from transcripts.training.vocabulary import get_vocabulary

# One server for all of them, so one loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of the sample company: one customer of each language.
CALLERS = {"en": "+442079460018", "ru": "+380501110002", "uk": "+380501110001"}
OTHER = "+380631110010"


async def customer_of(desk: Desk, number: str) -> str:
    (customer,) = (await desk.get("customers", phone=number))["items"]
    return str(customer["id"])


async def find_transcript(desk: Desk, customer_id: str, call_id: str) -> dict[str, Any] | None:
    for entry in (await desk.get(f"customers/{customer_id}/timeline", limit=20))["items"]:
        if entry["kind"] == "transcript" and entry["call_id"] == call_id:
            found: dict[str, Any] = entry
            return found
    return None


async def talk(omniline: Omniline, language: str) -> None:
    """The caller speaks when the agent has answered, the agent when the caller has ended."""
    said, voice = get_vocabulary(language).dialogues[0], get_vocabulary(language).voice
    phone = await omniline.answering("101", ring_ms=500, before_ms=5000, say=said.agent, voice=voice)
    caller = await omniline.calling(
        CALLERS[language], before_ms=2000, talk_ms=8000, say=said.caller, voice=voice
    )
    assert await caller.wait(40)
    assert await phone.wait(10)


@pytest.mark.parametrize("language", list(CALLERS))
async def test_the_words_of_both_sides_stand_on_the_customers_timeline(
    omniline: Omniline, agent_101: Desk, language: str
) -> None:
    customer_id = await customer_of(agent_101, CALLERS[language])
    await talk(omniline, language)
    call = await agent_101.newest_call(CALLERS[language], state="ended")
    entry = await eventually(
        lambda: find_transcript(agent_101, customer_id, call["id"]), within=30, what="the transcript"
    )
    assert entry
    said = get_vocabulary(language).dialogues[0]
    words = {"caller": "", "agent": ""}
    for utterance in entry["payload"]["utterances"]:
        words[utterance["speaker"]] += f" {utterance['text']}"
    assert {side: text.strip() for side, text in words.items()} == {
        "caller": said.caller,
        "agent": said.agent,
    }
    starts = [utterance["start_ms"] for utterance in entry["payload"]["utterances"]]
    assert starts == sorted(starts)

    async def told_live() -> list[dict[str, Any]]:
        return [m for m in agent_101.of_type("transcript") if m["data"]["call_id"] == call["id"]]

    (told,) = await eventually(told_live, what="the live message of the transcript")
    assert (told["data"]["state"], told["data"]["entry_id"]) == ("ready", entry["id"])
    async with agent_101.session.get(f"{omniline.url}/metrics") as answer:
        said = await answer.text()
    assert "omniline_transcripts_waiting 0.0" in said
    assert "omniline_transcripts_waiting_seconds 0.0" in said


async def test_a_call_filed_under_another_before_its_words_came_takes_them_along(
    omniline: Omniline, agent_101: Desk
) -> None:
    first, second = await customer_of(agent_101, CALLERS["en"]), await customer_of(agent_101, OTHER)
    phone = await omniline.answering("101", ring_ms=500, voice="en-us")
    caller = await omniline.calling(CALLERS["en"], talk_ms=3000, voice="en-us")
    call = await agent_101.newest_call(CALLERS["en"], state="open")
    status, answer = await agent_101.send(
        "POST", f"calls/{call['id']}/file", {"customer_id": second, "reason": "it was he who called"}
    )
    assert status == 200, answer
    assert await caller.wait(30)
    assert await phone.wait(10)
    entry = await eventually(
        lambda: find_transcript(agent_101, second, call["id"]), within=30, what="the transcript"
    )
    assert entry
    assert await find_transcript(agent_101, first, call["id"]) is None
    status, answer = await agent_101.send("POST", f"filings/{answer['filing_id']}/undo")
    assert status == 200, answer
    assert await find_transcript(agent_101, first, call["id"]) is not None

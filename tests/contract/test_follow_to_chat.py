"""Continue-links to the site's chat: who opens one is known there and reads what they have written there, once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import Connection

from bridge.domain.continuing import new_token
from bridge.domain.customer import Strength
from bridge.store import people
from bridge.store.schema import continue_link, customer, inbox, visitor
from tests.contract.channel_server import ChannelServer, channels_serving
from tests.contract.test_chat import Browser, count, entry_of, sign_in, signed
from tests.contract.test_continuing import KNOWN, Story, things_of

PAGE = "https://shop.example/kettles"
GOES_ON = "We go on here. All that was said so far is before us; just write."


@pytest.fixture
async def running(url: str, tmp_path: Path) -> AsyncIterator[ChannelServer]:
    async with channels_serving(url, tmp_path) as server:

        def name_page(connection: Connection) -> None:
            connection.execute(inbox.update().where(inbox.c.channel == "chat").values(address=PAGE))

        await server.server.db.write(name_page)
        yield server


@pytest.fixture
def story(running: ChannelServer) -> Story:
    return Story(running)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def browser(running: ChannelServer, http: aiohttp.ClientSession) -> Browser:
    return await Browser(running, http).open()


async def called(story: Story) -> tuple[str, str]:
    """Somebody who is known has called: their id and the call's."""
    oksana = await story.server.add_customer("Оксана", KNOWN)
    _, call_id = await story.ring(KNOWN, oksana)
    return oksana, call_id


async def token_for(story: Story, things: str, thing_id: str | None) -> str:
    link = await story.offer(things, thing_id, "chat")
    token: str = link["url"].removeprefix(f"{PAGE}#omniline=")
    return token


async def follow(browser: Browser, token: str) -> str:
    """The fate; then the browser has what it may read."""
    status, answer = await browser.post("continue", {"link": token})
    assert status == 200, answer
    await browser.open()
    return str(answer["fate"])


async def another(browser: Browser) -> Browser:
    return await Browser(browser.running, browser.http).open()


async def test_a_call_goes_on_in_the_chat_as_one_person_and_one_matter(
    story: Story, browser: Browser
) -> None:
    oksana, call_id = await called(story)
    link = await story.offer("calls", call_id, "chat")
    assert link["url"].startswith(f"{PAGE}#omniline=go-")
    assert link["url"] in link["text"]
    assert await follow(browser, link["url"].partition("=")[2]) == "goes_on"
    assert browser.texts == ["", GOES_ON]
    assert [line["author"] for line in browser.opened["lines"]] == ["", "Omniline"]
    assert (browser.opened["account"], browser.opened["email"]) == (True, "")
    entry = await entry_of(browser, "Чи можна синій?")
    assert entry.customer_id == oksana
    (matter,) = await story.matters(oksana)
    assert things_of(matter) == [("call", "new"), ("conversation", "named")]
    (_, first, *_) = await story.running.read()
    assert first.payload == {"continues": {"fate": "goes_on", "thing": "call", "thing_id": call_id}}

    def read(connection: Connection) -> tuple[Any, Any]:
        owner = people.find_owner(connection, "chat", browser.visitor, "site")
        assert owner is not None
        return people.read_evidence(connection, owner.identity_id), owner

    evidence, owner = await story.server.db.read(read)
    assert (owner.canonical_id, owner.strength, evidence["reason"]) == (
        oksana,
        Strength.PROVEN,
        "continue_link",
    )


async def test_who_has_the_link_reads_what_the_person_has_written_when_signed_in(
    story: Story, browser: Browser
) -> None:
    await sign_in(browser)
    entry = await entry_of(browser, "Is it blue?")
    await story.write("from Telegram")
    _, matter = await story.desk.ask("POST", f"customers/{entry.customer_id}/matters", {"title": "Kettle"})
    phone = await another(browser)
    assert await follow(phone, await token_for(story, "matters", matter["id"])) == "goes_on"
    assert phone.texts == ["Is it blue?", "", GOES_ON]
    # Known, but not by that address: nobody has shown that they read it.
    assert (phone.opened["account"], phone.opened["email"]) == (True, "")
    said = await entry_of(phone, "And the price?")
    assert (said.conversation_id, said.customer_id) == (entry.conversation_id, entry.customer_id)
    await browser.see("Is it blue?", "", GOES_ON, "And the price?")


async def test_a_talk_that_was_begun_by_a_stranger_goes_on_at_another_device(
    story: Story, browser: Browser
) -> None:
    entry = await entry_of(browser, "Is it blue?")
    phone = await another(browser)
    assert await follow(phone, await token_for(story, "conversations", entry.conversation_id)) == "goes_on"
    assert phone.texts == ["Is it blue?", "", GOES_ON]
    said = await entry_of(phone, "And the price?")
    assert (said.conversation_id, said.customer_id) == (entry.conversation_id, entry.customer_id)
    await browser.open()
    assert browser.texts == [*phone.texts[:3], "And the price?"]


async def test_a_strangers_browser_reads_nothing_more_for_a_link_that_another_followed(
    story: Story, browser: Browser
) -> None:
    """They are held to be one person: what only a code has opened stays closed all the same."""
    await sign_in(browser)
    known = await entry_of(browser, "My address is 5, High Street")
    stranger = await another(browser)
    said = await entry_of(stranger, "Hello")
    body = {"into": known.customer_id, "reason": "the same name"}
    status, answer = await story.desk.ask("POST", f"customers/{said.customer_id}/merge", body)
    assert status == 200, answer
    phone = await another(browser)
    assert await follow(phone, await token_for(story, "conversations", said.conversation_id)) == "goes_on"
    await stranger.open()
    assert phone.texts == stranger.texts == ["Hello", "", GOES_ON]


async def test_once_and_whoever_comes_later_is_told_and_reads_nothing(story: Story, browser: Browser) -> None:
    _, call_id = await called(story)
    token = await token_for(story, "calls", call_id)
    assert await follow(browser, token) == "goes_on"
    assert await follow(browser, token) == "again"
    assert browser.texts == ["", GOES_ON]
    known = await count(story.running, customer)
    stranger = await another(browser)
    assert await follow(stranger, token) == "used"
    assert await follow(stranger, new_token()) == "unknown"
    late = await token_for(story, "calls", call_id)
    story.server.clock.ahead += timedelta(hours=25)
    assert await follow(stranger, late) == "expired"
    assert (stranger.texts, stranger.opened["account"]) == ([], False)
    assert await count(story.running, customer) == known
    assert await count(story.running, visitor) == 1


async def test_a_link_to_another_channel_opens_no_chat(story: Story, browser: Browser) -> None:
    _, call_id = await called(story)
    code = (await story.offer("calls", call_id, "phone"))["code"]
    assert (await browser.post("continue", {"link": code}))[0] == 422

    def turn(connection: Connection) -> None:
        connection.execute(continue_link.update().values(channel="email"))

    token = await token_for(story, "calls", call_id)
    await story.server.db.write(turn)
    assert await follow(browser, token) == "unknown"


async def test_of_two_browsers_at_once_one_comes_in(story: Story, browser: Browser) -> None:
    _, call_id = await called(story)
    token = await token_for(story, "calls", call_id)
    browsers = [browser, *[await another(browser) for _ in range(4)]]
    fates = await asyncio.gather(*(follow(each, token) for each in browsers))
    assert sorted(fates) == ["goes_on"] + ["used"] * 4
    assert sorted(len(each.texts) for each in browsers) == [0, 0, 0, 0, 2]


async def test_a_browser_of_somebody_else_is_suggested_and_reads_its_own(
    story: Story, browser: Browser
) -> None:
    oksana, call_id = await called(story)
    entry = await entry_of(browser, "Hello")
    assert await follow(browser, await token_for(story, "calls", call_id)) == "goes_on"
    assert browser.texts == ["Hello", "", GOES_ON]
    assert browser.opened["account"] is False
    assert len((await story.matters(oksana))[0]["links"]) == 1
    (suggestion,) = (await story.desk.get("suggestions"))["items"]
    assert suggestion["reason"] == "continue_link"
    assert {each["id"] for each in suggestion["customers"]} == {oksana, entry.customer_id}


async def test_who_logs_in_at_the_site_afterwards_reads_on(story: Story, browser: Browser) -> None:
    _, call_id = await called(story)
    await follow(browser, await token_for(story, "calls", call_id))
    user = json.dumps({"id": "42", "name": "Oksana"})
    await browser.open(**signed(user))
    assert browser.texts == ["", GOES_ON]


@pytest.mark.parametrize("link", ["", "go-", "go-" + "A" * 24, "x" * 1000])
async def test_what_is_no_link_is_refused(browser: Browser, link: str) -> None:
    assert (await browser.post("continue", {"link": link}))[0] == 422


async def test_guessing_is_slowed_down(browser: Browser) -> None:
    answers = [(await browser.post("continue", {"link": new_token()}))[0] for _ in range(11)]
    assert answers == [200] * 10 + [429]

"""`omniline simulate`: a day of the sample company on one machine, with a hand on what goes wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bridge.channels.simulators import INBOXES
from bridge.channels.simulators.stage import Stage
from bridge.channels.telegram import TelegramChannel
from bridge.channels.whatsapp import WhatsAppChannel
from bridge.cli.main import omniline
from bridge.secrets import InboxSecrets
from tests.contract.channel_server import TOKEN, ChannelServer, channels_serving
from tests.contract.desk_server import HOOK_SECRET, eventually


@pytest.fixture
async def running(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ChannelServer]:
    """With the simulators of the sample for its providers."""
    (tmp_path / "omniline.toml").write_text("")
    monkeypatch.setenv("OMNILINE_HOME", str(tmp_path))
    names = ["/".join(inbox) for inbox in INBOXES]
    secrets = dict.fromkeys(names, InboxSecrets(hook_secret=HOOK_SECRET, token=TOKEN))
    async with channels_serving(url, tmp_path) as server:
        stage = Stage(tmp_path, server.server.url, secrets)
        await stage.start()
        telegram, whatsapp = server.senders["telegram"], server.senders["whatsapp"]
        assert isinstance(telegram, TelegramChannel)
        assert isinstance(whatsapp, WhatsAppChannel)
        telegram._api, whatsapp._api = stage.telegram.url, stage.whatsapp.url
        server.tokens.update(dict.fromkeys(names, TOKEN))
        yield server
        await stage.close()


async def simulate(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, omniline, ["simulate", *words])


async def got() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads((await simulate("got", "--json")).output)["items"]
    return items


async def test_a_day_in_writing(running: ChannelServer, tmp_path: Path) -> None:
    phone = "+380671234567"
    assert (await simulate("order", "77", "cart", "--phone", phone, "--total", "129900")).exit_code == 0
    assert (await simulate("say", "whatsapp", "Is it still there?")).exit_code == 0
    assert (await simulate("say", "telegram", "Hello", "--person", "555", "--name", "Ivan")).exit_code == 0
    cart, asked, hello = await running.read()
    assert cart.customer_id == asked.customer_id != hello.customer_id
    for entry in (asked, hello):
        path = f"conversations/{entry.conversation_id}/messages"
        assert (await running.desk.ask("POST", path, {"text": "Yes", "key": entry.id}))[0] == 201

    async def read() -> bool:
        states = {e.channel: e.delivery.state.value for e in await running.read() if e.delivery}
        return states == {"telegram": "sent", "whatsapp": "read"}

    await eventually(read, within=40)
    assert [(each["channel"], each["to"], each["text"]) for each in await got()] == [
        ("telegram", "555", "Yes"),
        ("whatsapp", "380671234567", "Yes"),
        ("shop", "77", "cart"),
    ]
    assert (tmp_path / "simulators.json").stat().st_mode & 0o077 == 0


async def test_what_comes_twice_in_disorder_and_late_is_there_once(running: ChannelServer) -> None:
    words = [
        "say",
        "whatsapp",
        "a",
        "b",
        "c",
        "--repeat",
        "3",
        "--shuffle",
        "--drop",
        "0.3",
        "--delay",
        "0.01",
    ]
    assert (await simulate(*words)).exit_code == 0
    assert sorted(entry.text for entry in await running.read()) == ["a", "b", "c"]


async def test_what_goes_wrong_is_asked_for(running: ChannelServer) -> None:
    await simulate("say", "whatsapp", "hello")
    (hello,) = await running.read()
    assert (await simulate("fault", "whatsapp", "blocked")).exit_code == 0
    path = f"conversations/{hello.conversation_id}/messages"
    await running.desk.ask("POST", path, {"text": "Yes", "key": "k"})

    async def failed() -> bool:
        return [e.delivery.state.value for e in await running.read() if e.delivery] == ["failed"]

    await eventually(failed)


async def test_what_the_simulators_do_not_take_says_why(running: ChannelServer) -> None:
    assert (await simulate("say", "telegram", "x", "--person", "a b")).exit_code != 0
    assert (await simulate("say", "sms", "x")).exit_code == 2


async def test_without_a_running_server_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "omniline.toml").write_text("")
    monkeypatch.setenv("OMNILINE_HOME", str(tmp_path))
    result = await simulate("got")
    assert result.exit_code != 0
    assert "no simulators run" in str(result.exception)

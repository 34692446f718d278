"""What the shipped dialplan does with a call, with nothing of Omniline running behind it."""

from __future__ import annotations

import asyncio
import re
import time

from pbx.testphone import sipp
from tests.e2e.asterisk.conftest import SECRET, Pbx, seconds
from tests.e2e.harness import eventually


async def test_boots_without_a_complaint(pbx: Pbx) -> None:
    assert not re.findall(r".*(?:ERROR|WARNING).*", pbx.log())
    await pbx.process.command("core reload")
    assert not re.findall(r".*(?:ERROR|WARNING).*", pbx.log())


async def test_a_call_rings_is_answered_and_recorded_though_nobody_identifies(pbx: Pbx) -> None:
    phone = await pbx.phone("101")
    caller = await pbx.call()
    assert await caller.wait(20)
    assert await phone.wait(10)
    invite = phone.read_messages()
    assert 'From: "+380671234567" <sip:+380671234567@' in invite, "the number is the name"
    assert "Anybody" not in invite, "what the carrier calls the caller is not shown"
    assert (await pbx.ami.one("OmniInvite"))["Channel"].startswith("PJSIP/agent-101-")
    assert not pbx.ami.named("OmniIdentified")
    name = (await pbx.ami.one("OmniRecording"))["Name"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/pbx1-[\d.]+", name)
    for side in ("caller", "agent"):
        path = pbx.config.recordings / f"{name}-{side}.wav"
        assert seconds(path) > 1.5
    assert not re.findall(r".*ERROR.*", pbx.log())


async def test_nobody_answers_then_a_message_is_kept_though_the_caller_just_hangs_up(pbx: Pbx) -> None:
    phone = await pbx.phone("101", "ring")
    caller = await pbx.call(talk_ms=19_000)
    assert await caller.wait(40)
    left = await pbx.ami.one("OmniVoicemail")
    assert left["Box"] == "support"
    assert seconds(pbx.config.voicemail / f"{left['Name']}.wav") > 2
    assert len(pbx.ami.named("OmniVoicemail")) == 1
    assert not pbx.ami.named("OmniRecording"), "nobody talked to the caller"
    await phone.stop()


async def test_no_phone_is_there_then_voicemail_at_once(pbx: Pbx) -> None:
    caller = await pbx.call(talk_ms=15_000)
    assert await caller.wait(30)
    assert "does not exist" not in pbx.log(), "the prompts of a language without a voice are English"
    assert (await pbx.ami.one("OmniVoicemail"))["Box"] == "support"


async def test_a_caller_who_says_they_are_an_extension_is_only_a_caller(pbx: Pbx) -> None:
    phone = await pbx.phone("101")
    caller = await pbx.call(sipp.caller_header("101", "Boss"))
    assert await caller.wait(20)
    assert await phone.wait(10)
    assert any(event.get("Channel", "").startswith("PJSIP/trunk-loopback-") for event in pbx.ami.events)


async def test_a_caller_who_says_they_are_an_agents_account_is_asked_for_the_password(pbx: Pbx) -> None:
    caller = await pbx.call(sipp.caller_header("agent-101"))
    assert not await caller.wait(20)
    assert "SIP/2.0 401" in caller.read_messages()
    assert not pbx.ami.named("OmniRecording")


async def test_a_caller_can_dial_our_numbers_only(pbx: Pbx) -> None:
    for dialled in ("101", "*97", "602", "start", "+380445550199", "s"):
        caller = await pbx.call(dialled=dialled)
        assert not await caller.wait(20)
        assert "SIP/2.0 404" in caller.read_messages(), dialled


async def test_a_hostile_caller_id_is_only_text(pbx: Pbx) -> None:
    hostile = "1&PJSIP/agent-102,${SHELL(id)}$[1]\"'"
    phone = await pbx.phone("101")
    caller = await pbx.call(sipp.caller_header(hostile, "${EVAL(${SHELL(id)})}"))
    assert await caller.wait(20)
    assert await phone.wait(10)
    assert "<sip:1PJSIPagent102SHELLid1@" in phone.read_messages()


async def test_a_silent_agi_server_is_left_when_it_closes_and_the_agent_rings(pbx: Pbx) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        writer.transport.abort()

    server = await asyncio.start_server(swallow, "127.0.0.1", pbx.config.agi_port)
    async with server:
        phone = await pbx.phone("101")
        started = time.monotonic()
        caller = await pbx.call()

        async def rings() -> bool:
            return "INVITE sip:" in phone.read_messages()

        await eventually(rings, within=5)
        assert time.monotonic() - started < 1.0
        assert await caller.wait(20)
        assert await phone.wait(10)
    assert not pbx.ami.named("OmniIdentified")


async def test_what_the_agi_server_says_reaches_the_phone(pbx: Pbx) -> None:
    async def identify(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        environment = await reader.readuntil(b"\n\n")
        assert b"agi_arg_1: +380445550100" in environment
        writer.write('EXEC MSet "OMNI_IDENTIFIED=1,__OMNI_CUSTOMER=c-1,CALLERID(name)=Оля"\n'.encode())
        await reader.readline()
        writer.close()

    server = await asyncio.start_server(identify, "127.0.0.1", pbx.config.agi_port)
    async with server:
        phone = await pbx.phone("101")
        caller = await pbx.call()
        assert await caller.wait(20)
        assert await phone.wait(10)
    assert 'From: "Оля" <sip:+380671234567@' in phone.read_messages()
    assert (await pbx.ami.one("OmniIdentified"))["Customer"] == "c-1"


async def test_sip_and_media_stay_on_this_machine(pbx: Pbx) -> None:
    phone = await pbx.phone("101")
    caller = await pbx.call()
    assert await caller.wait(20)
    assert await phone.wait(10)
    addresses = re.findall(
        r"^c=IN IP4 (\S+)|^a=candidate:.*?(\d+\.\d+\.\d+\.\d+)", phone.read_messages(), re.M
    )
    assert addresses
    assert {address for pair in addresses for address in pair if address} == {"127.0.0.1"}


async def test_the_manager_account_may_watch_and_pause_and_nothing_else(pbx: Pbx) -> None:
    allowed = (
        "Ping",
        "Status",
        "DeviceStateList",
        "QueuePause\r\nInterface: PJSIP/agent-101\r\nPaused: true",
    )
    refused = (
        "Originate\r\nChannel: PJSIP/agent-101\r\nApplication: Echo",
        "Command\r\nCommand: core show uptime",
        "GetConfig\r\nFilename: manager.conf",
        "Reload",
        "Setvar\r\nVariable: X\r\nValue: 1",
        "MixMonitor\r\nChannel: PJSIP/agent-101\r\nCommand: id",
        "DBPut\r\nFamily: a\r\nKey: b\r\nVal: c",
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", pbx.config.ami_port)
    writer.write(f"Action: Login\r\nUsername: omniline\r\nSecret: {SECRET}\r\nEvents: off\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    for actions, expected in ((allowed, b"Response: Success"), (refused, b"Permission denied")):
        for action in actions:
            writer.write(f"Action: {action}\r\nActionID: {action[:4]}\r\n\r\n".encode())
            answer = b""
            while f"ActionID: {action[:4]}".encode() not in answer or b"Response:" not in answer:
                answer = await reader.readuntil(b"\r\n\r\n")
            assert expected in answer, (action, answer)
    writer.close()


async def test_agents_call_each_other_by_extension(pbx: Pbx) -> None:
    first, second = await pbx.phone("101"), await pbx.phone("102")
    await pbx.process.command("channel originate PJSIP/agent-102 extension 101@from-agents")

    async def talk() -> bool:
        return "ACK sip:" in first.read_messages() and "ACK sip:" in second.read_messages()

    await eventually(talk, within=10)
    assert (await pbx.ami.one("OmniInvite"))["Channel"].startswith("PJSIP/agent-101-")
    await asyncio.gather(first.stop(), second.stop())
    assert not pbx.ami.named("OmniRecording"), "internal calls are not recorded"


async def test_an_agent_whose_phone_is_away_has_a_box(pbx: Pbx) -> None:
    caller = await pbx.phone("102")
    await pbx.process.command("channel originate PJSIP/agent-102 extension 101@from-agents")

    async def recording() -> bool:
        return any(pbx.config.voicemail.glob("default/101/tmp/*.wav"))

    await eventually(recording, within=30)
    await caller.stop()


async def test_an_agent_reaches_a_queue_by_its_number(pbx: Pbx) -> None:
    agent, caller = await pbx.phone("101"), await pbx.phone("102")
    await pbx.process.command("channel originate PJSIP/agent-102 extension 602@from-agents")

    async def rings() -> bool:
        return "INVITE sip:" in agent.read_messages()

    await eventually(rings, within=10)
    await asyncio.gather(agent.stop(), caller.stop())

"""A real Asterisk with the shipped configuration, without the rest of Omniline."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio

from pbx.asterisk.config import AgentPhone, DidConfig, PbxConfig, QueueConfig
from pbx.asterisk.find import find_program, get_asterisk
from pbx.asterisk.process import AsteriskProcess
from pbx.asterisk.render import copy_shipped, render
from pbx.testphone import sipp
from pbx.testphone.speech import Speech, synthesise
from tests.e2e.harness import DID, eventually, free_ports, media_ports, phone_media_port

SECRET = "only-for-this-test-0123456789"
AGENTS = (("101", 'Оксана "Ок"'), ("102", "Ann"))


@dataclass
class AmiLog:
    """Everything that the manager interface sent, as dictionaries."""

    events: list[dict[str, str]] = field(default_factory=list)

    def named(self, user_event: str) -> list[dict[str, str]]:
        return [event for event in self.events if event.get("UserEvent") == user_event]

    async def one(self, user_event: str, within: float = 10) -> dict[str, str]:
        async def probe() -> dict[str, str] | None:
            return next(iter(self.named(user_event)), None)

        found = await eventually(probe, within=within, what=user_event)
        assert found
        return found

    async def follow(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"Action: Login\r\nUsername: omniline\r\nSecret: {SECRET}\r\n\r\n".encode())
        message: dict[str, str] = {}
        while line := await reader.readline():
            name, colon, value = line.decode(errors="replace").rstrip("\r\n").partition(":")
            if colon:
                message[name] = value.strip()
            elif message:
                self.events.append(message)
                message = {}


@dataclass
class Pbx:
    home: Path
    config: PbxConfig
    process: AsteriskProcess
    ami: AmiLog

    def line(self, name: str) -> sipp.Line:
        (local,) = free_ports(1)
        command = tuple(find_program("sipp") or ())
        rtp = phone_media_port()
        return sipp.Line(command, self.home / "phones" / name, "127.0.0.1", self.config.sip_port, local, rtp)

    async def speech(self) -> Speech:
        """Half a minute: a phone sends sound for as long as the call is up, and voicemail hangs up on one that does not."""
        sentence = "Good afternoon, I am calling about the order that I made yesterday evening. "
        command = tuple(find_program("espeak-ng") or ())
        return await synthesise(command, sentence * 7, "en", self.home / "speech.alaw")

    async def phone(self, extension: str, scenario: str = "answer") -> sipp.RunningScenario:
        """A registered phone that plays `scenario` at its next call."""
        line = self.line(f"phone-{extension}")
        await sipp.register(line, f"agent-{extension}", SECRET)
        speech = str((await self.speech()).path)
        return await sipp.start(
            line, scenario, user=f"agent-{extension}", ring_ms=500, before_speech_ms=300, speech=speech
        )

    async def call(
        self, from_header: str = "", *, dialled: str = DID, talk_ms: int = 2500
    ) -> sipp.RunningScenario:
        """A call from the trunk to `dialled`."""
        return await sipp.start(
            self.line("caller"),
            "caller",
            dialled=dialled,
            from_header=from_header or sipp.caller_header("+380671234567", "Anybody"),
            speech=str((await self.speech()).path),
            answer_timeout_ms=20_000,
            loops=1,
            before_speech_ms=300,
            talk_ms=talk_ms,
        )

    def log(self) -> str:
        return (self.home / "asterisk/log/messages.log").read_text("utf-8", "replace")


def make_config(home: Path) -> PbxConfig:
    sip, http, ami, agi = free_ports(4)
    rtp = media_ports()
    return PbxConfig(
        ami_secret=SECRET,
        recordings=home / "recordings",
        voicemail=home / "voicemail",
        agents=tuple(AgentPhone(number, name, SECRET, "en", "4321") for number, name in AGENTS),
        queues=(QueueConfig("support", ("101", "102"), ring_seconds=6, wait_seconds=3, extension="602"),),
        dids=(DidConfig(DID, "support", "uk"),),
        sip_port=sip,
        http_port=http,
        ami_port=ami,
        agi_port=agi,
        rtp_start=rtp,
        rtp_end=rtp + 99,
    )


def prepare(home: Path, config: PbxConfig) -> AsteriskProcess:
    asterisk = get_asterisk()
    copy_shipped(home)
    render(home, config, asterisk)
    return AsteriskProcess(home, config, asterisk)


@pytest_asyncio.fixture
async def pbx(tmp_path: Path) -> AsyncIterator[Pbx]:
    config = make_config(tmp_path)
    process = prepare(tmp_path, config)
    await process.start()
    ami = AmiLog()
    follower = asyncio.create_task(ami.follow(config.ami_port))
    try:
        yield Pbx(tmp_path, config, process, ami)
    finally:
        follower.cancel()
        await asyncio.gather(follower, return_exceptions=True)
        await process.stop()


def seconds(path: Path) -> float:
    """How long a WAV file is."""
    with wave.open(str(path)) as sound:
        return sound.getnframes() / sound.getframerate()

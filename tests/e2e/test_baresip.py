"""baresip as the agent's softphone: another program's idea of SIP, and what it shows of the caller."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import signal
import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Desk, Omniline, eventually, free_ports
from tests.e2e.test_call import KNOWN, loudness

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODULES = ("account", "aufile", "contact", "ctrl_tcp", "g711", "menu", "uuid", "debug_cmd")


class Baresip:
    """A running baresip; `events` is what its ctrl_tcp module told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.events: list[dict[str, Any]] = []
        self._writer = writer
        self._reading = asyncio.create_task(self._read(reader))

    async def event(self, type_: str, within: float = 10) -> dict[str, Any]:
        async def probe() -> dict[str, Any] | None:
            return next((event for event in self.events if event.get("type") == type_), None)

        found = await eventually(probe, within=within, what=f"{type_} of baresip")
        assert found
        return found

    async def command(self, name: str) -> None:
        text = json.dumps({"command": name}).encode()
        self._writer.write(b"%d:%s," % (len(text), text))
        await self._writer.drain()

    async def close(self) -> None:
        self._reading.cancel()
        self._writer.close()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Netstrings of JSON (baresip, modules/ctrl_tcp)."""
        while True:
            length = int((await reader.readuntil(b":"))[:-1])
            self.events.append(json.loads((await reader.readexactly(length + 1))[:-1]))


def _tone(path: Path) -> Path:
    """Ten seconds of 440 Hz at 8 kHz."""
    samples = array("h", (int(8000 * math.sin(2 * math.pi * 440 * i / 8000)) for i in range(80_000)))
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(8000)
        audio.writeframes(samples.tobytes())
    return path


@asynccontextmanager
async def baresip(server: Omniline, extension: str, folder: Path) -> AsyncIterator[Baresip]:
    """Registered as this extension's phone; it plays a tone."""
    program = shutil.which("baresip")
    assert program, "the package baresip is missing"
    sip, control = free_ports(2)
    password = server.secrets.phones[extension].sip_password
    folder.mkdir()
    lines = [
        f"sip_listen 127.0.0.1:{sip}",
        f"ctrl_tcp_listen 127.0.0.1:{control}",
        "module_path /usr/lib/baresip/modules",
    ]
    lines += [
        f"audio_source aufile,{_tone(folder / 'tone.wav')}",
        f"audio_player aufile,{folder / 'heard.wav'}",
        "audio_alert aufile,/dev/null",
    ]
    lines += [
        f"{'module_app' if name in {'account', 'menu', 'debug_cmd'} else 'module'} {name}.so"
        for name in MODULES
    ]
    (folder / "config").write_text("\n".join(lines) + "\n")
    account = f"<sip:agent-{extension}@127.0.0.1:{server.sip_port}>;auth_pass={password};audio_codecs=pcma;regint=60"
    (folder / "accounts").write_text(account + "\n")
    (folder / "contacts").write_text("")
    with (folder / "output.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program, "-f", str(folder), "-v", stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
        )

    async def connected() -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        assert process.returncode is None, (folder / "output.log").read_text("utf-8", "replace")
        try:
            return await asyncio.open_connection("127.0.0.1", control)
        except ConnectionError:
            return None

    try:
        link = await eventually(connected, what="baresip's control port")
        assert link
        phone = Baresip(*link)

        async def registered() -> bool:
            return "200 OK" in (folder / "output.log").read_text("utf-8", "replace")

        await eventually(registered, what="baresip is registered")
        yield phone
        await phone.close()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def test_baresip_shows_the_name_takes_the_call_and_is_heard(
    omniline: Omniline, agent_101: Desk, tmp_path: Path
) -> None:
    (customer,) = (await agent_101.get("customers", phone=KNOWN))["items"]
    async with baresip(omniline, "101", tmp_path / "baresip") as phone:
        caller = await omniline.calling(KNOWN, talk_ms=3000)
        incoming = await phone.event("CALL_INCOMING")
        assert customer["name"].split()[0] in incoming["peerdisplayname"]
        assert len(incoming["peerdisplayname"]) <= 40
        assert KNOWN in incoming["peeruri"]
        await phone.command("accept")
        await phone.event("CALL_ESTABLISHED")
        assert await caller.wait(30)
        await phone.event("CALL_CLOSED")
    call = await agent_101.newest_call(KNOWN, state="ended")
    assert call["outcome"] == "answered"
    left, right = await loudness(agent_101, omniline, call["recordings"][0]["id"])
    assert left > 200
    assert right > 200

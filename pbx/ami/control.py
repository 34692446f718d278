"""What the layers above may ask of Asterisk: `pbx.interface.CallControl`.

Over the AMI link they work with the rights agent, message and reporting alone; listing PJSIP contacts would need the
right system, with which an account may also load modules. A test call is begun over the control socket, which only the
server's own user can open: AMI knows no right to begin calls of one kind only (ADR 12).
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Final

from pbx.ami.client import AmiClient, utc_now
from pbx.ami.snapshot import read_queues, read_registered
from pbx.asterisk.config import EXTENSION
from pbx.errors import Rejected
from pbx.interface import QueueLook
from pbx.variables import AGENT_ENDPOINT_PREFIX, TEST_CALL_CONTEXT

SENDER: Final = "Omniline <sip:omniline@localhost>"
"""Who a text on a phone's screen comes from."""
TEST_SECONDS: Final = 5
"""How long a test call lasts once it is answered."""


class AmiControl:
    def __init__(self, client: AmiClient, command: Callable[[str], Awaitable[str]]) -> None:
        """`command` runs a command at Asterisk's own console."""
        self._client = client
        self._command = command

    async def pause_member(self, extension: str, *, paused: bool, reason: str = "") -> None:
        headers = {
            "Interface": f"PJSIP/{AGENT_ENDPOINT_PREFIX}{extension}",
            "Paused": "true" if paused else "false",
            "Reason": reason,
        }
        await self._client.ask("QueuePause", headers)

    async def send_text(self, extension: str, text: str) -> None:
        body = base64.b64encode(text.encode()).decode()
        endpoint = f"{AGENT_ENDPOINT_PREFIX}{extension}"
        headers = {"Destination": f"pjsip:{endpoint}", "From": SENDER, "Base64Body": body}
        await self._client.ask("MessageSend", headers)

    async def ring_for_test(self, extension: str) -> None:
        if not EXTENSION.fullmatch(extension):
            raise Rejected(f"{extension[:40]!r} is no extension")
        said = await self._command(
            f"channel originate Local/{extension}@{TEST_CALL_CONTEXT}/n application Wait {TEST_SECONDS}"
        )
        if said.strip():
            raise Rejected(f"Asterisk refused the test call: {said.strip()[:200]}")

    async def list_queues(self) -> tuple[QueueLook, ...]:
        asked_at = utc_now()
        return read_queues(await self._client.ask_list("QueueStatus", {}), asked_at)

    async def find_registered(self) -> frozenset[str]:
        endpoints = read_registered(await self._client.ask_list("DeviceStateList", {}))
        return frozenset(
            endpoint.removeprefix(AGENT_ENDPOINT_PREFIX)
            for endpoint in endpoints
            if endpoint.startswith(AGENT_ENDPOINT_PREFIX)
        )

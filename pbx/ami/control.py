"""What the layers above may ask of Asterisk, over the AMI link: `pbx.interface.CallControl`.

They work with the rights agent, message and reporting alone; listing PJSIP contacts would need the right
system, with which an account may also load modules.
"""

from __future__ import annotations

import base64
from typing import Final

from pbx.ami.client import AmiClient
from pbx.ami.snapshot import read_registered
from pbx.variables import AGENT_ENDPOINT_PREFIX

SENDER: Final = "Omniline <sip:omniline@localhost>"
"""Who a text on a phone's screen comes from."""


class AmiControl:
    def __init__(self, client: AmiClient) -> None:
        self._client = client

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

    async def find_registered(self) -> frozenset[str]:
        endpoints = read_registered(await self._client.ask_list("DeviceStateList", {}))
        return frozenset(
            endpoint.removeprefix(AGENT_ENDPOINT_PREFIX)
            for endpoint in endpoints
            if endpoint.startswith(AGENT_ENDPOINT_PREFIX)
        )

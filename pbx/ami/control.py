"""What the layers above may ask of Asterisk, over the AMI link: `pbx.interface.CallControl`.

Both actions work with the rights agent and reporting alone; listing PJSIP contacts would need the right
system, with which an account may also load modules.
"""

from __future__ import annotations

from pbx.ami.client import AmiClient
from pbx.ami.snapshot import read_registered
from pbx.variables import AGENT_ENDPOINT_PREFIX


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

    async def find_registered(self) -> frozenset[str]:
        endpoints = read_registered(await self._client.ask_list("DeviceStateList", {}))
        return frozenset(
            endpoint.removeprefix(AGENT_ENDPOINT_PREFIX)
            for endpoint in endpoints
            if endpoint.startswith(AGENT_ENDPOINT_PREFIX)
        )

"""The providers of the sample company, on this machine: whoever else it would write to is not written to."""

from __future__ import annotations

import msgspec

from bridge.channels.simulators import INBOXES
from bridge.channels.simulators.stage import Stage
from bridge.secrets import inbox_name
from bridge.settings import Telegram
from bridge.wiring.ground import LOOPBACK, Ground


async def start_simulators(ground: Ground) -> None:
    """Where the settings want them: from here on the channels have them for their providers."""
    if not ground.settings.simulators.run:
        return
    if any(inbox_name(*inbox) not in ground.secrets.inboxes for inbox in INBOXES):
        ground.say("the simulators do not run: 'omniline sample' makes the inboxes that they need")
        return
    http = ground.settings.http
    host = LOOPBACK if http.host in ("0.0.0.0", "::") else http.host  # noqa: S104 - compared, not listened on
    stage = Stage(ground.home, f"http://{host}:{http.port}", ground.secrets.inboxes)
    await stage.start()
    ground.stack.push_async_callback(stage.close)
    settings = ground.settings
    ground.settings = msgspec.structs.replace(
        settings,
        telegram=Telegram(api=stage.telegram.url),
        whatsapp=msgspec.structs.replace(settings.whatsapp, api=stage.whatsapp.url),
        shop=msgspec.structs.replace(settings.shop, callback=f"{stage.shop.url}/{{inbox}}/orders"),
    )

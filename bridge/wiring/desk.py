"""The desk: HTTP and live messages, over whatever `telephony` there is."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from bridge.bus.relay import FeedFollower
from bridge.desk.admin import save_admin
from bridge.desk.app import make_app
from bridge.desk.live import Hub
from bridge.desk.presence import PresenceBoard
from bridge.desk.services import ReadinessCheck, Services
from bridge.desk.sessions import Sessions
from bridge.domain.ports import Subject
from bridge.domain.times import utc_now
from bridge.flows.telephony import Telephony
from bridge.vitals import VitalSigns
from bridge.wiring.channels import make_beginners, make_inlet
from bridge.wiring.ground import Ground
from bridge.wiring.work import start_assigning
from pbx.errors import Rejected

DIST: Final = Path(__file__).parents[1] / "desk/web/dist"
"""The built desk."""


def make_hub(ground: Ground) -> Hub:
    hub = Hub(ground.db)
    ground.stack.push_async_callback(hub.close)
    ground.metrics.watch("desks", "Open desks", lambda: len(hub))
    ground.metrics.watch(
        "loop_stalls", "Times that the event loop was blocked", lambda: ground.watchdog.stalls
    )
    return hub


async def start_desk(
    ground: Ground, hub: Hub, telephony: Telephony, readiness: Mapping[str, ReadinessCheck]
) -> None:
    """Serve it. Raises Rejected when its port is in use."""
    await ground.db.write(save_admin, ground.settings, ground.secrets, utc_now())
    follower = FeedFollower(ground.db, ground.bus, hub.publish)
    await follower.start()
    services = Services(
        db=ground.db,
        settings=ground.settings,
        sessions=Sessions(ground.db, utc_now),
        hub=hub,
        telephony=telephony,
        wake_feed=partial(ground.bus.tell, Subject.FEED),
        readiness=readiness,
        metrics=ground.metrics,
        recordings=ground.recordings,
        attachments=ground.attachments,
        web=DIST,
        clock=utc_now,
        vitals=VitalSigns(ground.db, telephony, hub, ground.watchdog).read,
        inlet=make_inlet(ground),
        beginners=make_beginners(ground.settings),
        presence=PresenceBoard(ground.bus, utc_now),
    )
    runner = web.AppRunner(make_app(services), access_log=None)
    await runner.setup()
    ground.stack.push_async_callback(runner.cleanup)
    http = ground.settings.http
    try:
        await web.TCPSite(runner, http.host, http.port, shutdown_timeout=1).start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise Rejected(
            f"port {http.port} is in use: stop what uses it, or set http.port to a free one"
        ) from error
    ground.run(follower.run(), "feed-follower")
    start_assigning(ground, telephony)

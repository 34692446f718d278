"""The desk: HTTP and live messages, over whatever `telephony` there is."""

from __future__ import annotations

import errno
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from bridge.bus.open_desks import OpenDesks
from bridge.bus.relay import FeedFollower
from bridge.channels.fronts import Front, FrontNeeds, make_fronts
from bridge.channels.registry import make_channels
from bridge.desk.admin import save_admin
from bridge.desk.app import make_app
from bridge.desk.live import Hub
from bridge.desk.presence import PresenceBoard
from bridge.desk.services import ReadinessCheck, Services
from bridge.desk.sessions import Sessions
from bridge.domain.live import Emit
from bridge.domain.ports import Sends, Subject
from bridge.domain.times import utc_now
from bridge.flows.follow_link import ways_of
from bridge.flows.telephony import Telephony
from bridge.store.feed import FeedRow
from bridge.vitals import VitalSigns
from bridge.wiring.channels import make_codes, make_inlet, make_outgoing, make_templates
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
    ground: Ground, hub: Hub, telephony: Telephony, readiness: Mapping[str, ReadinessCheck], emit: Emit
) -> None:
    """Serve it; `emit` reaches the desks of all processes. Raises Rejected when its port is in use."""
    await ground.db.write(save_admin, ground.settings, ground.secrets, utc_now())
    fronts = _make_fronts(ground, hub, emit)

    def publish(rows: Sequence[FeedRow]) -> None:
        hub.publish(rows)
        for front in fronts:
            front.publish(rows)

    follower = FeedFollower(ground.db, ground.bus, publish)
    await follower.start()
    channels = make_channels(ground.settings)
    for channel in channels.values():
        if isinstance(channel, Sends):
            ground.stack.push_async_callback(channel.close)
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
        templates=make_templates(ground),
        ways=ways_of(ground.settings, ground.secrets.link_key),
        channels=channels,
        inboxes=ground.inboxes,
        webhook_key=ground.secrets.webhook_key,
        post_event=make_outgoing(ground.settings),
        tell_typing=lambda told: ground.bus.tell(Subject.TYPING, msgspec.json.encode(told)),
        mounts=[front.mount for front in fronts],
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


def _make_fronts(ground: Ground, hub: Hub, emit: Emit) -> list[Front]:
    open_desks = OpenDesks(ground.bus, hub.__len__)
    ground.run(open_desks.run(), "open-desks")
    needs = FrontNeeds(
        db=ground.db,
        bus=ground.bus,
        settings=ground.settings,
        secrets=ground.secrets.inboxes,
        committed=ground.committed,
        emit=emit,
        is_anybody_there=open_desks.is_anybody_there,
        codes=make_codes(ground),
        ways=ways_of(ground.settings, ground.secrets.link_key),
        web=DIST,
        attachments=ground.attachments,
        clock=utc_now,
        monotonic=time.monotonic,
    )
    fronts = make_fronts(needs)
    for front in fronts:
        ground.run(front.run(), "front")
    return fronts

"""The queues as they are at this moment: asked of Asterisk, and never remembered."""

from __future__ import annotations

from typing import Final

from bridge.desk.answers import QueueList
from bridge.desk.route import API, Ask, Route
from bridge.desk.services import Services
from bridge.domain.agent import Role
from bridge.domain.queue import MemberLine, QueueLine, WaitingCall
from bridge.domain.times import iso
from bridge.store import call_views


async def read_queues(services: Services) -> list[QueueLine]:
    """Raises Transient where nobody watches the calls."""
    looks = await services.telephony.list_queues()
    calls = await services.db.read(call_views.list_open_by_leg)
    return [
        QueueLine(
            name=look.name,
            waiting=[WaitingCall(since=iso(each.since), call=calls.get(each.leg)) for each in look.waiting],
            members=[
                MemberLine(extension=each.extension, paused=each.paused, reason=each.reason)
                for each in look.members
            ],
        )
        for look in looks
    ]


async def list_queues(ask: Ask) -> QueueList:
    """Who waits in each queue, and which of its members are kept out of it."""
    return QueueList(await read_queues(ask.services))


ROUTES: Final = (Route("GET", f"{API}/queues", list_queues, Role.SUPERVISOR),)

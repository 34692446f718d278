"""What a customer has allowed us to write, and what not, each with its proof."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from sqlalchemy import Connection

from bridge.desk.answers import ConsentList
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.consent import Consent, Purpose
from bridge.domain.texts import storable
from bridge.errors import InvalidInput, NotFound
from bridge.flows import keep_consent
from bridge.store import consents
from bridge.store.leaves import list_leaves


class ConsentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`words`: what they said, and where: the proof."""

    channel: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,15}$")]
    purpose: Purpose
    granted: bool
    words: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


async def list_consents(ask: Ask) -> ConsentList:
    """Every yes and no of a customer, the newest first: that of a channel and purpose counts."""

    def read(connection: Connection) -> list[Consent]:
        leaves = list_leaves(connection, ask.path("id"))
        if not leaves:
            raise NotFound("no such customer")
        return consents.list_consents(connection, leaves)

    return ConsentList(await ask.services.db.read(read))


async def add_consent(ask: Ask, body: ConsentBody) -> Consent:
    """Record what a customer has said to you. It holds at once."""
    words = storable(body.words.strip())
    if not words:
        raise InvalidInput("say what they said", where="words")
    services = ask.services
    kept = await services.db.write(
        keep_consent.record,
        ask.path("id"),
        ask.agent,
        channel=body.channel,
        purpose=body.purpose,
        granted=body.granted,
        words=words,
        at=services.clock(),
    )
    services.wake_feed()
    return kept


ROUTES: Final = (
    Route("GET", f"{API}/customers/{ID}/consents", list_consents, Role.AGENT),
    Route("POST", f"{API}/customers/{ID}/consents", add_consent, Role.AGENT, status=201),
)

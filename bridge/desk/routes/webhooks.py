"""Outgoing webhooks: admins add, try, pause and remove them."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bridge.desk.answers import WebhookList, WebhookTest
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.times import iso
from bridge.domain.webhook import LONGEST_URL, Event, EventType, Webhook, WebhookState, secret_of
from bridge.errors import Rejected, Transient
from bridge.flows import keep_webhook
from bridge.store import webhooks

Url = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_URL)]


class NewWebhookBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`events` is what it is told of; every event is of one type."""

    url: Url
    events: list[EventType]


class WebhookBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change."""

    url: Url | None = None
    events: list[EventType] | None = None
    state: WebhookState | None = None


async def list_webhooks(ask: Ask) -> WebhookList:
    """The webhooks and how they are; none shows its secret."""
    return WebhookList(await ask.services.db.read(webhooks.list_webhooks))


async def add_webhook(ask: Ask, body: NewWebhookBody) -> Webhook:
    """Tell an address of what happens from now on. The answer has the secret, which is not shown again."""
    services = ask.services
    return await services.db.write(
        keep_webhook.add_webhook,
        services.webhook_key,
        ask.agent,
        url=body.url,
        events=body.events,
        at=services.clock(),
    )


async def change_webhook(ask: Ask, body: WebhookBody) -> Webhook:
    """Change, pause or resume a webhook. One that is resumed is told of what it missed, at most a day."""
    services = ask.services
    return await services.db.write(
        keep_webhook.change_webhook,
        ask.path("id"),
        ask.agent,
        url=body.url,
        events=body.events,
        state=body.state,
        at=services.clock(),
    )


async def renew_secret(ask: Ask) -> Webhook:
    """Give a webhook another secret, in place of the one that it has. It is not shown again."""
    services = ask.services
    return await services.db.write(
        keep_webhook.renew_secret, ask.path("id"), services.webhook_key, ask.agent, services.clock()
    )


async def remove_webhook(ask: Ask) -> None:
    """Tell it nothing more."""
    services = ask.services
    await services.db.write(keep_webhook.remove_webhook, ask.path("id"), ask.agent, services.clock())


async def try_webhook(ask: Ask) -> WebhookTest:
    """Send an event of the type `test` at once, also to a webhook that is paused, and say how that went."""
    services = ask.services
    told = await services.db.read(webhooks.get_to_tell, ask.path("id"))
    event = Event(id=0, type="test", at=iso(services.clock()), data={"webhook_id": told.id})
    try:
        await services.post_event(told.url, secret_of(services.webhook_key, told.id, told.salt), event)
    except (Transient, Rejected) as error:
        return WebhookTest(taken=False, reason=str(error))
    return WebhookTest(taken=True)


ROUTES: Final = (
    Route("GET", f"{API}/webhooks", list_webhooks, Role.ADMIN),
    Route("POST", f"{API}/webhooks", add_webhook, Role.ADMIN, status=201),
    Route("PATCH", f"{API}/webhooks/{ID}", change_webhook, Role.ADMIN),
    Route("DELETE", f"{API}/webhooks/{ID}", remove_webhook, Role.ADMIN, status=204),
    Route("POST", f"{API}/webhooks/{ID}/secret", renew_secret, Role.ADMIN),
    Route("POST", f"{API}/webhooks/{ID}/test", try_webhook, Role.ADMIN),
)

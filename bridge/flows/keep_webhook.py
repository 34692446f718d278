"""An admin sets up what the company's own systems are told of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.webhook import EventType, Webhook, WebhookState, check_url, secret_of
from bridge.errors import InvalidInput
from bridge.store import audits, webhooks


def add_webhook(
    connection: Connection, key: str, agent: Agent, *, url: str, events: Sequence[EventType], at: datetime
) -> Webhook:
    """With its secret. Raises InvalidInput."""
    _check_events(events)
    webhook_id = webhooks.add(connection, check_url(url), events, at)
    audits.record(connection, agent.id, "webhook.add", webhook_id, at)
    return _with_secret(connection, key, webhook_id)


def change_webhook(
    connection: Connection,
    webhook_id: str,
    agent: Agent,
    *,
    url: str | None,
    events: Sequence[EventType] | None,
    state: WebhookState | None,
    at: datetime,
) -> Webhook:
    """Raises NotFound, InvalidInput."""
    webhooks.get_webhook(connection, webhook_id)
    if events is not None:
        _check_events(events)
    if url is not None:
        check_url(url)
    webhooks.change(connection, webhook_id, url=url, events=events, state=state, at=at)
    audits.record(connection, agent.id, "webhook.change", webhook_id, at)
    return webhooks.get_webhook(connection, webhook_id)


def renew_secret(connection: Connection, webhook_id: str, key: str, agent: Agent, at: datetime) -> Webhook:
    """Another secret; the old one is worth nothing from now on. Raises NotFound."""
    webhooks.get_webhook(connection, webhook_id)
    webhooks.renew_secret(connection, webhook_id)
    audits.record(connection, agent.id, "webhook.renew_secret", webhook_id, at)
    return _with_secret(connection, key, webhook_id)


def remove_webhook(connection: Connection, webhook_id: str, agent: Agent, at: datetime) -> None:
    """Raises NotFound."""
    webhooks.get_webhook(connection, webhook_id)
    webhooks.remove(connection, webhook_id)
    audits.record(connection, agent.id, "webhook.remove", webhook_id, at)


def _check_events(events: Sequence[EventType]) -> None:
    if not events or len(set(events)) != len(events):
        raise InvalidInput("name what it is to be told of, each once", where="events")


def _with_secret(connection: Connection, key: str, webhook_id: str) -> Webhook:
    salt = webhooks.get_to_tell(connection, webhook_id).salt
    made = webhooks.get_webhook(connection, webhook_id)
    return msgspec.structs.replace(made, secret=secret_of(key, webhook_id, salt))

"""Mail that says what became of one of ours: delivery status notifications (RFC 3464)."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from datetime import datetime
from email.message import Message
from typing import Final

from bridge.channels.email.writing import key_of
from bridge.domain.delivery import DeliveryState
from bridge.domain.mail import header_of, ids_of
from bridge.domain.message import StatusUpdate, Told, Unread

_STATES: Final = {
    "failed": DeliveryState.FAILED,
    "delivered": DeliveryState.DELIVERED,
    "relayed": DeliveryState.SENT,
    "expanded": DeliveryState.SENT,
}
_LONGEST: Final = 300


def read_bounce(message: Message, arrived_at: datetime) -> Told | None:
    """None for any other mail. One of a mail that is not ours, and one that says "not yet", is nobody's message."""
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    parts = [part for part in message.get_payload() if isinstance(part, Message)]
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if status is None:
        return None
    named = next((name for part in parts for name in _original_ids(part)), "")
    key = key_of(named)
    fields = next((block for block in _blocks(status) if block.get("Action")), None)
    if not key or fields is None:
        return Unread("bounce")
    action = header_of(fields, "Action").strip().lower()
    if action not in _STATES:
        return Unread(f"bounce: {action[:20]}")
    return StatusUpdate(
        key=named, delivery_id=key, state=_STATES[action], at=arrived_at, reason=_reason(fields)
    )


def _blocks(status: Message) -> Iterator[Message]:
    payload = status.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))


def _original_ids(part: Message) -> tuple[str, ...]:
    """The Message-ID of what was sent: it comes back whole, or its headers do."""
    kind, payload = part.get_content_type(), part.get_payload()
    if kind == "message/rfc822" and isinstance(payload, list) and isinstance(payload[0], Message):
        return ids_of(payload[0], "Message-ID")
    if kind == "text/rfc822-headers":
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            return ids_of(email.message_from_bytes(data, policy=email.policy.compat32), "Message-ID")
    return ()


def _reason(fields: Message) -> str:
    said = " ".join(header_of(fields, "Diagnostic-Code").rpartition(";")[2].split())
    code = header_of(fields, "Status").strip()
    return (said if code in said else f"{code} {said}".strip())[:_LONGEST]

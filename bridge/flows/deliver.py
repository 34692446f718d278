"""Work of the topic `deliver`: what waits in a conversation is sent, one message after the other.

A message is `sending` in the database before the provider hears of it. Whoever finds it so later knows that somebody died at
it and that its fate is unknown: it is never sent twice by itself. What was not sent for certain waits; what the provider does
not take has failed, and the next one goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog
from sqlalchemy import Connection

from bridge.domain.consent import Purpose
from bridge.domain.delivery import DeliveryState
from bridge.domain.message import FilledTemplate, OutboundFile, OutboundMessage, parts_of
from bridge.domain.ports import OneFileEach, Sends
from bridge.errors import AnswerLost, RateLimited, Rejected, Transient
from bridge.flows import keep_consent
from bridge.flows.send_reply import record
from bridge.secrets import inbox_name
from bridge.store import conversations, deliveries, delivery_parts, inboxes, outbox
from bridge.store.deliveries import Outgoing
from bridge.store.engine import Database
from bridge.store.outbox import Work

LONGEST_REASON = 500

log = structlog.get_logger()


class Deliver:
    """`senders` by channel; `tokens` by `inbox_name`; `attachments` is their folder. `committed` is called after each commit."""

    def __init__(
        self,
        db: Database,
        senders: Mapping[str, Sends],
        tokens: Mapping[str, str],
        attachments: Path,
        committed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._senders = senders
        self._tokens = tokens
        self._attachments = attachments
        self._committed = committed
        self._clock = clock

    async def __call__(self, work: Work) -> None:
        """Raises Transient when the provider is away or the inbox is paused: the message waits, and all after it."""
        inbox = await self._db.read(inboxes.find_of_conversation, work.key)
        if inbox is not None and inbox.state == inboxes.PAUSED:
            raise Transient("the inbox is paused")
        while True:
            outgoing = await self._db.write(_begin, work.key, self._clock())
            self._committed()
            if outgoing is None:
                if await self._db.write(_finish, work):
                    return
                continue
            try:
                await self._send(outgoing)
            except RateLimited as error:
                await self._record(outgoing, DeliveryState.ACCEPTED, str(error))
                until = self._clock() + timedelta(seconds=error.retry_after)
                await self._db.write(outbox.give_back, work.id, until)
                return
            except Transient as error:
                await self._record(outgoing, DeliveryState.ACCEPTED, str(error))
                raise

    async def _send(self, outgoing: Outgoing) -> None:
        try:
            provider_key = await self._hand_over(outgoing)
        except Rejected as error:
            await self._record(outgoing, DeliveryState.FAILED, str(error))
        except AnswerLost as error:
            await self._record(outgoing, DeliveryState.UNKNOWN, str(error))
        else:
            await self._record(outgoing, DeliveryState.SENT, provider_key=provider_key)

    async def _hand_over(self, outgoing: Outgoing) -> str | None:
        """The provider's name for it, None where it has parts with names of their own."""
        sender = self._senders.get(outgoing.channel)
        token = self._tokens.get(inbox_name(outgoing.channel, outgoing.inbox_key), "")
        if sender is None:
            raise Rejected("nothing can be sent on this channel")
        message = self._message(outgoing)
        parts = parts_of(message) if isinstance(sender, OneFileEach) else (message,)
        if len(parts) == 1:
            return await sender.send(token, message)
        # What was taken of it before is not sent again, whoever sends the rest.
        for number in await self._db.write(delivery_parts.plan, outgoing.id, len(parts)):
            name = await sender.send(token, parts[number])
            await self._db.write(delivery_parts.take, outgoing.id, number, name)
        return None

    def _message(self, outgoing: Outgoing) -> OutboundMessage:
        return OutboundMessage(
            key=outgoing.id,
            inbox=outgoing.inbox_key,
            thread=outgoing.thread,
            text=outgoing.text,
            conversation_id=outgoing.conversation_id,
            to=outgoing.payload.get("to") or outgoing.to,
            cc=tuple(outgoing.payload.get("cc", ())),
            subject=outgoing.subject,
            answers=outgoing.answers,
            attachments=tuple(
                OutboundFile(
                    name=file.name,
                    media_type=file.media_type,
                    size=file.size,
                    path=self._attachments / file.sha256,
                )
                for file in outgoing.attachments
            ),
            template=msgspec.convert(outgoing.payload.get("template"), FilledTemplate | None),
        )

    async def _record(
        self, outgoing: Outgoing, state: DeliveryState, reason: str = "", provider_key: str | None = None
    ) -> None:
        reason = reason[:LONGEST_REASON]
        await self._db.write(
            _record, outgoing, state, self._clock(), reason=reason, provider_key=provider_key
        )
        self._committed()
        log.info("delivery", delivery_id=outgoing.id, channel=outgoing.channel, state=state.value)


def _begin(connection: Connection, conversation_id: str, at: datetime) -> Outgoing | None:
    """The next message, which is `sending` from now on. One that was so already is lost.

    Whoever has asked meanwhile not to be written to gets nothing more.
    """
    for lost in deliveries.list_in_state(connection, conversation_id, DeliveryState.SENDING):
        record(connection, lost, DeliveryState.UNKNOWN, at, reason="whoever sent it died")
    while outgoing := deliveries.find_next(connection, conversation_id):
        customer_id = conversations.get_customer_of(connection, conversation_id)
        if keep_consent.may_write(connection, customer_id, outgoing.channel, Purpose.SERVICE):
            record(connection, outgoing.id, DeliveryState.SENDING, at)
            return outgoing
        record(connection, outgoing.id, DeliveryState.FAILED, at, reason=keep_consent.REFUSED)
    return None


def _record(
    connection: Connection,
    outgoing: Outgoing,
    state: DeliveryState,
    at: datetime,
    *,
    reason: str,
    provider_key: str | None,
) -> None:
    """It is in `state`, and its inbox works, or has an error."""
    if state is DeliveryState.SENT:
        # More may have been told of its parts meanwhile.
        state, reason = delivery_parts.together(connection, outgoing.id) or (state, reason)
    record(connection, outgoing.id, state, at, reason=reason, provider_key=provider_key)
    inbox = inboxes.find_of_conversation(connection, outgoing.conversation_id)
    if inbox is not None and (inbox.last_error or "") != reason:
        inboxes.set_error(connection, inbox.id, reason or None)


def _finish(connection: Connection, work: Work) -> bool:
    """Unless something was written meanwhile: it found this work there, and made no other."""
    if deliveries.is_waiting(connection, work.key):
        return False
    outbox.finish(connection, work.id)
    return True

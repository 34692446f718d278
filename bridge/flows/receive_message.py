"""What a customer wrote: the sender, the conversation, the entry, the desks and the matter, in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.domain.catalogue import say
from bridge.domain.continuing import Fate
from bridge.domain.entry import Entry, EntryDirection, EntryKind
from bridge.domain.matter import Thing
from bridge.domain.message import DeletedMessage, InboundMessage
from bridge.domain.texts import storable
from bridge.domain.threads import FORGED
from bridge.domain.times import believed, parse_iso
from bridge.flows import keep_consent, keep_conversation
from bridge.flows.append_entry import append_and_tell
from bridge.flows.attach_matter import attach, read_words
from bridge.flows.find_thread import find_thread
from bridge.flows.follow_link import Came, Ways, bind, go_on, look_up, payload_of
from bridge.flows.message_files import add_files, files_of
from bridge.flows.resolve_identity import prove_address, resolve_identity
from bridge.flows.say_by_itself import say_by_itself
from bridge.flows.suggest_merges import suggest_signers
from bridge.store import deliveries, open_conversations, people, timeline
from bridge.store.arrivals import Arrival
from bridge.store.conversations import NewConversation
from bridge.store.people import Owner
from bridge.store.profiles import get_customer
from bridge.store.timeline import NewEntry

LONGEST_TEXT = 100_000
"""Characters. What is beyond is in the arrival alone, as long as that has its body, and the entry says so."""
LONGEST_NAME = 200
EMAIL = "email"
LONGEST_SUBJECT = 500


def receive_message(
    connection: Connection, arrival: Arrival, message: InboundMessage, *, reopen: timedelta, ways: Ways
) -> None:
    """Once for each key and text, in whatever order they come. `reopen` is that of `resolve_open`.

    An edit that comes before its message stands for it: the older text is in its arrival alone then.
    """
    source = arrival.channel
    source_key = message.key if message.worldwide else f"{arrival.inbox_key}/{message.key}"
    known = timeline.find_by_source(connection, source, source_key)
    if known is None:
        _append(connection, arrival, message, source_key, reopen, ways)
    elif message.edited:
        _replace(connection, arrival, message, known.id, source_key)


def _append(
    connection: Connection,
    arrival: Arrival,
    message: InboundMessage,
    source_key: str,
    reopen: timedelta,
    ways: Ways,
) -> None:
    at, now = believed(message.at, arrival.arrived_at), arrival.arrived_at
    name = storable(message.name)[:LONGEST_NAME]
    if message.forged:
        _append_forged(connection, arrival, message, source_key, reopen)
        return
    came = look_up(connection, message.link, ways, now) if message.link else None
    # Whom the provider names by another address is somebody already, and only suggested to be the link's person.
    is_known = any(
        people.find_owner(connection, each.kind, each.address, each.scope) for each in message.also
    )
    if came is not None and not is_known:
        bind(connection, came, message.sender, source_key=source_key, at=now)
    owner = resolve_identity(
        connection,
        message.sender,
        name or message.stranger,
        source=arrival.channel,
        source_key=source_key,
        at=now,
        also=message.also,
    )
    if came is not None and is_known:
        bind(connection, came, message.sender, source_key=source_key, at=now)
    suggest_signers(connection, owner, message.phones, source_key=source_key, at=arrival.arrived_at)
    if message.proves is not None:
        prove_address(
            connection,
            owner,
            message.proves,
            source=arrival.channel,
            source_key=source_key,
            at=now,
        )
    conversation = NewConversation(
        channel=arrival.channel,
        thread_key=find_thread(connection, arrival, message, owner),
        at=at,
        inbox_id=arrival.inbox_id,
        customer_id=owner.leaf_id,
        subject=storable(message.subject)[:LONGEST_SUBJECT],
    )
    conversation_id = open_conversations.resolve_open(connection, conversation, reopen=reopen)
    text, payload = _content(message)
    payload |= _marks(connection, arrival, message)
    files = files_of(message, payload)
    if came is not None:
        came = came.shown_by(owner)
        payload["continues"] = payload_of(connection, came, owner)
    appended = append_and_tell(
        connection,
        NewEntry(
            kind=EntryKind.MESSAGE,
            source=arrival.channel,
            source_key=source_key,
            at=at,
            body=text,
            channel=arrival.channel,
            direction=EntryDirection.OUTBOUND if message.author else EntryDirection.INBOUND,
            author=storable(message.author)[:LONGEST_NAME] or name or owner.name,
            customer_id=owner.leaf_id,
            identity_id=owner.identity_id,
            conversation_id=conversation_id,
            payload=payload,
            terms=message.terms,
        ),
    )
    add_files(connection, appended.id, files, arrival.arrived_at)
    if not message.author:
        keep_consent.hear(
            connection, appended, arrival.channel, text, said_at=at, heard_at=arrival.arrived_at
        )
        keep_conversation.hear_customer(connection, conversation_id, at, automatic=message.automatic)
    if came is not None:
        thing, by = Thing.CONVERSATION, owner.identity_id
        go_on(connection, came, thing, conversation_id, by=by, customer_id=appended.customer_id, at=now)
        _answer(connection, arrival, came, owner, conversation_id, ways)
    if appended.customer_id is not None:
        attach(connection, Thing.CONVERSATION, conversation_id, appended.customer_id, opens_new=False, at=now)
        # The order that lies before them is named as well as one that they write of.
        about = (text, message.context.get("cart"), message.context.get("order"))
        words = "\n".join(filter(None, about))
        read_words(connection, Thing.CONVERSATION, conversation_id, words, now)


def _answer(
    connection: Connection, arrival: Arrival, came: Came, owner: Owner, conversation_id: str, ways: Ways
) -> None:
    """Tell the customer what the link was worth. Not by mail, where a person answers, and programs answer each other."""
    if came.fate is Fate.AGAIN or arrival.channel == EMAIL:
        return
    language = get_customer(connection, owner.leaf_id).language or ways.language
    say_by_itself(
        connection,
        conversation_id,
        text=say(f"continue.fate.{came.fate}", language),
        key=f"link/{arrival.id}",
        at=arrival.arrived_at,
    )


def _append_forged(
    connection: Connection, arrival: Arrival, message: InboundMessage, source_key: str, reopen: timedelta
) -> None:
    """Under nobody, in a conversation of its own, whatever it says that it answers: a person looks at it."""
    at = believed(message.at, arrival.arrived_at)
    conversation = NewConversation(
        channel=arrival.channel,
        thread_key=f"{FORGED}{message.key}",
        at=at,
        inbox_id=arrival.inbox_id,
        subject=storable(message.subject)[:LONGEST_SUBJECT],
    )
    conversation_id = open_conversations.resolve_open(connection, conversation, reopen=reopen)
    text, payload = _content(message)
    payload |= {"forged": True, "forged_by": message.forged}
    files = files_of(message, payload)
    appended = append_and_tell(
        connection,
        NewEntry(
            kind=EntryKind.MESSAGE,
            source=arrival.channel,
            source_key=source_key,
            at=at,
            body=text,
            channel=arrival.channel,
            direction=EntryDirection.INBOUND,
            author=storable(f"{message.name} {message.sender.address}".strip())[:LONGEST_NAME],
            conversation_id=conversation_id,
            payload=payload,
        ),
    )
    add_files(connection, appended.id, files, arrival.arrived_at)
    keep_conversation.hear_customer(connection, conversation_id, at, automatic=message.automatic)


def _replace(
    connection: Connection, arrival: Arrival, message: InboundMessage, entry_id: str, source_key: str
) -> None:
    """Unless what stands there is newer."""
    at = believed(message.at, arrival.arrived_at)
    newest = timeline.get_newest(connection, entry_id)
    text, payload = _content(message)
    # An edit says nothing of files: they stay.
    payload |= {name: newest.payload[name] for name in ("attachments", "html") if name in newest.payload}
    payload |= _marks(connection, arrival, message)
    if newest.redacted or parse_iso(newest.at) > at or (newest.text, newest.payload) == (text, payload):
        return
    _put_in_place_of(connection, arrival, newest, source_key, at, text, payload)


def receive_deletion(connection: Connection, arrival: Arrival, deleted: DeletedMessage) -> None:
    """The message is kept, folded away; what stands for it says that it was taken back."""
    source_key = f"{arrival.inbox_key}/{deleted.key}"
    known = timeline.find_by_source(connection, arrival.channel, source_key)
    if known is None:
        return
    newest = timeline.get_newest(connection, known.id)
    if not newest.redacted and not newest.payload.get("deleted"):
        at = believed(deleted.at, arrival.arrived_at)
        _put_in_place_of(connection, arrival, newest, source_key, at, "", {"deleted": True})


def _put_in_place_of(
    connection: Connection,
    arrival: Arrival,
    newest: Entry,
    source_key: str,
    at: datetime,
    text: str,
    payload: dict[str, object],
) -> None:
    append_and_tell(
        connection,
        NewEntry(
            kind=EntryKind.MESSAGE,
            source=arrival.channel,
            source_key=f"{source_key}/{arrival.source_key}",
            at=at,
            body=text,
            channel=arrival.channel,
            direction=newest.direction,
            author=newest.author,
            customer_id=newest.customer_id,
            conversation_id=newest.conversation_id,
            replaces_id=newest.id,
            payload=payload,
        ),
    )


def _content(message: InboundMessage) -> tuple[str, dict[str, object]]:
    text = storable(message.text)
    marks: dict[str, object] = {}
    if message.subject:
        marks["subject"] = storable(message.subject)[:LONGEST_SUBJECT]
    if message.quoted:
        marks["quoted"] = storable(message.quoted)[:LONGEST_TEXT]
    if message.cc:
        marks["cc"] = list(message.cc)
    if message.automatic:
        marks["automatic"] = True
    if message.unsupported:
        marks["unsupported"] = message.unsupported
    if message.context:
        marks["context"] = {name: storable(value) for name, value in message.context.items()}
    if len(text) > LONGEST_TEXT:
        marks["cut"] = True
    return text[:LONGEST_TEXT], marks


def _marks(connection: Connection, arrival: Arrival, message: InboundMessage) -> dict[str, object]:
    """What it is besides its text: put under another message, a reaction to it, somebody else's words, one of several files."""
    marks: dict[str, object] = {}
    if message.quotes:
        known = timeline.find_by_source(connection, arrival.channel, f"{arrival.inbox_key}/{message.quotes}")
        ours = None if known else deliveries.find_sent(connection, arrival.inbox_id, message.quotes, "")
        quoted = known.id if known else ours and deliveries.get_entry_of(connection, ours)
        if quoted:
            marks["reply_to"] = quoted
    if message.album:
        marks["album"] = storable(message.album)[:LONGEST_NAME]
    if message.reaction:
        marks["reaction"] = True
    if message.forwarded is not None:
        marks["forwarded"] = storable(message.forwarded)[:LONGEST_NAME]
    return marks

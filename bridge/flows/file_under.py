"""Who it really was: an entry, a call or a conversation is filed under another customer, with all that hangs on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.customer import CustomerKind
from bridge.domain.entry import EntryDirection
from bridge.domain.live import EVERYONE
from bridge.domain.matter import Thing
from bridge.flows import keep_conversation
from bridge.flows.append_entry import PHONE, append_call
from bridge.flows.attach_matter import follow_filing
from bridge.store import call_views, confirmations, feed, filing, people, profiles
from bridge.store.filing import Filing, Subject
from bridge.store.people import NewCustomer


def file_under(
    connection: Connection,
    subject: Subject,
    subject_id: str,
    target: str | NewCustomer,
    *,
    agent: Agent,
    reason: str,
    at: datetime,
) -> Filing:
    """`target` is a customer's id or one to be made. Raises NotFound for an unknown subject or customer."""
    customer_id = target if isinstance(target, str) else people.make_customer(connection, target, at)
    filed = filing.file(connection, subject, subject_id, customer_id, by=agent.id, reason=reason, at=at)
    if subject is Subject.CALL:
        _confirm(connection, filed, agent, at)
    _tell(connection, filed, at)
    return filed


def undo_filing(connection: Connection, filing_id: str, *, agent: Agent, at: datetime) -> Filing:
    """Raises NotFound; Conflict when it is undone already or something was filed since."""
    undone = filing.undo(connection, filing_id, by=agent.id, at=at)
    if undone.from_id is not None:
        confirmations.withdraw(connection, undone.from_id, filing_id, at)
    _tell(connection, undone, at)
    return undone


def _confirm(connection: Connection, filed: Filing, agent: Agent, at: datetime) -> None:
    """Whose call it was, of those behind a shared number, says that they are behind it."""
    call = call_views.get_summary(connection, filed.subject_id)
    number = call.dialled if call.direction == EntryDirection.OUTBOUND else call.caller
    owner = people.find_owner(connection, PHONE, number)
    if owner is None or owner.kind is CustomerKind.PERSON or filed.to_id is None:
        return
    if profiles.get_customer(connection, filed.to_id).kind is CustomerKind.PERSON:
        confirmations.confirm(connection, owner.leaf_id, filed.to_id, filing_id=filed.id, by=agent.id, at=at)


def _tell(connection: Connection, filed: Filing, at: datetime) -> None:
    if filed.subject is Subject.CALL:
        # A call that was nobody's gets its entry now.
        append_call(connection, filed.subject_id)
        feed.append(connection, "call", EVERYONE, call_views.get_summary(connection, filed.subject_id), at)
    if filed.subject is Subject.CONVERSATION:
        keep_conversation.tell(connection, filed.subject_id, at)
    if filed.subject is not Subject.ENTRY:
        _take_matter_along(connection, filed, at)
    moved = {"subject": filed.subject.value, "subject_id": filed.subject_id}
    people_of = {"from_id": filed.from_id, "to_id": filed.to_id}
    feed.append(connection, "notice", EVERYONE, {"code": "filed", **moved, **people_of}, at)


def _take_matter_along(connection: Connection, filed: Filing, at: datetime) -> None:
    opens_new = False
    if filed.subject is Subject.CALL:
        opens_new = call_views.get_summary(connection, filed.subject_id).answered_at is not None
    follow_filing(
        connection, Thing(filed.subject.value), filed.subject_id, filed.to_id, opens_new=opens_new, at=at
    )

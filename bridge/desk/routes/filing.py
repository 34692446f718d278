"""Filing: this call, entry or conversation was somebody else's; and taking that back."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bridge.desk.answers import Filed, FilingList
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.domain.customer import CustomerKind
from bridge.errors import InvalidInput
from bridge.flows.file_under import file_under, undo_filing
from bridge.store.filing import Subject, list_filings
from bridge.store.people import NewCustomer


class NewCustomerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    kind: CustomerKind = CustomerKind.PERSON


class FileBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Under the customer of this id, or under a new one."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    customer_id: str | None = None
    new: NewCustomerBody | None = None


async def file_call(ask: Ask, body: FileBody) -> Filed:
    """File a call, with its entry, recording and notes, under another customer."""
    return await _file(ask, Subject.CALL, body)


async def file_entry(ask: Ask, body: FileBody) -> Filed:
    """File one entry under another customer."""
    return await _file(ask, Subject.ENTRY, body)


async def file_conversation(ask: Ask, body: FileBody) -> Filed:
    """File a conversation, with its messages, under another customer."""
    return await _file(ask, Subject.CONVERSATION, body)


async def list_of_call(ask: Ask) -> FilingList:
    """Where a call was filed: by whom, when and why, newest first."""
    return await _list(ask, Subject.CALL)


async def list_of_entry(ask: Ask) -> FilingList:
    """Where one entry was filed by itself, newest first."""
    return await _list(ask, Subject.ENTRY)


async def list_of_conversation(ask: Ask) -> FilingList:
    """Where a conversation was filed, newest first."""
    return await _list(ask, Subject.CONVERSATION)


async def undo(ask: Ask) -> Filed:
    """Take a filing back. 409 when it is undone already or another one came after it."""
    services = ask.services
    undone = await services.db.write(undo_filing, ask.path("id"), agent=ask.agent, at=services.clock())
    services.wake_feed()
    return Filed(undone.id, undone.to_id)


async def _file(ask: Ask, subject: Subject, body: FileBody) -> Filed:
    services = ask.services
    subject_id = await ask.call_id() if subject is Subject.CALL else ask.path("id")
    filed = await services.db.write(
        file_under,
        subject,
        subject_id,
        _target(body),
        agent=ask.agent,
        reason=body.reason,
        at=services.clock(),
    )
    services.wake_feed()
    return Filed(filed.id, filed.to_id)


async def _list(ask: Ask, subject: Subject) -> FilingList:
    return FilingList(await ask.services.db.read(list_filings, subject, ask.path("id")))


def _target(body: FileBody) -> str | NewCustomer:
    if body.customer_id is not None and body.new is None:
        return body.customer_id
    if body.new is not None and body.customer_id is None and body.new.name.strip():
        return NewCustomer(name=body.new.name.strip(), kind=body.new.kind)
    raise InvalidInput("give either customer_id or new with a name", where="body")


ROUTES: Final = (
    Route("POST", f"{API}/calls/{ID}/file", file_call, Role.AGENT),
    Route("POST", f"{API}/entries/{ID}/file", file_entry, Role.AGENT),
    Route("POST", f"{API}/conversations/{ID}/file", file_conversation, Role.AGENT),
    Route("GET", f"{API}/calls/{ID}/filings", list_of_call, Role.AGENT),
    Route("GET", f"{API}/entries/{ID}/filings", list_of_entry, Role.AGENT),
    Route("GET", f"{API}/conversations/{ID}/filings", list_of_conversation, Role.AGENT),
    Route("POST", f"{API}/filings/{ID}/undo", undo, Role.AGENT),
)

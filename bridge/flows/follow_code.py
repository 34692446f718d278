"""A caller presses a code: the call goes on with the matter that the code was made from, in front of whoever it rings.

Nobody waits for it. The digits are heard by the way, in the queue or while somebody speaks, and a call whose caller has no
code, or a wrong one, is a call like any other.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.continuing import Fate
from bridge.domain.customer import CustomerKind, Identity
from bridge.domain.live import EVERYONE
from bridge.domain.matter import Thing
from bridge.domain.merge import SuggestionReason
from bridge.flows.append_entry import PHONE, SOURCE, append_call
from bridge.flows.follow_link import Came, Ways, bind, go_on, look_up
from bridge.store import call_views, calls, feed, filing, merges, people, profiles
from bridge.store.calls import NewStage
from bridge.store.filing import Subject
from bridge.store.leaves import list_leaves
from bridge.store.people import Owner

CODE_STAGE = "code"


def follow_code(
    connection: Connection, call_id: str, code: str, number: str | None, ways: Ways, at: datetime
) -> None:
    """`number` is the caller's in E.164, None where it is withheld or nobody could be known by it."""
    came = look_up(connection, code, ways, at)
    calls.add_stages(connection, call_id, [NewStage(CODE_STAGE, at, detail=came.fate)])
    if came.fate is not Fate.GOES_ON:
        return
    owner = _bind_number(connection, came, call_id, number, at) if number else None
    if owner is None or owner.kind is not CustomerKind.PERSON or _is_same(connection, owner.leaf_id, came):
        _file(connection, call_id, came, at)
    customer_id = call_views.get_summary(connection, call_id).customer_id
    by = None if owner is None else owner.identity_id
    go_on(connection, came, Thing.CALL, call_id, by=by, customer_id=customer_id, at=at)


def _bind_number(connection: Connection, came: Came, call_id: str, number: str, at: datetime) -> Owner | None:
    """Whose the number is, now that its caller had the code. A group's stays the group's (invariant 5)."""
    owner = people.find_owner(connection, PHONE, number)
    if owner is not None and owner.kind is not CustomerKind.PERSON:
        return owner
    call = call_views.get_summary(connection, call_id)
    if owner is not None and _is_of_this_call(connection, owner, f"{call.pbx}/{call.linkedid}"):
        _join(connection, owner, came, at)
    bind(connection, came, Identity(PHONE, number), source_key=f"{call.pbx}/{call.linkedid}", at=at)
    return people.find_owner(connection, PHONE, number)


def _is_of_this_call(connection: Connection, owner: Owner, key: str) -> bool:
    """Nothing more is known of the owner than that this call has been answered."""
    made_by = {"source": SOURCE, "call": key}
    return owner.name == "" and people.read_evidence(connection, owner.identity_id) == made_by


def _join(connection: Connection, owner: Owner, came: Came, at: datetime) -> None:
    assert came.link is not None, "it goes on"
    merges.merge(
        connection,
        owner.leaf_id,
        came.customer_id,
        survivor=came.customer_id,
        reason=SuggestionReason.CONTINUE_LINK,
        evidence={"source": PHONE, "link": came.link.id},
        by=filing.SYSTEM,
        at=at,
    )
    leaves = list_leaves(connection, came.customer_id)
    feed.append(connection, "notice", EVERYONE, {"code": "merged", "customer_ids": sorted(leaves)}, at)


def _file(connection: Connection, call_id: str, came: Came, at: datetime) -> None:
    """Under whose code it was, unless it is already, or a person has said otherwise."""
    filed = filing.list_filings(connection, Subject.CALL, call_id)
    place = call_views.get_summary(connection, call_id).customer_id
    if (place and _is_same(connection, place, came)) or any(each.by != filing.SYSTEM for each in filed):
        return
    filing.file(
        connection,
        Subject.CALL,
        call_id,
        came.customer_id,
        by=filing.SYSTEM,
        reason=SuggestionReason.CONTINUE_LINK,
        at=at,
    )
    append_call(connection, call_id)


def _is_same(connection: Connection, customer_id: str, came: Came) -> bool:
    return profiles.get_customer(connection, customer_id).id in list_leaves(connection, came.customer_id)

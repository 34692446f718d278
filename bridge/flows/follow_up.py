"""A call that nobody answered is work until somebody has spoken with its caller, or says that it is done.

It opens when the call ends unanswered (also when that was not watched), joins what is open of the same number, and is
handled by itself as soon as we speak with that number, or with that person at another one, whoever calls whom. Of a group
only the number counts: one of a household does not answer for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.agent import Agent, Role
from bridge.domain.call import CallSummary
from bridge.domain.live import EVERYONE
from bridge.domain.work import WorkChange, WorkItem
from bridge.errors import Conflict
from bridge.flows.call_parties import Parties
from bridge.store import call_views, feed, worklist
from pbx.interface import AgentAnswered, Call, CallEnded, CallEvent, Direction, Outcome


def follow_up(
    connection: Connection, call_id: str, call: Call, parties: Parties, events: Sequence[CallEvent]
) -> None:
    """What a call's events mean for the worklist."""
    told = [event.at for event in events if isinstance(event, (AgentAnswered, CallEnded))]
    if not told or call.direction is Direction.INTERNAL:
        return
    if call.answered_at is not None or call.outcome is Outcome.ANSWERED:
        number = parties.dialled if call.direction is Direction.OUTBOUND else parties.caller
        for each in {number, *worklist.list_numbers_of_person(connection, call_id)} - {""}:
            _handle(connection, each, call_id, told[-1])
    elif call.direction is Direction.INBOUND:
        _open(connection, parties.caller, call_id, told[-1])


def take(connection: Connection, call_id: str, agent: Agent, at: datetime) -> WorkItem:
    """The agent answers for it from now on.

    Raises NotFound for no such call; Conflict when it is no work any more, or a colleague's: a supervisor may all the same.
    """
    return _give(connection, call_id, agent, agent.id, at)


def release(connection: Connection, call_id: str, agent: Agent, at: datetime) -> WorkItem:
    """It is anybody's again. Raises as `take` does."""
    return _give(connection, call_id, agent, None, at)


def finish(connection: Connection, call_id: str, agent: Agent, at: datetime) -> None:
    """It is done, by this agent where nobody had taken it; repeating it changes nothing. Raises as `take` does."""
    call = call_views.get_summary(connection, call_id)
    if call.handled_at is not None:
        return
    open_calls = _get_open(connection, call, agent)
    worklist.set_owner(connection, [each for each, owner in open_calls if owner is None], agent.id)
    _handle(connection, call.caller, call_id, at)


def _give(connection: Connection, call_id: str, agent: Agent, owner_id: str | None, at: datetime) -> WorkItem:
    call = call_views.get_summary(connection, call_id)
    call_ids = [each for each, _ in _get_open(connection, call, agent)]
    worklist.set_owner(connection, call_ids, owner_id)
    _tell(connection, call.caller, call_id, call_ids, at)
    item = worklist.find_work(connection, call.caller, call_id)
    assert item is not None
    return item


def _get_open(connection: Connection, call: CallSummary, agent: Agent) -> list[tuple[str, str | None]]:
    """The open calls of the work that a call belongs to, if the agent may change it."""
    open_calls = worklist.list_open_of(connection, call.caller, call.id)
    if call.id not in {each for each, _ in open_calls}:
        raise Conflict("this call is no open work: it was answered, or somebody has handled it")
    owner_id = open_calls[0][1]
    if owner_id not in (None, agent.id) and not agent.role.includes(Role.SUPERVISOR):
        raise Conflict("a colleague has taken it: ask them, or a supervisor")
    return open_calls


def _open(connection: Connection, caller: str, call_id: str, at: datetime) -> None:
    """One more call of this caller; whoever has taken what was open has this one too."""
    open_calls = worklist.list_open_of(connection, caller, call_id)
    owner_id = next((owner for _, owner in open_calls if owner is not None), None)
    if owner_id is not None:
        worklist.set_owner(connection, [each for each, _ in open_calls], owner_id)
    _tell(connection, caller, call_id, [], at)


def _handle(connection: Connection, caller: str, call_id: str, at: datetime) -> None:
    call_ids = [each for each, _ in worklist.list_open_of(connection, caller, call_id)]
    if call_ids:
        worklist.set_handled(connection, call_ids, at)
        _tell(connection, caller, call_id, call_ids, at)


def _tell(connection: Connection, caller: str, call_id: str, changed: Sequence[str], at: datetime) -> None:
    """The desks hear of the calls that changed, and of the work that they are."""
    for each in changed:
        feed.append(connection, "call", EVERYONE, call_views.get_summary(connection, each), at)
    item = worklist.find_work(connection, caller, call_id)
    change = WorkChange(key=worklist.key_of(caller, call_id), item=item)
    feed.append(connection, "work", EVERYONE, change, at)

"""Promises: what an agent says we will do, and that it is done. Each state is one entry on the timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bridge.domain.agent import Agent
from bridge.domain.entry import EntryKind
from bridge.domain.matter import Promise, PromiseState, Rule, Thing
from bridge.errors import Conflict
from bridge.flows.append_entry import append_and_tell
from bridge.flows.attach_matter import tell
from bridge.store import call_views, matters, profiles, promises
from bridge.store.timeline import NewEntry

SOURCE: Final = "desk"


def make_promise(
    connection: Connection,
    customer_id: str,
    agent: Agent,
    *,
    text: str,
    due_at: datetime | None,
    matter_id: str | None,
    call_id: str | None,
    at: datetime,
) -> Promise:
    """A promise made in a call belongs to the call's matter where no other is named. Raises NotFound."""
    customer = profiles.get_customer(connection, customer_id)
    if call_id is not None:
        call_views.get_summary(connection, call_id)
    if matter_id is None and call_id is not None:
        link = matters.find_link(connection, Thing.CALL, call_id)
        matter_id = None if link is None else link.matter_id
    promise_id = promises.make(
        connection, customer.id, text=text, by=agent.id, at=at, due_at=due_at, call_id=call_id
    )
    if matter_id is not None:
        matters.get_matter(connection, matter_id)
        matters.link(connection, matter_id, Thing.PROMISE, promise_id, rule=Rule.HAND, by=agent.id, at=at)
    return _say(connection, promise_id, agent, at)


def finish_promise(
    connection: Connection, promise_id: str, agent: Agent, *, state: PromiseState, at: datetime
) -> Promise:
    """It is kept, or will not be. The same again changes nothing. Raises NotFound, Conflict when it ended otherwise."""
    promise = promises.get_promise(connection, promise_id)
    if promise.state is state:
        return promise
    if state is PromiseState.OPEN or not promises.finish(connection, promise_id, state, at):
        raise Conflict(f"the promise is {promise.state} already")
    return _say(connection, promise_id, agent, at)


def _say(connection: Connection, promise_id: str, agent: Agent, at: datetime) -> Promise:
    promise = promises.get_promise(connection, promise_id)
    payload = {"promise_id": promise.id, "state": promise.state.value, "due_at": promise.due_at}
    append_and_tell(
        connection,
        NewEntry(
            kind=EntryKind.PROMISE,
            source=SOURCE,
            source_key=f"promise/{promise.id}/{promise.state}",
            at=at,
            body=promise.text,
            author=agent.name,
            customer_id=promise.customer_id,
            call_id=promise.call_id,
            payload=payload,
        ),
    )
    if promise.matter_id is not None:
        matters.touch(connection, promise.matter_id, at)
    tell(connection, promise.customer_id, at)
    return promise

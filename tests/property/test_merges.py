"""Whatever was seen, ingested, merged, moved and retired: undoing a merge leaves everybody as if it had never been made.

After every undo the whole story is told once more without the merges that are undone, to people of their own: the twin.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection

from bridge.domain.customer import Identity
from bridge.domain.entry import EntryKind
from bridge.errors import Conflict
from bridge.store import conversations, filing, merges, people, profiles, timeline
from bridge.store.conversations import NewConversation
from bridge.store.dialect import writer_engine
from bridge.store.filing import Subject
from bridge.store.people import NewCustomer
from bridge.store.timeline import NewEntry
from tests.sqlite import migrated

START = datetime(2026, 11, 1, tzinfo=UTC)
NUMBERS = 5
Step = tuple[Any, ...]

which = st.integers(0, 20)
number = st.integers(0, NUMBERS - 1)


@pytest.fixture(params=["sqlite"])
def url(tmp_path: Path) -> str:
    return migrated(tmp_path / "store.sqlite3")


class World:
    """People, named by their place in `leaves`, to whom the same steps can happen as to those of another world."""

    def __init__(self, conn: Connection, name: int) -> None:
        self.conn = conn
        self.name = name
        self.leaves: list[str] = []
        self.entries: list[str] = []
        self.talks: list[str] = []
        self.merges: dict[int, str] = {}
        self.filings: dict[int, str] = {}

    def take(self, key: int, step: Step) -> None:
        """`key` is the step's number, which names what it makes."""
        verb, *given = step
        getattr(self, verb)(key, START + timedelta(minutes=key), *given)

    def address(self, which: int) -> Identity:
        return Identity("phone", f"+3805{self.name:05}{which:03}")

    def see(self, key: int, at: datetime, which: int) -> None:
        owner = people.resolve_owner(
            self.conn, self.address(which), NewCustomer(name=f"seen {key}"), evidence={}, at=at
        )
        if owner.leaf_id not in self.leaves:
            self.leaves.append(owner.leaf_id)

    def ingest(self, key: int, at: datetime, which: int, talks: bool) -> None:
        self.see(key, at, which)
        owner = people.find_owner(self.conn, "phone", self.address(which).address)
        assert owner is not None
        talk = None
        if talks:
            past = NewConversation(
                channel="sms", thread_key=f"{self.name}/{which}", at=at, customer_id=owner.leaf_id
            )
            talk = conversations.resolve_past(self.conn, past)
            if talk not in self.talks:
                self.talks.append(talk)
        self._append(key, at, identity_id=owner.identity_id, conversation_id=talk)

    def note(self, key: int, at: datetime, leaf: int) -> None:
        self._append(key, at, customer_id=self.leaves[leaf])

    def merge(self, key: int, at: datetime, one: int, other: int, survivor: int) -> None:
        ends = (self.leaves[one], self.leaves[other])
        self.merges[key] = merges.merge(
            self.conn, *ends, survivor=self.leaves[survivor], reason="", evidence={}, by="system", at=at
        )

    def undo(self, key: int, at: datetime, merge: int) -> None:
        merges.undo(self.conn, self.merges[merge], by="system", at=at)

    def move(self, key: int, at: datetime, subject: Subject, which: int, leaf: int) -> None:
        moved = (self.entries if subject is Subject.ENTRY else self.talks)[which]
        filed = filing.file(self.conn, subject, moved, self.leaves[leaf], by="system", reason="", at=at)
        self.filings[key] = filed.id

    def move_back(self, key: int, at: datetime, move: int) -> None:
        filing.undo(self.conn, self.filings[move], by="system", at=at)

    def retire(self, key: int, at: datetime, which: int) -> None:
        owner = people.find_owner(self.conn, "phone", self.address(which).address)
        assert owner is not None
        people.retire_identity(self.conn, owner.identity_id, at)

    def holds(self, which: int) -> bool:
        return people.find_owner(self.conn, "phone", self.address(which).address) is not None

    def read_as(self, leaf: int) -> int:
        return self.leaves.index(profiles.get_customer(self.conn, self.leaves[leaf]).id)

    def joined(self, leaf: int) -> list[int]:
        found = profiles.get_customer(self.conn, self.leaves[leaf]).leaves
        return sorted(self.leaves.index(each) for each in found)

    def timeline(self, leaves: list[int]) -> list[str]:
        ids = [self.leaves[leaf] for leaf in leaves]
        return [entry.text for entry in timeline.read_page(self.conn, ids, limit=200).items]

    def told(self) -> list[Any]:
        """Of each leaf: whom it is read as, its own entries, and those that it is read with."""
        return [
            (self.read_as(leaf), self.timeline([leaf]), self.timeline(self.joined(leaf)))
            for leaf in range(len(self.leaves))
        ]

    def _append(self, key: int, at: datetime, **where: Any) -> None:
        new = NewEntry(
            kind=EntryKind.MESSAGE,
            source="test",
            source_key=f"{self.name}/{key}",
            at=at,
            body=str(key),
            **where,
        )
        self.entries.append(timeline.append(self.conn, new).id)


class Merging(RuleBasedStateMachine):
    conn: Connection

    @initialize()
    def begin(self) -> None:
        self.savepoint = self.conn.begin_nested()
        self.steps: list[Step] = []
        self.undone: set[int] = set()
        self.world = World(self.conn, 0)
        self.twins = 0

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            self.savepoint.rollback()

    def take(self, *step: Any) -> None:
        self.world.take(len(self.steps), step)
        self.steps.append(step)

    @rule(which=number)
    def see(self, which: int) -> None:
        self.take("see", which)

    @rule(which=number, talks=st.booleans())
    def ingest(self, which: int, talks: bool) -> None:
        self.take("ingest", which, talks)

    @precondition(lambda self: self.world.leaves)
    @rule(leaf=which)
    def note(self, leaf: int) -> None:
        """It has no leaf of its own: it is written to the survivor's, and stays there."""
        self.take("note", self.world.read_as(leaf % len(self.world.leaves)))

    @precondition(lambda self: len(self.world.leaves) > 1)
    @rule(one=which, other=which, survivor=which)
    def merge(self, one: int, other: int, survivor: int) -> None:
        count = len(self.world.leaves)
        one, other = one % count, other % count
        if one != other:
            joined = sorted({*self.world.joined(one), *self.world.joined(other)})
            self.take("merge", one, other, joined[survivor % len(joined)])

    @precondition(lambda self: len(self.world.merges) > len(self.undone))
    @rule(merge=which)
    def undo(self, merge: int) -> None:
        active = sorted(self.world.merges.keys() - self.undone)
        chosen = active[merge % len(active)]
        self.take("undo", chosen)
        self.undone.add(chosen)
        assert self.world.told() == self.tell_twin()

    @precondition(lambda self: self.world.entries)
    @rule(talk=st.booleans(), which=which, leaf=which)
    def move(self, talk: bool, which: int, leaf: int) -> None:
        subject = Subject.CONVERSATION if talk and self.world.talks else Subject.ENTRY
        of = self.world.talks if subject is Subject.CONVERSATION else self.world.entries
        self.take("move", subject, which % len(of), leaf % len(self.world.leaves))

    @precondition(lambda self: self.world.filings)
    @rule(move=which)
    def move_back(self, move: int) -> None:
        moves = sorted(self.world.filings)
        try:
            with self.conn.begin_nested():
                self.take("move_back", moves[move % len(moves)])
        except Conflict:
            pass  # moved back already, or moved on since

    @rule(which=number)
    def retire(self, which: int) -> None:
        if self.world.holds(which):
            self.take("retire", which)

    @invariant()
    def everybody_answers_for_all_who_are_joined(self) -> None:
        if hasattr(self, "world"):
            for leaf in range(len(self.world.leaves)):
                assert self.world.read_as(leaf) in self.world.joined(leaf)

    def tell_twin(self) -> list[Any]:
        self.twins += 1
        twin = World(self.conn, self.twins)
        with self.conn.begin_nested() as savepoint:
            for key, (verb, *given) in enumerate(self.steps):
                if not (verb == "undo" or (verb == "merge" and key in self.undone)):
                    twin.take(key, (verb, *given))
            told = twin.told()
            savepoint.rollback()
        return told


@pytest.fixture
def conn(url: str) -> Iterator[Connection]:
    with writer_engine(url).connect() as connection, connection.begin():
        yield connection


def test_an_undone_merge_has_never_been(conn: Connection) -> None:
    class Machine(Merging):
        pass

    Machine.conn = conn
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Whatever was appended, in whatever order, is paged through without a gap or a double; filings come undone exactly."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from bridge.domain.entry import EntryKind
from bridge.errors import Conflict
from bridge.store import filing, people, timeline
from bridge.store.conversations import NewConversation, resolve_past
from bridge.store.dialect import writer_engine
from bridge.store.entry_filter import EntryFilter
from bridge.store.filing import Subject
from bridge.store.people import NewCustomer
from bridge.store.timeline import NewEntry
from tests.postgres import PostgresServer
from tests.sqlite import migrated

START = datetime(2026, 11, 1, tzinfo=UTC)
FIRST = "first"
CHANNELS = ("email", "chat", None)

many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.database() as address:
            yield address
        return
    yield migrated(tmp_path_factory.mktemp("pages") / "store.sqlite3")


@pytest.fixture(scope="module")
def connection(url: str) -> Iterator[Connection]:
    with writer_engine(url).connect() as opened, opened.begin():
        yield opened


def append(conn: Connection, key: object, minute: int, **kwargs: object) -> str:
    new = NewEntry(
        kind=EntryKind.MESSAGE,
        source="test",
        source_key=str(key),
        at=START + timedelta(minutes=minute),
        **kwargs,  # type: ignore[arg-type]
    )
    return timeline.append(conn, new).id


def make(conn: Connection) -> str:
    return people.make_customer(conn, NewCustomer(name="x"), START)


@many
@given(
    entries=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.sampled_from(CHANNELS)), max_size=40),
    late=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), max_size=5),
    limit=st.integers(1, 7),
    leaves=st.integers(1, 3),
    channel=st.sampled_from(CHANNELS),
)
def test_pages_give_every_entry_once_newest_first(
    connection: Connection,
    entries: list[tuple[int, int, str | None]],
    late: list[tuple[int, int]],
    limit: int,
    leaves: int,
    channel: str | None,
) -> None:
    """What arrives late, between two pages, shifts nothing: it only stands where its time puts it."""
    with connection.begin_nested() as savepoint:
        owners = [make(connection) for _ in range(3)]
        expected = []
        for key, (leaf, minute, said) in enumerate(entries):
            entry_id = append(connection, key, minute, customer_id=owners[leaf], channel=said)
            if leaf < leaves and channel in (None, said):
                expected.append((minute, entry_id))
        seen: list[str] = []
        before = None
        while True:
            page = timeline.read_page(
                connection, owners[:leaves], limit=limit, before=before, only=EntryFilter(channel=channel)
            )
            assert len(page.items) <= limit
            seen += [entry.id for entry in page.items]
            if page.next is None:
                break
            assert len(page.items) == limit
            for leaf, minute in late:
                # Newer than all that was seen: not on any later page.
                append(connection, f"late{len(seen)}/{leaf}/{minute}", 100 + minute, customer_id=owners[leaf])
            before = page.next
        assert seen == [entry_id for _, entry_id in sorted(expected, reverse=True)]
        savepoint.rollback()


@many
@given(
    keys=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), max_size=20),
)
def test_a_source_key_is_one_entry_however_often_it_comes(
    connection: Connection, keys: list[tuple[str, int]]
) -> None:
    with connection.begin_nested() as savepoint:
        anna = make(connection)
        for source, key in keys:
            timeline.append(
                connection,
                NewEntry(
                    kind=EntryKind.MESSAGE, source=source, source_key=str(key), at=START, customer_id=anna
                ),
            )
        assert len(timeline.read_page(connection, [anna]).items) == len(set(keys))
        savepoint.rollback()


@many
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["entry", "conversation", "undo", "append"]), st.integers(0, 3)),
        max_size=14,
    )
)
def test_filings_follow_the_rule_and_come_undone_exactly(
    connection: Connection, moves: list[tuple[str, int]]
) -> None:
    """Against a model that keeps nothing but the stack of each subject's filings."""

    def undo_one(stacks: list[list[tuple[str, str]]], which: int) -> None:
        filed = [stack for stack in stacks if stack and stack[-1][0] != FIRST]
        if filed:
            stack = filed[which % len(filed)]
            for filing_id, _ in stack[:-1]:
                if filing_id != FIRST:
                    with pytest.raises(Conflict):
                        filing.undo(connection, filing_id, by="a", at=START)
            filing.undo(connection, stack.pop()[0], by="a", at=START)

    with connection.begin_nested() as savepoint:
        people_ = [make(connection) for _ in range(4)]
        talk = resolve_past(
            connection, NewConversation(channel="chat", thread_key="t", at=START, customer_id=people_[0])
        )
        own: dict[str, list[tuple[str, str]]] = {}
        shared = [(FIRST, people_[0])]
        for step, (move, who) in enumerate(moves):
            if move == "append":
                own[append(connection, step, step, conversation_id=talk)] = []
            elif move == "undo":
                undo_one([*own.values(), shared], who)
            elif move == "conversation" or own:
                entry = sorted(own)[who % len(own)] if move == "entry" else None
                subject, stack = (Subject.ENTRY, own[entry]) if entry else (Subject.CONVERSATION, shared)
                to_id = people_[who]
                filed = filing.file(connection, subject, entry or talk, to_id, by="a", reason="", at=START)
                stack.append((filed.id, to_id))
            for entry, stack in own.items():
                assert timeline.get_entry(connection, entry).customer_id == (stack or shared)[-1][1]
        savepoint.rollback()

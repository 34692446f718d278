"""Merges: two people are read as one by any of their ids; taken back exactly, in any order; at the same moment too."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from bridge.domain.agent import Agent, Role
from bridge.domain.customer import CustomerKind, Identity
from bridge.domain.entry import EntryKind
from bridge.domain.ids import new_id
from bridge.errors import Conflict, InvalidInput, NotFound
from bridge.flows.merge_customers import list_merges, merge_customers, preview_merge, undo_merge
from bridge.store import agents, call_views, card, groups, merges, people, profiles, timeline
from bridge.store.dialect import writer_engine
from bridge.store.people import NewCustomer
from bridge.store.timeline import NewEntry
from tests.contract.test_card import call

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
NUMBER = "+380501234567"


def make(conn: Connection, name: str = "Олена", *addresses: Identity, **kwargs: object) -> str:
    customer_id = people.make_customer(conn, NewCustomer(name=name, **kwargs), AT)  # type: ignore[arg-type]
    for address in addresses:
        people.add_identity(conn, customer_id, address, evidence={}, at=AT)
    return customer_id


def write(conn: Connection, customer_id: str, key: str, **kwargs: object) -> str:
    values = {"kind": EntryKind.MESSAGE, "source": "test", "source_key": key, "at": AT, **kwargs}
    return timeline.append(conn, NewEntry(customer_id=customer_id, **values)).id  # type: ignore[arg-type]


def read(conn: Connection, customer_id: str) -> list[str]:
    leaves = profiles.get_customer(conn, customer_id).leaves
    return sorted(entry.source_key for entry in timeline.read_page(conn, leaves).items)


def canonical(conn: Connection, *leaves: str) -> list[str]:
    return [profiles.get_customer(conn, leaf).id for leaf in leaves]


@pytest.fixture
def agent(conn: Connection) -> Agent:
    return agents.save_agent(
        conn,
        login="101",
        name="Марія",
        role=Role.AGENT,
        extension="101",
        language="uk",
        password_hash="",
        phone_key_hash=None,
        at=AT,
    )


@pytest.fixture
def join(conn: Connection, agent: Agent) -> Callable[..., str]:
    def merge(one: str, into: str, **kwargs: str) -> str:
        return merge_customers(conn, one, into, agent=agent, reason="the same voice", at=AT, **kwargs)

    return merge


def test_both_ids_answer_with_the_survivor_and_all_that_came(
    conn: Connection, join: Callable[..., str]
) -> None:
    anna, olena = make(conn, "Анна", Identity("phone", NUMBER)), make(conn, "Олена")
    write(conn, anna, "a")
    write(conn, olena, "o")
    join(anna, olena)
    assert canonical(conn, anna, olena) == [olena, olena]
    assert sorted(profiles.get_customer(conn, anna).leaves) == sorted([anna, olena])
    assert read(conn, anna) == read(conn, olena) == ["a", "o"]
    by_number = profiles.find_profile_by_address(conn, "phone", NUMBER)
    assert by_number is not None
    assert by_number.customer.id == olena


def test_what_came_while_they_were_one_goes_back_to_its_own(
    conn: Connection, agent: Agent, join: Callable[..., str]
) -> None:
    anna, olena = make(conn, "Анна", Identity("phone", NUMBER)), make(conn, "Олена")
    merge_id = join(anna, olena)
    owner = people.find_owner(conn, "phone", NUMBER)
    assert owner is not None
    write(conn, owner.leaf_id, "call meanwhile")
    write(conn, profiles.get_customer(conn, anna).id, "note meanwhile")
    assert undo_merge(conn, merge_id, agent=agent, at=AT) == []
    assert canonical(conn, anna, olena) == [anna, olena]
    assert (read(conn, anna), read(conn, olena)) == (["call meanwhile"], ["note meanwhile"])
    with pytest.raises(Conflict):
        undo_merge(conn, merge_id, agent=agent, at=AT)


def test_a_chain_comes_apart_in_the_middle(conn: Connection, agent: Agent, join: Callable[..., str]) -> None:
    a, b, c, d = (make(conn, name) for name in "abcd")
    join(a, b)
    middle = join(b, c)
    join(c, d, survivor=a)
    assert canonical(conn, a, b, c, d) == [a] * 4
    undo_merge(conn, middle, agent=agent, at=AT)
    # The newest edge of {c, d} wanted a, who is not among them any more: the oldest leaf stands in.
    assert canonical(conn, a, b, c, d) == [b, b, c, c]


def test_an_undo_says_what_still_joins_the_two(
    conn: Connection, agent: Agent, join: Callable[..., str]
) -> None:
    a, b, c, d = (make(conn, name) for name in "abcd")
    first, second, around, back = join(a, b), join(a, b), join(b, c), join(c, a)
    join(c, d)
    assert undo_merge(conn, first, agent=agent, at=AT) == [second, around, back]
    assert undo_merge(conn, second, agent=agent, at=AT) == [around, back]
    assert undo_merge(conn, back, agent=agent, at=AT) == []
    assert canonical(conn, a) == [a]


def test_only_like_and_like_are_joined(conn: Connection, join: Callable[..., str]) -> None:
    anna, home = make(conn), make(conn, "Дім", kind=CustomerKind.HOUSEHOLD)
    company = make(conn, "ТОВ", kind=CustomerKind.ORGANISATION)
    for one, into in ((anna, home), (company, anna)):
        with pytest.raises(InvalidInput, match="cannot be one"):
            join(one, into)
    with pytest.raises(InvalidInput, match="itself"):
        join(anna, anna)
    with pytest.raises(InvalidInput, match="survivor"):
        join(anna, make(conn), survivor=make(conn))
    with pytest.raises(NotFound):
        join(anna, new_id())
    join(home, company)
    assert canonical(conn, home) == [company]


def test_a_preview_shows_what_comes_together(conn: Connection, join: Callable[..., str]) -> None:
    mail = Identity("email", "anna@example.com")
    anna = make(conn, "Анна", Identity("phone", NUMBER), vip=True)
    olena = make(conn, "Олена", mail, language="uk")
    for n, channel in enumerate(("chat", "chat", None)):
        write(conn, anna, f"a{n}", channel=channel)
    write(conn, olena, "o", channel="chat")
    preview = preview_merge(conn, anna, olena)
    assert preview.identities == [Identity("phone", NUMBER), mail]
    assert preview.entries == {"chat": 3, "none": 1}
    assert [side.entries for side in preview.sides] == [{"chat": 2, "none": 1}, {"chat": 1}]
    assert (preview.orders, preview.open_conversations) == (0, 0)
    assert {one.field: one.values for one in preview.conflicts} == {
        "name": ["Анна", "Олена"],
        "language": [None, "uk"],
        "vip": [True, False],
    }
    join(anna, olena)
    with pytest.raises(Conflict):
        preview_merge(conn, anna, olena)


def test_who_joined_whom_when_and_why_is_kept(
    conn: Connection, agent: Agent, join: Callable[..., str]
) -> None:
    anna, olena = make(conn, "Анна"), make(conn, "Олена")
    merge_id = join(anna, olena)
    undo_merge(conn, merge_id, agent=agent, at=AT)
    for leaf in (anna, olena):
        (kept,) = list_merges(conn, leaf)
        assert (kept.id, kept.leaf_a.name, kept.leaf_b.name, kept.survivor.id) == (
            merge_id,
            "Анна",
            "Олена",
            olena,
        )
        assert (kept.by, kept.reason, kept.undone_by) == ("Марія", "the same voice", "Марія")
        assert kept.at == kept.undone_at == "2026-11-01T12:00:00.000000Z"


def test_search_finds_a_merged_person_by_what_any_leaf_is_known_by(
    conn: Connection, join: Callable[..., str]
) -> None:
    anna = make(conn, "Анна Стара", Identity("phone", NUMBER), external_id="crm-1")
    olena = make(conn, "Олена")
    join(anna, olena)
    for words in ("стара", "050 123-45", "crm-1", "олена"):
        assert [found.id for found in people.list_customers(conn, words=words)[0]] == [olena], words


def test_people_behind_a_shared_number_are_offered_once_with_the_newest_of_all_leaves(
    conn: Connection, join: Callable[..., str]
) -> None:
    number = Identity("phone", NUMBER)
    anna, boris, twin = make(conn, "Анна", number), make(conn, "Борис"), make(conn, "Анна К.")
    groups.give_address(conn, boris, number, evidence={}, at=AT)
    write(conn, boris, "b", at=AT.replace(hour=13), channel="chat")
    join(anna, twin, survivor=anna)
    write(conn, twin, "t", at=AT.replace(hour=14), channel="email")
    groups.give_address(conn, twin, number, evidence={}, at=AT)
    shown = card.read_card(conn, call_id="c", caller=NUMBER, dialled="", number=NUMBER)
    assert [(one.id, one.last_channel) for one in shown.candidates] == [(anna, "email"), (boris, "chat")]


def test_a_place_in_a_group_that_came_while_they_were_one_stays_with_its_own(
    conn: Connection, agent: Agent, join: Callable[..., str]
) -> None:
    company = make(conn, "ТОВ", kind=CustomerKind.ORGANISATION)
    anna, twin = make(conn, "Анна"), make(conn, "Анна К.")
    groups.belong(conn, company, anna, evidence={}, at=AT)
    merge_id = join(twin, anna)
    groups.belong(conn, company, twin, evidence={}, at=AT)
    assert [one.id for one in profiles.get_customer(conn, twin).belongs_to] == [company]
    undo_merge(conn, merge_id, agent=agent, at=AT)
    for leaf in (anna, twin):
        assert [one.id for one in profiles.get_customer(conn, leaf).belongs_to] == [company]


def test_the_calls_of_all_leaves_are_listed(conn: Connection, join: Callable[..., str]) -> None:
    anna, olena = make(conn, "Анна"), make(conn, "Олена")
    ids = {call(conn, anna, 1), call(conn, olena, 2)}
    join(anna, olena)
    for leaf in (anna, olena):
        found, _ = call_views.list_calls(conn, limit=10, customer_id=leaf)
        assert {one.id for one in found} == ids
        assert {one.customer_id for one in found} == {olena}


def test_merges_and_undos_at_the_same_moment_have_one_answer(url: str) -> None:
    """Two writers, each with a connection of its own, tear at the same people; whatever the order was, the canonical
    ids are what the edges say in the end."""
    engine = writer_engine(url)
    with engine.begin() as conn:
        leaves = [make(conn, str(n)) for n in range(6)]

    def tear(which: int) -> None:
        made = []
        with engine.connect() as conn:
            for step in range(12):
                one, other = leaves[(which + step) % 6], leaves[(which * 3 + step * 5 + 1) % 6]
                with conn.begin():
                    if step % 3 == 2:
                        merges.undo(conn, made.pop(0), by="system", at=AT)
                    elif one != other:
                        made.append(
                            merges.merge(
                                conn, one, other, survivor=one, reason="", evidence={}, by="system", at=AT
                            )
                        )

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tear, (0, 1)))
    with engine.connect() as conn, conn.begin():
        said = canonical(conn, *leaves)
        active = [kept for kept in merges.list_merges(conn, leaves) if kept.undone_at is None]
        assert said == by_hand(leaves, [(m.leaf_a.id, m.leaf_b.id, m.survivor.id) for m in active])


def by_hand(leaves: list[str], newest_first: list[tuple[str, str, str]]) -> list[str]:
    """The rule of invariant 4, told another way."""

    def joined(leaf: str) -> set[str]:
        seen, todo = {leaf}, [leaf]
        while todo:
            here = todo.pop()
            ends = {x for a, b, _ in newest_first if here in (a, b) for x in (a, b)}
            todo += ends - seen
            seen |= ends
        return seen

    return [
        next((s for a, _, s in newest_first if a in joined(leaf) and s in joined(leaf)), min(joined(leaf)))
        for leaf in leaves
    ]

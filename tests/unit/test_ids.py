"""Ids: UUID version 7 whose order is the order of making."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge.domain import ids
from bridge.domain.ids import new_id


def milliseconds_of(text: str) -> int:
    return uuid.UUID(text).int >> 80


def test_it_is_a_uuid7_of_now() -> None:
    before = time.time_ns() // 1_000_000
    text = new_id()
    after = time.time_ns() // 1_000_000
    made = uuid.UUID(text)
    assert (len(text), str(made), made.version, made.variant) == (36, text, 7, uuid.RFC_4122)
    assert before <= milliseconds_of(text) <= after + 1


def test_each_sorts_after_the_one_before_as_text() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_threads_never_get_the_same_id() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: new_id(), range(4000)))
    assert len(set(made)) == len(made)


def test_a_clock_that_is_set_back_does_not_turn_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_id()
    yesterday = time.time_ns() - 86_400 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: yesterday)
    assert new_id() > first


def test_the_random_part_differs_at_the_same_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes may make an id in the same instant: 62 random bits keep them apart."""
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now)
    random_parts = set()
    for _ in range(100):
        monkeypatch.setattr(ids, "_last", 0)
        random_parts.add(uuid.UUID(new_id()).int & (2**62 - 1))
    assert len(random_parts) == 100

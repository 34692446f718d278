"""Guessing passwords gets slower, for the one who guesses."""

from __future__ import annotations

import pytest

from bridge.desk.login_throttle import FORGET_AFTER, MOST_KEYS, LoginThrottle
from bridge.errors import RateLimited


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_wait_doubles_up_to_the_longest_and_success_ends_it() -> None:
    clock = Clock()
    throttle = LoginThrottle(free=2, longest=8.0, clock=clock)
    throttle.enter("a")
    throttle.enter("a")
    for wait in (1.0, 2.0, 4.0, 8.0, 8.0):
        with pytest.raises(RateLimited) as refused:
            throttle.enter("a")
        assert refused.value.retry_after == wait
        throttle.enter("b")
        throttle.clear("b")
        clock.now += wait
        throttle.enter("a")
    throttle.clear("a")
    throttle.enter("a")
    throttle.enter("a")


def test_a_refused_try_does_not_lengthen_the_wait() -> None:
    clock = Clock()
    throttle = LoginThrottle(free=1, longest=8.0, clock=clock)
    throttle.enter("a")
    for _ in range(100):
        with pytest.raises(RateLimited):
            throttle.enter("a")
    clock.now += 1.0
    throttle.enter("a")


def test_an_hour_later_it_is_forgotten() -> None:
    clock = Clock()
    throttle = LoginThrottle(free=1, longest=8.0, clock=clock)
    throttle.enter("a")
    clock.now += FORGET_AFTER + 1
    throttle.enter("a")
    with pytest.raises(RateLimited) as refused:
        throttle.enter("a")
    assert refused.value.retry_after == 1.0


def test_a_flood_of_names_takes_bounded_memory() -> None:
    throttle = LoginThrottle(free=1, longest=8.0, clock=Clock())
    for number in range(MOST_KEYS + 500):
        throttle.enter(str(number))
    assert len(throttle) == MOST_KEYS

"""The company's calendar, over every change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.calendar import (
    ALL_DAY,
    Calendar,
    Holiday,
    Span,
    add_open_time,
    check,
    is_open,
    next_opening,
    open_time,
)
from bridge.errors import InvalidInput

ZONES = [
    "UTC",
    "Europe/Kyiv",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kathmandu",
]
TIMES = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)] + ["24:00"]
NINE_TO_SIX = (Span("09:00", "18:00"),)
KYIV = Calendar("Europe/Kyiv", (*(NINE_TO_SIX,) * 5, (), ()), (Holiday("2026-12-25", "Christmas"),))


@st.composite
def hours(draw: st.DrawFn) -> tuple[Span, ...]:
    times = sorted(draw(st.lists(st.sampled_from(TIMES), unique=True, max_size=6)))
    return tuple(Span(opens, closes) for opens, closes in zip(times[::2], times[1::2], strict=False))


calendars = st.builds(
    Calendar,
    st.sampled_from(ZONES),
    st.tuples(*[hours()] * 7),
    st.lists(
        st.builds(Holiday, st.dates(datetime(2026, 1, 1).date(), datetime(2027, 12, 31).date()).map(str)),  # noqa: DTZ001
        unique_by=lambda holiday: holiday.day,
        max_size=5,
    ).map(tuple),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001
lengths = st.timedeltas(timedelta(), timedelta(hours=60))


@settings(deadline=None)
@given(calendars, moments, lengths)
def test_what_is_added_has_gone_by_and_not_a_moment_before(
    calendar: Calendar, since: datetime, length: timedelta
) -> None:
    check(calendar)
    due = add_open_time(calendar, since, length)
    if due is None:
        assert open_time(calendar, since, since + timedelta(days=700)) < length
        return
    assert due >= since
    assert open_time(calendar, since, due) == length
    if length:
        assert open_time(calendar, since, due - timedelta(microseconds=1)) < length


@given(calendars, moments, lengths, lengths)
def test_time_adds_up(calendar: Calendar, since: datetime, one: timedelta, other: timedelta) -> None:
    middle, end = since + one, since + one + other
    whole = open_time(calendar, since, end)
    assert whole == open_time(calendar, since, middle) + open_time(calendar, middle, end)
    assert timedelta() <= whole <= one + other


@given(calendars, moments)
def test_it_is_open_when_it_opens_and_not_before(calendar: Calendar, at: datetime) -> None:
    opening = next_opening(calendar, at)
    if opening is None:
        assert not is_open(calendar, at)
        return
    assert is_open(calendar, opening)
    assert is_open(calendar, at) == (opening == at)
    assert open_time(calendar, at, opening) == timedelta()


@given(calendars, moments)
def test_the_wall_says_whether_it_is_open(calendar: Calendar, at: datetime) -> None:
    """Wherever the wall clock tells one moment only, and a whole hour around it as well."""
    zone = ZoneInfo(calendar.zone)
    around = {(at + timedelta(hours=shift)).astimezone(zone).utcoffset() for shift in range(-26, 27)}
    if len(around) > 1:
        return
    wall = at.astimezone(zone)
    special = {holiday.day: holiday.hours for holiday in calendar.holidays}
    spans = special.get(wall.date().isoformat(), calendar.weekly[wall.weekday()])
    now = f"{wall:%H:%M}"
    assert is_open(calendar, at) == any(span.opens <= now < span.closes for span in spans)


@given(st.sampled_from(ZONES), moments, lengths)
def test_who_never_closes_counts_every_minute(zone: str, since: datetime, length: timedelta) -> None:
    always = Calendar(zone, (ALL_DAY,) * 7)
    assert add_open_time(always, since, length) == since + length
    assert is_open(always, since)


def kyiv(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Kyiv"))


def test_a_message_of_friday_evening_is_due_on_monday() -> None:
    assert add_open_time(KYIV, kyiv("2026-11-27 17:30"), timedelta(hours=1)) == kyiv("2026-11-30 09:30")
    # Over Christmas, a Friday, and the week-end.
    assert add_open_time(KYIV, kyiv("2026-12-24 17:59"), timedelta(hours=1)) == kyiv("2026-12-28 09:59")
    assert not is_open(KYIV, kyiv("2026-12-25 12:00"))


def test_the_night_of_the_change_is_an_hour_longer_or_shorter() -> None:
    nights = Calendar("Europe/Kyiv", (ALL_DAY,) * 7)
    shorter = open_time(nights, kyiv("2026-03-29 00:00"), kyiv("2026-03-30 00:00"))
    longer = open_time(nights, kyiv("2026-10-25 00:00"), kyiv("2026-10-26 00:00"))
    assert (shorter, longer) == (timedelta(hours=23), timedelta(hours=25))


@pytest.mark.parametrize(
    "wrong",
    [
        Calendar("Europe/Nowhere"),
        Calendar("../../etc/passwd"),
        Calendar(weekly=((Span("18:00", "09:00"),), *((),) * 6)),
        Calendar(weekly=((Span("09:00", "13:00"), Span("12:00", "18:00")), *((),) * 6)),
        Calendar(holidays=(Holiday("2026-02-30"),)),
        Calendar(holidays=(Holiday("2026-01-01"), Holiday("2026-01-01"))),
    ],
)
def test_what_is_wrong_is_said(wrong: Calendar) -> None:
    with pytest.raises(InvalidInput):
        check(wrong)

"""When the company works: hours of each weekday on its own clock, and holidays. Pure: it reads no clock.

Times within a day are those of the wall, and each day's are worked out by themselves: on the day on which the clocks
change, nine o'clock is nine o'clock, and a night shift is an hour longer or shorter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from bridge.errors import InvalidInput

Time = Annotated[str, msgspec.Meta(pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]

_DAY: Final = timedelta(days=1)
_LONGEST: Final = 800
"""Days that are looked ahead: who does not work in them does not work."""


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `opens` to `closes` on the wall clock; 24:00 is the end of the day."""

    opens: Time
    closes: Time


class Holiday(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day (YYYY-MM-DD) with other hours than its weekday's: none, mostly."""

    day: Day
    name: Annotated[str, msgspec.Meta(max_length=80)] = ""
    hours: tuple[Span, ...] = ()


ALL_DAY: Final = (Span("00:00", "24:00"),)


class Calendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`zone` as the IANA names it, such as Europe/Kyiv; `weekly` from Monday to Sunday."""

    zone: str = "UTC"
    weekly: Annotated[tuple[tuple[Span, ...], ...], msgspec.Meta(min_length=7, max_length=7)] = (ALL_DAY,) * 7
    holidays: Annotated[tuple[Holiday, ...], msgspec.Meta(max_length=1000)] = ()


def check(calendar: Calendar) -> None:
    """Raises InvalidInput for an unknown zone, a day that there is not, and hours that end before they begin or overlap."""
    try:
        ZoneInfo(calendar.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput("no such time zone: one like Europe/Kyiv", where="zone") from error
    for hours in calendar.weekly:
        _check_hours(hours, "weekly")
    for holiday in calendar.holidays:
        try:
            date.fromisoformat(holiday.day)
        except ValueError as error:
            raise InvalidInput(f"there is no {holiday.day}", where="holidays") from error
        _check_hours(holiday.hours, "holidays")
    days = [holiday.day for holiday in calendar.holidays]
    if len(days) != len(set(days)):
        raise InvalidInput("a day is given twice", where="holidays")


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the company works at this moment."""
    begin, end = next(_spans(calendar, at), (at, at))
    return begin <= at < end


def next_opening(calendar: Calendar, at: datetime) -> datetime | None:
    """`at` itself while it works; None where it does not open again."""
    begin, _ = next(_spans(calendar, at), (None, None))
    return begin if begin is None else max(begin, at)


def add_open_time(calendar: Calendar, since: datetime, time: timedelta) -> datetime | None:
    """The first moment by which `time` of working has gone by since then; None where so much never will."""
    if not time:
        return since
    left = time
    for begin, end in _spans(calendar, since):
        start = max(begin, since)
        if end - start >= left:
            return start + left
        left -= end - start
    return None


def open_time(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    """How much of the time from `since` to `until` the company works; nothing where that is backwards."""
    total = timedelta()
    for begin, end in _spans(calendar, since):
        if begin >= until:
            break
        total += max(min(end, until) - max(begin, since), timedelta())
    return total


def _spans(calendar: Calendar, since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When it works, in UTC, one after the other, from the one that is not over at `since` on. Raises no InvalidInput."""
    zone = ZoneInfo(calendar.zone)
    others = {holiday.day: holiday.hours for holiday in calendar.holidays}
    first = since.astimezone(zone).date() - _DAY
    until = datetime.min.replace(tzinfo=UTC)
    for number in range(_LONGEST):
        day = first + _DAY * number
        for span in others.get(day.isoformat(), calendar.weekly[day.weekday()]):
            # Where the clocks are put forward, the wall tells some times that never were: none is counted twice.
            begin, end = max(_moment(day, span.opens, zone), until), _moment(day, span.closes, zone)
            if begin < end:
                until = end
                if end > since:
                    yield begin, end


def _moment(day: date, time: str, zone: ZoneInfo) -> datetime:
    hour, minute = int(time[:2]), int(time[3:])
    midnight = datetime(day.year, day.month, day.day) + (_DAY if hour == 24 else timedelta())  # noqa: DTZ001
    return midnight.replace(hour=hour % 24, minute=minute, tzinfo=zone).astimezone(UTC)


def _check_hours(hours: tuple[Span, ...], where: str) -> None:
    """Times of two digits sort as text."""
    times = [time for span in hours for time in (span.opens, span.closes)]
    if any(span.opens >= span.closes for span in hours) or times != sorted(times):
        raise InvalidInput("hours begin before they end, one after the other", where=where)

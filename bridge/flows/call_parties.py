"""Both ends of a call as they are shown and stored, from the raw strings that Asterisk had."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from pbx.interface import Call, Direction, NumberKind
from pbx.number import parse


@dataclass(frozen=True, slots=True)
class Parties:
    """`caller` and `dialled` as E.164 where they are valid numbers, else as shown, "" when anonymous.

    `customer_number` is the E.164 number of whoever of the two is not ours, None when that is nobody who could
    be known: an anonymous caller, a short code, a colleague. `customer_extension` is the sub-number behind it.
    `colleague` is the extension that calls (101 may be a short code as well), on a call among ourselves.
    """

    caller: str
    dialled: str
    customer_number: str | None
    colleague: str | None
    customer_extension: str | None = None


def parties_of(call: Call, region: str) -> Parties:
    """`region` is where a number without a country code is at home, such as "UA"."""
    return _parties(call.direction, call.caller, call.dialled, region)


@lru_cache(maxsize=4096)
def _parties(direction: Direction, raw_caller: str, raw_dialled: str, region: str) -> Parties:
    caller, dialled = parse(raw_caller, region), parse(raw_dialled, region)
    customer = {Direction.INBOUND: caller, Direction.OUTBOUND: dialled}.get(direction)
    known = None if customer is None or customer.e164 is None else customer
    return Parties(
        caller="" if caller.kind is NumberKind.ANONYMOUS else caller.e164 or caller.raw,
        dialled=dialled.e164 or dialled.raw,
        customer_number=None if known is None else known.e164,
        colleague=raw_caller if direction is Direction.INTERNAL else None,
        customer_extension=None if known is None else known.extension,
    )

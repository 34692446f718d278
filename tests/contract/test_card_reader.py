"""Cards are read before they are asked for, once for all phones that ring, and anew where that was too long ago."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Connection

from bridge.domain.card import Card
from bridge.errors import Transient
from bridge.flows import card_reader
from bridge.flows.card_reader import FRESH_SECONDS, CardReader, Wanted
from bridge.store.engine import Database

CALL = "018f0000-0001-7000-8000-000000000001"
CALLER = "+380501110001"


class Reads:
    """Stands for the query: counts, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.given: list[dict[str, Any]] = []
        self.failures = 0

    def __call__(self, connection: Connection, **given: Any) -> Card:
        self.given.append(given)
        if self.failures:
            self.failures -= 1
            raise Transient("the database is locked")
        return Card(call_id=given["call_id"], caller=given["caller"], dialled="", customer=None)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def wanted(customer_id: str | None = None, queue: str | None = None) -> Wanted:
    card = Card(call_id=CALL, caller=CALLER, dialled="", customer=None, queue=queue)
    return Wanted(card, CALLER, customer_id)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    query = Reads()
    monkeypatch.setattr(card_reader, "read_card", query)
    return query


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def reader(db: Database, clock: Clock) -> AsyncIterator[CardReader]:
    cards = CardReader(db, clock)
    yield cards
    await cards.close()


async def test_one_read_serves_all_phones_that_ring(reader: CardReader, reads: Reads) -> None:
    reader.begin(wanted())
    cards = await asyncio.gather(*(reader.get(wanted(queue="sales")) for _ in range(3)))
    assert len(reads.given) == 1
    assert {(card.caller, card.queue) for card in cards} == {(CALLER, "sales")}


async def test_a_ring_that_nobody_foresaw_is_read_for(reader: CardReader, reads: Reads) -> None:
    assert (await reader.get(wanted())).caller == CALLER
    assert len(reads.given) == 1


async def test_a_card_that_is_old_is_read_anew(reader: CardReader, reads: Reads, clock: Clock) -> None:
    await reader.begin(wanted())
    clock.now += FRESH_SECONDS
    await reader.get(wanted())
    assert len(reads.given) == 2


async def test_who_turned_out_to_be_somebody_else_is_read_anew(reader: CardReader, reads: Reads) -> None:
    await reader.begin(wanted())
    await reader.get(wanted(customer_id="another"))
    assert [given["customer_id"] for given in reads.given] == [None, "another"]


async def test_what_failed_is_said_and_tried_again_when_asked(reader: CardReader, reads: Reads) -> None:
    reads.failures = 1
    reader.begin(wanted())
    with pytest.raises(Transient):
        await reader.get(wanted())
    assert (await reader.get(wanted())).caller == CALLER


async def test_one_who_stops_waiting_leaves_the_others_their_card(reader: CardReader, reads: Reads) -> None:
    impatient, patient = (asyncio.ensure_future(reader.get(wanted())) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).caller == CALLER
    assert len(reads.given) == 1


async def test_a_call_that_is_over_is_forgotten(reader: CardReader, reads: Reads) -> None:
    await reader.get(wanted())
    reader.forget(CALL)
    await reader.get(wanted())
    assert len(reads.given) == 2

"""The part of the fake desk server that keeps calls: their cards, notes, recordings, and whose they are."""

from __future__ import annotations

import asyncio
import io
import itertools
import wave

import msgspec
from aiohttp import web

from bridge.domain.call import NoteDraft, RecordingTranscript
from bridge.domain.card import Card
from bridge.domain.customer import Customer
from bridge.domain.times import iso, utc_now
from tests.e2e.desk import people
from tests.e2e.desk.answering import answer, problem
from tests.e2e.desk.calls import RECORDING, detail_of, past_calls
from tests.e2e.desk.cards import card_of
from tests.e2e.desk.fake_matters import FakeMatters


def tone() -> bytes:
    """Three seconds of stereo WAV: a low tone on the left, a high one on the right."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        left = itertools.cycle([0, 6000, 0, -6000])
        right = itertools.cycle([6000, -6000])
        frames = (
            next(side).to_bytes(2, "little", signed=True) for _ in range(24000) for side in (left, right)
        )
        sound.writeframes(b"".join(frames))
    return buffer.getvalue()


class FakeCalls:
    """`cards` and `drafts` are by the call's id."""

    def __init__(self, matters: FakeMatters) -> None:
        self.all = {each.id: each for each in past_calls()}
        self.cards: dict[str, Card] = {}
        self.drafts: dict[str, NoteDraft] = {}
        # Of the recording of a call, by the call's id, where it is another than `calls` says.
        self.transcripts: dict[str, RecordingTranscript] = {}
        self.reachable = True
        self._matters = matters
        self._filings: dict[str, tuple[str, Customer | None]] = {}
        self._numbers = itertools.count(1)

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/calls", self._list),
            web.get(f"{api}/calls/{{id}}", self._get),
            web.get(f"{api}/calls/{{id}}/card", self._card),
            web.get(f"{api}/calls/{{id}}/note", self._draft),
            web.put(f"{api}/calls/{{id}}/note", self._put_draft),
            web.post(f"{api}/calls/{{id}}/file", self._file),
            web.post(f"{api}/filings/{{id}}/undo", self._undo),
            web.get(f"{api}/recordings/{{id}}/audio", self._audio),
        ]

    def with_matters(self, card: Card) -> Card:
        return msgspec.structs.replace(card, **self._matters.of(card.customer.id if card.customer else None))

    async def _list(self, _: web.Request) -> web.Response:
        newest = sorted(self.all.values(), key=lambda call: call.started_at, reverse=True)
        return answer({"items": newest, "next": None})

    async def _get(self, request: web.Request) -> web.Response:
        call = self.all.get(request.match_info["id"])
        if call is None:
            return problem(404, "no such call")
        return answer(detail_of(call, self.transcripts.get(call.id)))

    async def _card(self, request: web.Request) -> web.Response:
        return answer(self.with_matters(self.cards[request.match_info["id"]]))

    async def _draft(self, request: web.Request) -> web.Response:
        return answer(self.drafts.get(request.match_info["id"], {"rev": 0, "text": ""}))

    async def _put_draft(self, request: web.Request) -> web.Response:
        call_id, given = request.match_info["id"], await request.json()
        if not self.reachable:
            return problem(503, "the database is locked")
        stored = self.drafts.get(call_id)
        if stored and given["rev"] <= stored.rev:
            return problem(409, "the stored draft is newer")
        self.drafts[call_id] = NoteDraft(call_id=call_id, saved_at=iso(utc_now()), **given)
        return answer(self.drafts[call_id])

    async def _file(self, request: web.Request) -> web.Response:
        call_id, given = request.match_info["id"], await request.json()
        filing_id = f"filing-{next(self._numbers)}"
        self._filings[filing_id] = (call_id, self.cards[call_id].customer)
        if "new" in given:
            customer = msgspec.structs.replace(people.IRYNA, id=f"new-{filing_id}", name=given["new"]["name"])
            people.CUSTOMERS[customer.id] = customer
        else:
            customer = people.CUSTOMERS[given["customer_id"]]
        self._put_card(call_id, customer)
        return answer({"filing_id": filing_id, "customer_id": customer.id})

    async def _undo(self, request: web.Request) -> web.Response:
        call_id, customer = self._filings.pop(request.match_info["id"])
        self._put_card(call_id, customer)
        return answer({"filing_id": "undo", "customer_id": customer.id if customer else None})

    def _put_card(self, call_id: str, customer: Customer | None) -> None:
        self.cards[call_id] = card_of(call_id, self.cards[call_id].caller, customer)

    async def _audio(self, request: web.Request) -> web.Response:
        if request.match_info["id"] != RECORDING:
            return problem(404, "no such recording")
        sound = await asyncio.to_thread(tone)
        asked = request.http_range
        first = asked.start or 0
        part = sound[first : asked.stop]
        # A browser seeks only in what comes in ranges.
        place = {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(sound)}"}
        return web.Response(status=206, body=part, content_type="audio/wav", headers=place)

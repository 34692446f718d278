"""What the benchmarks reckon: verdicts, matching of what was seen, frames. The measuring itself is theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.agi_load import Session
from benchmarks.agi_servers import is_sick
from benchmarks.agi_tail import apart, waited
from benchmarks.call_tax import take_delays
from benchmarks.cards import merged, record, single
from benchmarks.dataset import Dataset, build_of
from benchmarks.harness import Bound, Expectation, Ratio, Result, as_json, measure, render
from benchmarks.ingest_durable import BODY_BYTES, shuffled
from benchmarks.ingest_servers import signed
from benchmarks.letters import letters
from benchmarks.mail_flood import Round
from benchmarks.mail_flood import summarise as summarise_flood
from benchmarks.pop_desks import masked_frame, read_frame
from benchmarks.pop_latency import PATIENCE, Tally, match, percentile, summarise
from benchmarks.pop_phones import header
from benchmarks.sightings import Witness, read, witness
from benchmarks.webhooks import INBOXES
from benchmarks.webhooks import shuffled as shuffled_webhooks
from bridge.channels.registry import make_channels
from bridge.domain.message import InboundMessage
from bridge.domain.order import OrderUpdate
from bridge.domain.ports import Hook
from bridge.domain.times import utc_now
from bridge.settings import Mailbox, Settings


def test_the_last_tenth_of_the_customers_are_five_leaves_each() -> None:
    data = Dataset("", 1000, 10_000)
    assert [data.canonical(n) for n in (0, 899, 900, 904, 905, 999)] == [0, 899, 900, 900, 905, 995]


def result(**changes: object) -> Result:
    given: dict[str, object] = {
        "name": "example",
        "unit": "ms",
        "samples": {"ours": [10.0, 30.0, 20.0], "peer": [40.0, 40.0, 80.0], "raw": [5.0, 5.0, 5.0]},
        "goals": [Ratio("ours", "peer", 0.5), Bound("ours", 20.0)],
    }
    return Result(**{**given, **changes})  # type: ignore[arg-type]


def test_a_goal_is_reached_at_its_limit_and_missed_beyond() -> None:
    assert result().passed
    assert not result(goals=[Ratio("ours", "peer", 0.49)]).passed
    assert not result(goals=[Bound("ours", 19.9)]).passed
    assert "ours = 20.00  goal <= 19.9  MISSED" in render(result(goals=[Bound("ours", 19.9)]))


def test_a_run_is_void_where_peers_do_not_stand_as_they_are_known_to() -> None:
    assert not result(expectations=[Expectation("peer", "raw", 8.0)], quiet=[Bound("raw", 5.0)]).void
    assert result(expectations=[Expectation("peer", "raw", 20.0)]).void
    busy = result(quiet=[Bound("raw", 4.9)])
    assert busy.void
    assert "VOID" in render(busy)


def test_the_file_says_what_each_goal_reached() -> None:
    goals = as_json(result())["goals"]
    assert goals == [
        {"of": "ours / peer", "limit": 0.5, "reached": 0.5},
        {"of": "ours", "limit": 20.0, "reached": 20.0},
    ]


def test_contestants_take_turns_and_the_first_turn_does_not_count() -> None:
    order: list[str] = []

    def contestant(name: str) -> Callable[[], float]:
        def sample() -> float:
            order.append(name)
            return float(len(order))

        return sample

    samples = measure({name: contestant(name) for name in ("a", "b")}, rounds=2)
    assert order == ["a", "b"] * 3
    assert samples == {"a": [3.0, 5.0], "b": [4.0, 6.0]}


def test_a_ring_is_matched_by_caller_and_extension() -> None:
    invites = {
        ("+380670000001", "1001"): 10.0,
        ("+380670000001", "1002"): 11.0,
        ("+380670000002", "1003"): 12.0,
    }
    seen = {
        ("+380670000001", "1001"): 10.004,
        ("+380670000002", "1003"): 11.999,
        ("+380670000009", "1001"): 13.0,
    }
    latencies, missed = match(invites, seen)
    assert latencies == pytest.approx([4.0, PATIENCE * 1000, -1.0])
    assert missed == 1


def test_percentiles() -> None:
    values = [float(n) for n in range(1, 102)]
    assert percentile(values, 50) == 51
    assert percentile(values, 99) == 100


def test_a_ring_that_is_told_twice_counts_when_it_was_first_seen() -> None:
    assert read(["+380670000001 1001 10.5", "+380670000001 1001 11.0"]) == {("+380670000001", "1001"): 10.5}


def test_the_result_has_a_sample_for_each_round_and_holds_ours_to_the_limit() -> None:
    tallies = {}
    for name, late in (("ours", 19.0), ("raw", 1.0)):
        for rate in (50, 100):
            tallies[name, rate] = Tally(
                [[1.0, late], [1.0, late + 0.5]], calls=4, cpu_ms={"Asterisk": [8.0]}, busy=[0.5]
            )
    reckoned = summarise(tallies, {"agents": 60})
    assert len(reckoned.samples["ours p99 at 100/s"]) == 2
    assert reckoned.passed
    assert not reckoned.void
    assert "4 calls, 0 not put through, 0 missed, longest 19.5 ms" in str(reckoned.notes["ours at 50/s"])
    tallies["ours", 100] = Tally([[1.0, 40.0]], busy=[1.0])
    tallies["raw", 100] = Tally([[1.0, 9.0]], busy=[1.0])
    slow = summarise(tallies, {})
    assert not slow.passed
    assert slow.void


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_of_the_server_is_read_whole_or_not_at_all(size: int) -> None:
    length = (
        bytes([size])
        if size < 126
        else b"\x7e" + size.to_bytes(2)
        if size < 65_536
        else b"\x7f" + size.to_bytes(8)
    )
    data = b"\x81" + length + b"x" * size
    assert read_frame(b"**" + data + b"\x81", 2) == (1, 2 + len(data) - size, 2 + len(data))
    for cut in (1, len(length), len(data) - 1):
        if cut < len(data):
            assert read_frame(data[:cut], 0) is None


def test_a_frame_of_a_client_carries_a_mask() -> None:
    assert masked_frame(1, b"abc") == b"\x81\x83\0\0\0\0abc"
    assert masked_frame(1, b"x" * 300)[:8] == b"\x81\xfe\x01\x2c\0\0\0\0"


def test_headers_of_sip_are_found_whatever_their_case() -> None:
    message = "INVITE sip:agent-1001@127.0.0.1 SIP/2.0\r\nCSEQ: 7 INVITE\r\n\r\n"
    assert header(message, "CSeq") == "7 INVITE"
    assert header(message, "Via") == ""


def test_a_witness_that_ended_is_an_error_not_silence(tmp_path: Path) -> None:
    nobody_there = witness("benchmarks.pop_peers", ["raw", "1", "user", "secret"], tmp_path / "raw.txt")
    with pytest.raises(RuntimeError, match="did not start"), nobody_there:
        pass


def test_what_a_witness_has_told_is_taken_once(tmp_path: Path) -> None:
    output = tmp_path / "seen.txt"
    output.write_text("ready\n+380670000001 1001 1.5\n+380670000002 10", "utf-8")
    running = Witness(_Running(), output)  # type: ignore[arg-type]
    running.wait_ready()
    assert running.take() == {("+380670000001", "1001"): 1.5}
    with output.open("a", encoding="utf-8") as file:
        file.write("02 2.5\n")
    assert running.take() == {("+380670000002", "1002"): 2.5}
    assert running.take() == {}


class _Running:
    """A program that has not ended."""

    args = ("program",)
    pid = 1

    def poll(self) -> None:
        return None


def test_figures_are_json() -> None:
    assert json.loads(json.dumps(as_json(result())))["unit"] == "ms"


def test_one_caller_of_twenty_has_a_slow_lookup_and_is_looked_at_apart() -> None:
    callers = [Dataset("", 1000, 10_000).phone(n) for n in range(1000)]
    assert sum(map(is_sick, callers)) == 50
    sessions = [Session(float(n), b"") for n in range(1000)]
    healthy, sick = apart(callers, sessions)
    assert [session.seconds for session in sick[:3]] == [0.0, 20.0, 40.0]
    assert len(healthy) == 950
    assert waited([Session(0.002, b"")] * 200) == pytest.approx(2.0)


def test_three_requests_of_ten_are_repetitions_and_all_are_signed() -> None:
    requests = shuffled("a", 100)
    assert (len(requests), len(set(requests))) == (100, 70)
    assert requests != shuffled("b", 100)
    for request in requests:
        head, _, body = request.partition(b"\r\n\r\n")
        assert len(body) == BODY_BYTES
        assert signed(body).encode() in head


def test_the_webhooks_of_the_soak_are_what_their_channels_take_and_read() -> None:
    webhooks = shuffled_webhooks(Dataset("", 1000, 10_000), 100)
    assert (len(webhooks), len({webhook.body for webhook in webhooks})) == (100, 70)
    channels, said = make_channels(Settings()), set()
    for webhook in webhooks:
        channel = channels[webhook.channel]
        channel.admit(Hook(webhook.headers("secret"), webhook.body), "secret")
        (told,) = channel.read(webhook.body, INBOXES[webhook.channel], utc_now())
        assert isinstance(told, InboundMessage | OrderUpdate)
        said.add(told.text if isinstance(told, InboundMessage) else told.status.number)
    assert said == {webhook.says for webhook in webhooks}


def test_the_mails_of_the_flood_are_read_each_as_another() -> None:
    address = "support@sample.example"
    channel = make_channels(Settings(mailboxes=(Mailbox(address=address),)))["email"]
    mails = list(letters(Dataset("", 1000, 10_000), "a", 20, address))
    told = [channel.read(mail, address, utc_now())[0] for mail in mails]
    messages = [each for each in told if isinstance(each, InboundMessage)]
    assert len({message.key for message in messages}) == 20
    assert sum(message.html is not None for message in messages) == 10
    assert sum(bool(message.attachments) for message in messages) == 1


def test_a_mails_cost_is_what_a_flooded_round_has_beyond_a_quiet_one() -> None:
    def made(took: float, slow: float, cpu: float) -> Round:
        return Round(100, 0, 0, [slow] * 100, took, 0.5, {"server": cpu})

    given = [made(0.0, 10.0, 1.0)] * 3, [made(5.0, 12.0, 3.0)] * 3
    quick, slow = Tally(latencies=[[1.2] * 100]), Tally(latencies=[[9.0] * 100])
    result = summarise_flood(quick, *given, mails=1000, notes={})
    assert (result.passed, result.void) == (True, False)
    assert result.notes["ms of CPU a mail"] == "server 2.0"
    assert not summarise_flood(quick, *given, mails=100, notes={}).passed
    assert summarise_flood(slow, *given, mails=1000, notes={}).void


def test_the_delays_that_sipp_traced_are_taken_once(tmp_path: Path) -> None:
    trace = tmp_path / "give-up_1_rtt.csv"
    trace.write_text("Date_ms;response_time_ms;rtd_no\n17.5;4.25;1\n17.6;12.5;1\n")
    assert take_delays(tmp_path) == [4.25, 12.5]
    assert not trace.exists()


def test_the_driver_is_asked_what_the_card_asks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.dataset.CACHE", tmp_path)
    data = build_of(100)
    (_, ones), (_, fives) = single(data), merged(data)
    one, five = record(data.url, [data.phone(ones[0]), data.phone(fives[0])])
    assert one[0][0] == five[0][0]  # the same text finds whose number it is
    assert one[0][1] != five[0][1]
    assert all(text.startswith(("SELECT", "WITH")) for text, _ in one + five)

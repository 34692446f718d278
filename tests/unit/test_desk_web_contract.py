"""The web app's types and words against the domain's: a field or a code that only one side knows is a defect."""

from __future__ import annotations

import enum
import json
import re
from pathlib import Path

import msgspec
import pytest

from bridge.desk import answers, presence
from bridge.desk.routes import ROUTES
from bridge.domain import (
    agent,
    calendar,
    call,
    canned,
    card,
    conversation,
    customer,
    dead_letter,
    delivery,
    duty,
    entry,
    health,
    matter,
    merge,
    order,
    phone,
    queue,
    terms,
    topic,
    work,
)
from pbx.interface import Direction, Outcome, WithdrawReason
from transcripts import interface

SRC = Path(__file__).parents[2] / "bridge/desk/web/src"
TYPES = "".join(path.read_text() for path in sorted((SRC / "api").glob("*.ts")))
WORDS = json.loads((SRC / "catalogues/en.json").read_text())

STRUCTS = [
    agent.Agent,
    answers.AgentLine,
    answers.Filed,
    answers.LoginAnswer,
    answers.Me,
    answers.PhoneLine,
    answers.RungLine,
    answers.SearchHit,
    answers.UnfinishedCall,
    answers.ConversationWindow,
    answers.Upload,
    call.CallDetail,
    call.CallLeg,
    call.CallRecording,
    call.CallSummary,
    call.RecordingTranscript,
    call.Stage,
    card.Card,
    card.LastSpoke,
    card.OpenConversation,
    card.ScreenPop,
    calendar.Calendar,
    calendar.Holiday,
    calendar.Span,
    duty.Duty,
    duty.InboxRule,
    canned.CannedAnswer,
    conversation.ConversationCounts,
    conversation.ConversationDetail,
    conversation.ConversationSummary,
    conversation.ClosedWay,
    conversation.OpenWay,
    conversation.WayToWrite,
    presence.Presence,
    customer.Candidate,
    customer.Customer,
    customer.Identity,
    customer.Clue,
    delivery.Delivery,
    dead_letter.DeadLetter,
    entry.Entry,
    work.WorkChange,
    work.WorkItem,
    merge.FieldConflict,
    merge.Leaf,
    merge.Merge,
    merge.MergePreview,
    merge.MergeSide,
    merge.Suggestion,
    matter.Matter,
    matter.MatterLink,
    terms.Piece,
    health.Health,
    health.Part,
    health.PhoneState,
    health.Versions,
    health.WatchedGap,
    order.Order,
    order.OrderItem,
    order.OrderPlace,
    queue.MemberLine,
    queue.QueueLine,
    queue.WaitingCall,
    interface.Utterance,
    interface.Word,
]


def interface_of(name: str) -> set[str]:
    """The fields of a TypeScript interface with those that it extends."""
    found = re.search(
        rf"export interface {name}(?: extends (\w+))? \{{(.*?)^\}}", TYPES, re.DOTALL | re.MULTILINE
    )
    assert found, f"src/api has no interface {name}"
    own = set(re.findall(r"^  (\w+)\??:", found[2], re.MULTILINE))
    return own | (interface_of(found[1]) if found[1] else set())


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_interface_has_the_fields_of_its_struct(struct: type[msgspec.Struct]) -> None:
    sent = {field.encode_name for field in msgspec.structs.fields(struct)}
    assert interface_of(struct.__name__) == sent


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Role", list(agent.Role)),
        ("AgentStateName", list(agent.AgentState)),
        ("CustomerKind", list(customer.CustomerKind)),
        ("OrderStatus", list(order.OrderStatus)),
        ("SuggestionReason", list(merge.SuggestionReason)),
        ("EntryKind", list(entry.EntryKind)),
        ("Direction", list(Direction)),
        ("DISPOSITIONS", agent.DISPOSITIONS),
        ("MATTER_STATES", list(matter.MatterState)),
        ("Thing", list(matter.Thing)),
        ("DeliveryState", list(delivery.DeliveryState)),
        ("CONVERSATION_STATES", list(conversation.ConversationState)),
    ],
)
def test_union_has_the_values_of_its_enum(name: str, values: list[str]) -> None:
    found = re.search(rf"export (?:type|const) {name} =(.*?);", TYPES, re.DOTALL)
    assert found
    assert set(re.findall(r'"(\w+)"', found[1])) == set(values)


@pytest.mark.parametrize(
    ("group", "codes"),
    [
        ("role", list(agent.Role)),
        ("evidence", list(merge.SuggestionReason)),
        ("state", list(agent.AgentState)),
        ("kind", set(customer.CustomerKind) - {customer.CustomerKind.PERSON}),
        ("order_status", list(order.OrderStatus)),
        ("entry_kind", list(entry.EntryKind)),
        ("disposition", agent.DISPOSITIONS),
        ("outcome", list(Outcome)),
        ("call_direction", list(Direction)),
        ("withdrawn", list(WithdrawReason)),
        ("withdrawn_short", list(WithdrawReason)),
        (
            "stage",
            [
                "invite",
                "identified",
                "ringing",
                "pop_sent",
                "pop_shown",
                "withdrawn",
                "answered",
                "ended",
                "voicemail",
                "transcript",
            ],
        ),
        ("identified", ["known", "unknown"]),
        ("recording_state", ["recording", "missing"]),
        ("transcript_failure", list(call.WhyWordless)),
        ("delivery_state", list(delivery.DeliveryState)),
        ("work", list(topic.Topic)),
        ("health_part", health.PARTS),
        ("speaker", list(interface.Speaker)),
        ("rung", list(phone.ALL_RUNGS)),
        ("phone_profile", list(phone.PROFILES)),
        ("recording_kind", ["call", "voicemail"]),
        ("conversation_state", list(conversation.ConversationState)),
        ("matter_state", list(matter.MatterState)),
        ("promise_state", list(matter.PromiseState)),
        ("thing", list(matter.Thing)),
    ],
)
def test_every_code_has_a_word(group: str, codes: list[str | enum.StrEnum]) -> None:
    assert {f"{group}.{code}" for code in codes} <= set(WORDS)


def test_every_page_is_served_when_it_is_opened_by_its_address() -> None:
    """An address that only the web app knows works until somebody reloads it."""
    pages = re.findall(r'first === "(\w+)"', (SRC / "state/router.ts").read_text())
    served = {route.plain_path.split("/")[1] for route in ROUTES if route.media == "text/html"}
    assert set(pages) <= served

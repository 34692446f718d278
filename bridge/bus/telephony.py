"""What is said on the bus between the processes with desks and those who watch the calls, one for each Asterisk.

Either side says each second that it lives, and is forgotten when it has said nothing for some seconds: so a desk waits
for no answer of the dead, and nobody is kept out of the queues for the desk of a process that was killed. A desk that is
known to a watcher is *counted*; where the counts differ, the process is asked to tell of all its desks again.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from bridge.bus.seen_states import States
from bridge.domain.agent import Agent
from bridge.domain.card import ScreenPop
from bridge.domain.live import LiveMessage
from bridge.flows.pop_tokens import PopTicket
from bridge.flows.telephony import AgentLook, WatchVitals
from pbx.interface import QueueLook

ALIVE_SECONDS: Final = 1.0
FORGOTTEN_SECONDS: Final = 3.5
ANSWER_SECONDS: Final = 1.0


class Settle(msgspec.Struct, frozen=True, tag=True):
    call_id: str


class RingForTest(msgspec.Struct, frozen=True, tag=True):
    agent: Agent


class ListRinging(msgspec.Struct, frozen=True, tag=True):
    extension: str


class FindTicket(msgspec.Struct, frozen=True, tag=True):
    token: str


class LookAt(msgspec.Struct, frozen=True, tag=True):
    agents: list[Agent]


class ListQueues(msgspec.Struct, frozen=True, tag=True):
    pass


class ReadVitals(msgspec.Struct, frozen=True, tag=True):
    pass


Question = Settle | RingForTest | ListRinging | FindTicket | LookAt | ListQueues | ReadVitals
ANSWERS: Final[dict[type[Question], Any]] = {
    Settle: None,
    RingForTest: None,
    ListRinging: list[ScreenPop],
    FindTicket: PopTicket | None,
    LookAt: dict[str, AgentLook],
    ListQueues: list[QueueLook],
    ReadVitals: WatchVitals,
}
"""What each is answered with."""


class Ask(msgspec.Struct, frozen=True, tag=True):
    """`to` is the Asterisk that is asked, None for all."""

    id: str
    question: Question
    to: str | None = None


class DeskOpened(msgspec.Struct, frozen=True, tag=True):
    process: str
    desk: str
    agent: Agent


class DeskClosed(msgspec.Struct, frozen=True, tag=True):
    process: str
    desk: str


class DesksAlive(msgspec.Struct, frozen=True, tag=True):
    process: str
    count: int


class Shown(msgspec.Struct, frozen=True, tag=True):
    pop_id: str
    agent_id: str


class WrapUpEnded(msgspec.Struct, frozen=True, tag=True):
    agent: Agent
    call_id: str


FromDesks = Ask | DeskOpened | DeskClosed | DesksAlive | Shown | WrapUpEnded


class Answer(msgspec.Struct, frozen=True, tag=True):
    """`refused`: Conflict; `failed`: Transient."""

    id: str
    pbx: str
    result: msgspec.Raw = msgspec.Raw(b"null")
    refused: str = ""
    failed: str = ""


class Greeting(msgspec.Struct, frozen=True, tag=True):
    """What a desk that opened should know of one Asterisk."""

    pbx: str
    process: str
    desk: str
    messages: list[LiveMessage]


class WatcherAlive(msgspec.Struct, frozen=True, tag=True):
    """`run` is new when another one has taken over. `states` is for a process that has begun since they were told."""

    pbx: str
    run: str
    states: States


class Recount(msgspec.Struct, frozen=True, tag=True):
    """Tell of all your desks again."""

    process: str


FromWatchers = Answer | Greeting | WatcherAlive | Recount


class Shout(msgspec.Struct, frozen=True):
    """Of the subject LIVE: to every open desk that may see one of the topics."""

    pbx: str
    topics: tuple[str, ...]
    message: LiveMessage


encode = msgspec.json.Encoder().encode
decode_from_desks = msgspec.json.Decoder(FromDesks).decode
decode_from_watchers = msgspec.json.Decoder(FromWatchers).decode
decode_shout = msgspec.json.Decoder(Shout).decode

"""graph/HCLG.fst: any word after any other, silence between them or not, as one OpenFst file.

Built by hand, already composed: each pronunciation is a chain of states from the hub and back to it. Kaldi's
"reordered" form (which word alignment needs): the arc into a phone carries its transition id and leads to the state
with its self-loop; what leaves that state carries the cost of leaving. No two transition ids lead into one state.
Sizes are those of OpenFst's vector-fst.h, version 2, arc type standard.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from transcripts.training.acoustic_file import GARBAGE, SILENCE, STAY, Phones

UNKNOWN = "[unk]"
EPSILON = 0
PAUSE = 0.5
"""The probability of silence between two words."""
GARBAGE_BONUS = 0.2
"""Taken off the cost of each frame of garbage, so that unknown words go there and not into a word."""

_STAY_COST, _LEAVE_COST = -math.log(STAY), -math.log(1 - STAY)
_MAGIC, _VERSION, _EXPANDED_AND_MUTABLE = 2125659606, 2, 3

Lexicon = Mapping[str, Mapping[tuple[str, ...], float]]
"""Word -> pronunciation -> its probability relative to the commonest."""


@dataclass(frozen=True, slots=True)
class Arc:
    transition: int
    word: int
    cost: float
    target: int


@dataclass(slots=True)
class Graph:
    """States by number; the first is the start. `final`: state -> cost."""

    states: list[list[Arc]] = field(default_factory=list)
    final: dict[int, float] = field(default_factory=dict)

    def add_state(self) -> int:
        self.states.append([])
        return len(self.states) - 1

    def add_arc(self, source: int, arc: Arc) -> None:
        self.states[source].append(arc)


def number_words(lexicon: Lexicon) -> list[str]:
    """Words by id, as graph/words.txt has them."""
    return ["<eps>", UNKNOWN, *sorted(lexicon), "#0"]


def words_file(lexicon: Lexicon) -> str:
    return "".join(f"{word} {number}\n" for number, word in enumerate(number_words(lexicon)))


def build_graph(lexicon: Lexicon, phones: Phones) -> Graph:
    """All words are equally likely."""
    graph = Graph()
    start, hub = graph.add_state(), graph.add_state()
    silence = graph.add_state()
    enter_silence = phones.enter(SILENCE, "nonword")
    graph.final[hub] = 0.0
    graph.add_arc(start, Arc(EPSILON, 0, -math.log(1 - PAUSE), hub))
    graph.add_arc(start, Arc(enter_silence, 0, -math.log(PAUSE), silence))
    graph.add_arc(silence, Arc(phones.stay(SILENCE, "nonword"), 0, _STAY_COST, silence))
    graph.add_arc(silence, Arc(EPSILON, 0, _LEAVE_COST, hub))
    ids = {word: number for number, word in enumerate(number_words(lexicon))}
    word_cost = math.log(len(lexicon) + 1)
    _add_unknown(graph, hub, silence, enter_silence, phones, word_cost)
    for word, pronunciations in sorted(lexicon.items()):
        for said, share in pronunciations.items():
            state, cost, label = hub, word_cost - math.log(share), ids[word]
            for name, place in _placed(said):
                target = graph.add_state()
                graph.add_arc(state, Arc(phones.enter(name, place), label, cost, target))
                graph.add_arc(target, Arc(phones.stay(name, place), 0, _STAY_COST, target))
                state, cost, label = target, _LEAVE_COST, 0
            _leave(graph, state, hub, silence, enter_silence)
    return graph


def _add_unknown(
    graph: Graph, hub: int, silence: int, enter_silence: int, phones: Phones, cost: float
) -> None:
    state = graph.add_state()
    graph.add_arc(hub, Arc(phones.enter(GARBAGE, "singleton"), 1, cost, state))
    graph.add_arc(state, Arc(phones.stay(GARBAGE, "singleton"), 0, _STAY_COST - GARBAGE_BONUS, state))
    _leave(graph, state, hub, silence, enter_silence)


def _leave(graph: Graph, state: int, hub: int, silence: int, enter_silence: int) -> None:
    graph.add_arc(state, Arc(EPSILON, 0, _LEAVE_COST - math.log(1 - PAUSE), hub))
    graph.add_arc(state, Arc(enter_silence, 0, _LEAVE_COST - math.log(PAUSE), silence))


def _placed(said: tuple[str, ...]) -> list[tuple[str, str]]:
    if len(said) == 1:
        return [(said[0], "singleton")]
    inside = [(name, "internal") for name in said[1:-1]]
    return [(said[0], "begin"), *inside, (said[-1], "end")]


def write_graph(graph: Graph) -> bytes:
    """OpenFst's file of a mutable transducer; its reader wants arcs and states in their order."""
    arcs = sum(len(state) for state in graph.states)
    header = (
        struct.pack("<i", _MAGIC) + _string("vector") + _string("standard")
        + struct.pack("<iiQqqq", _VERSION, 0, _EXPANDED_AND_MUTABLE, 0, len(graph.states), arcs)
    )  # fmt: skip
    return header + b"".join(
        struct.pack("<fq", graph.final.get(number, math.inf), len(state))
        + b"".join(struct.pack("<iifi", arc.transition, arc.word, arc.cost, arc.target) for arc in state)
        for number, state in enumerate(graph.states)
    )


def _string(text: str) -> bytes:
    return struct.pack("<i", len(text)) + text.encode()

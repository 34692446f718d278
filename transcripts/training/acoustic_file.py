"""am/final.mdl in Kaldi's binary form: the transition model, the network, the priors.

Every phone has one emitting state with a self-loop, and one density whatever its place in the word. Kaldi needs the
place (`_B` begin, `_E` end, `_I` inside, `_S` alone) to know where words begin and end, so each phone has four ids.
Formats: Kaldi's io-funcs-inl.h, hmm-topology.cc, transition-model.cc, nnet-nnet.cc, nnet-simple-component.cc.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from transcripts.training.features import BANDS
from transcripts.training.network import LEFT, OFFSETS, RIGHT, WIDTH, Affine

SILENCE, GARBAGE = "SIL", "SPN"
PLACES = ("begin", "end", "internal", "singleton")
STAY = 0.5
"""The probability of a state's self-loop."""


@dataclass(frozen=True, slots=True)
class PhoneId:
    """One line of word_boundary.int: ids count from 1. `density` is the network's output."""

    name: str
    place: str
    density: int


@dataclass(frozen=True, slots=True)
class Phones:
    """`names`: silence, the phones, garbage; the index is the density. `ids`: position is the id less 1."""

    names: tuple[str, ...]
    ids: tuple[PhoneId, ...]

    def enter(self, name: str, place: str) -> int:
        """The transition id of the arc into the phone (and out of it, in Kaldi's reordered graphs)."""
        return 2 * self._position(name, place) + 2

    def stay(self, name: str, place: str) -> int:
        """The transition id of its self-loop."""
        return 2 * self._position(name, place) + 1

    def _position(self, name: str, place: str) -> int:
        density = self.names.index(name)
        if place == "nonword":
            return 0
        if name == GARBAGE:
            return len(self.ids) - 1
        return 1 + 4 * (density - 1) + PLACES.index(place)

    def word_boundary(self) -> str:
        """graph/phones/word_boundary.int."""
        return "".join(f"{number} {phone.place}\n" for number, phone in enumerate(self.ids, 1))


def number_phones(heard: set[str]) -> Phones:
    """`heard`: the phones of the corpus."""
    phones = sorted(heard - {SILENCE})
    names = (SILENCE, *phones, GARBAGE)
    ids = [PhoneId(SILENCE, "nonword", 0)]
    ids += [PhoneId(name, place, density) for density, name in enumerate(phones, 1) for place in PLACES]
    ids.append(PhoneId(GARBAGE, "singleton", len(names) - 1))
    return Phones(names, tuple(ids))


def write_model(phones: Phones, affines: list[Affine], priors: npt.NDArray[np.float64]) -> bytes:
    """`priors`: of the densities, as they are to be divided by."""
    return b"\0B" + _transition_model(phones) + _network(affines, priors)


def _transition_model(phones: Phones) -> bytes:
    count = len(phones.ids)
    topology = (
        _integers(list(range(1, count + 1)))
        + _integers([-1] + [0] * count)
        + _integer(1) + _integer(2)
        + _integer(0) + _integer(2) + _integer(0) + _float(STAY) + _integer(1) + _float(1 - STAY)
        + _integer(-1) + _integer(0)
    )  # fmt: skip
    triples = b"".join(
        _integer(number) + _integer(0) + _integer(phone.density) for number, phone in enumerate(phones.ids, 1)
    )
    logs = np.array([0.0] + [np.log(STAY), np.log(1 - STAY)] * count)
    return (
        _token("<TransitionModel>")
        + _token("<Topology>") + topology + _token("</Topology>")
        + _token("<Triples>") + _integer(count) + triples + _token("</Triples>")
        + _token("<LogProbs>") + _vector(logs) + _token("</LogProbs>")
        + _token("</TransitionModel>")
    )  # fmt: skip


def _network(affines: list[Affine], priors: npt.NDArray[np.float64]) -> bytes:
    lines = [f"input-node name=input dim={BANDS}"]
    components: list[tuple[str, bytes]] = []
    below = "input"
    for number, affine in enumerate(affines, 1):
        offsets = OFFSETS[number - 1] if number <= len(OFFSETS) else (0,)
        lines.append(_node(f"affine{number}", _append(below, offsets)))
        components.append((f"affine{number}", _affine(affine)))
        if number < len(affines):
            lines.append(_node(f"relu{number}", f"affine{number}"))
            components.append((f"relu{number}", _pointwise("RectifiedLinearComponent", WIDTH)))
            below = f"relu{number}"
    lines.append(_node("log-softmax", f"affine{len(affines)}"))
    components.append(("log-softmax", _pointwise("LogSoftmaxComponent", len(priors))))
    lines.append("output-node name=output input=log-softmax objective=linear")
    written = b"".join(_token("<ComponentName>") + _token(name) + body for name, body in components)
    return (
        _token("<Nnet3>") + b"\n" + "\n".join(lines).encode() + b"\n\n"
        + _token("<NumComponents>") + _integer(len(components)) + written + _token("</Nnet3>")
        + _token("<LeftContext>") + _integer(LEFT) + _token("<RightContext>") + _integer(RIGHT)
        + _token("<Priors>") + _vector(priors)
    )  # fmt: skip


def _node(name: str, source: str) -> str:
    return f"component-node name={name} component={name} input={source}"


def _append(below: str, offsets: tuple[int, ...]) -> str:
    if offsets == (0,):
        return below
    parts = [below if offset == 0 else f"Offset({below}, {offset})" for offset in offsets]
    return f"Append({', '.join(parts)})"


def _affine(affine: Affine) -> bytes:
    return (
        _token("<FixedAffineComponent>")
        + _token("<LinearParams>") + _matrix(affine.weights.T)
        + _token("<BiasParams>") + _vector(affine.bias)
        + _token("</FixedAffineComponent>")
    )  # fmt: skip


def _pointwise(kind: str, width: int) -> bytes:
    """A component that has no parameters but, in this format, statistics of training: empty."""
    return (
        _token(f"<{kind}>") + _token("<Dim>") + _integer(width)
        + _token("<ValueAvg>") + _vector(np.zeros(0)) + _token("<DerivAvg>") + _vector(np.zeros(0))
        + _token("<Count>") + b"\x08" + struct.pack("<d", 0.0)
        + _token(f"</{kind}>")
    )  # fmt: skip


def _token(text: str) -> bytes:
    return text.encode() + b" "


def _integer(value: int) -> bytes:
    return b"\x04" + struct.pack("<i", value)


def _float(value: float) -> bytes:
    return b"\x04" + struct.pack("<f", value)


def _integers(values: list[int]) -> bytes:
    """The size byte is that of one element; the count stands without one."""
    return b"\x04" + struct.pack(f"<i{len(values)}i", len(values), *values)


def _vector(values: npt.NDArray[np.floating]) -> bytes:
    return _token("FV") + _integer(len(values)) + values.astype("<f4").tobytes()


def _matrix(values: npt.NDArray[np.floating]) -> bytes:
    rows, columns = values.shape
    return _token("FM") + _integer(rows) + _integer(columns) + np.ascontiguousarray(values, "<f4").tobytes()

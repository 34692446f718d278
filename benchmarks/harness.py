"""Interleaved rounds, medians, ratios, a table and JSON.

Contestants take turns (a round runs each once), so that a noisy neighbour meets all of them; a median over the
rounds forgets the odd one. A goal is a ratio of two contestants' medians or, where a person waits, a bound on one. A
run in which an unmodified peer stands to the limit as it never did elsewhere says more about the machine than about
us: it is void.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

ROUNDS = 5


class Size(enum.StrEnum):
    """How much data: `small` for every commit, `full` for the figures that are published."""

    SMALL = "small"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Ratio:
    """`numerator` is to cost at most `limit` times `denominator`; both name contestants."""

    numerator: str
    denominator: str
    limit: float

    def __str__(self) -> str:
        return f"{self.numerator} / {self.denominator}"


@dataclass(frozen=True, slots=True)
class Bound:
    """`contestant` is to stay within `limit`, in the result's unit."""

    contestant: str
    limit: float

    def __str__(self) -> str:
        return self.contestant


@dataclass(frozen=True, slots=True)
class Expectation:
    """A ratio of two contestants that are not ours, known from elsewhere; 40 % off makes the run void."""

    numerator: str
    denominator: str
    known: float


@dataclass(slots=True)
class Result:
    """`samples` are per contestant, one a round, in `unit`; less is better."""

    name: str
    unit: str
    samples: dict[str, list[float]]
    goals: Sequence[Ratio | Bound]
    expectations: Sequence[Expectation] = ()
    notes: Mapping[str, int | float | str] = field(default_factory=dict)
    quiet: Sequence[Bound] = ()
    """Where contestants that are not ours stay on a machine that has nothing else to do; elsewhere the run is void."""

    def middle(self, contestant: str) -> float:
        return median(self.samples[contestant])

    def ratio(self, of: Ratio | Expectation) -> float:
        return self.middle(of.numerator) / self.middle(of.denominator)

    def reached(self, goal: Ratio | Bound) -> float:
        """What is to be at most the goal's limit."""
        return self.middle(goal.contestant) if isinstance(goal, Bound) else self.ratio(goal)

    @property
    def void(self) -> bool:
        odd = any(not 0.6 <= self.ratio(e) / e.known <= 1.4 for e in self.expectations)
        return odd or any(self.reached(bound) > bound.limit for bound in self.quiet)

    @property
    def passed(self) -> bool:
        return all(self.reached(goal) <= goal.limit for goal in self.goals)


def measure(contestants: Mapping[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Each contestant's samples; the first round warms caches and is not counted."""
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            sample = run()
            if turn:
                samples[name].append(sample)
    return samples


def render(result: Result) -> str:
    """The result as a table for a terminal."""
    lines = [f"{result.name}  ({result.unit}, median of {len(next(iter(result.samples.values())))} rounds)"]
    for name, samples in result.samples.items():
        lines.append(f"  {name:<28} {median(samples):10.1f}   {min(samples):.1f} - {max(samples):.1f}")
    for goal in result.goals:
        reached = result.reached(goal)
        verdict = "ok" if reached <= goal.limit else "MISSED"
        lines.append(f"  {goal} = {reached:.2f}  goal <= {goal.limit}  {verdict}")
    lines.extend(
        f"  {known.numerator} / {known.denominator} = {result.ratio(known):.2f}  known as {known.known}"
        for known in result.expectations
    )
    lines.extend(
        f"  {bound} = {result.reached(bound):.2f}  on a quiet machine <= {bound.limit}"
        for bound in result.quiet
    )
    if result.void:
        lines.append("  VOID: the peers do not stand where they are known to; repeat on a quiet machine")
    lines.extend(f"  {key}: {value}" for key, value in result.notes.items())
    return "\n".join(lines)


def as_json(result: Result) -> dict[str, object]:
    """The result with its medians and ratios, for the file."""
    return {
        "name": result.name,
        "unit": result.unit,
        "samples": result.samples,
        "medians": {name: result.middle(name) for name in result.samples},
        "goals": [
            {"of": str(goal), "limit": goal.limit, "reached": result.reached(goal)} for goal in result.goals
        ],
        "passed": result.passed,
        "void": result.void,
        "notes": result.notes,
    }

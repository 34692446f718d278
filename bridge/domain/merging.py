"""Who is read as whom (invariant 4): a merge is an undirected edge between two leaves, and everything follows from the
edges that are not undone. So any of them can be taken back, in any order."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edge:
    """An active merge. `survivor` is any leaf that was joined when it was made, not always one of the two ends."""

    id: str
    leaf_a: str
    leaf_b: str
    survivor: str


def canonical_ids(leaves: Collection[str], edges: Iterable[Edge]) -> dict[str, str]:
    """The canonical customer of each leaf: the survivor of the newest edge (by id) whose survivor is still joined to
    it, else the oldest leaf (by id) of those that are joined.

    `leaves` holds the ends of all `edges`.
    """
    together: dict[str, frozenset[str]] = {leaf: frozenset((leaf,)) for leaf in leaves}
    newest_first = sorted(edges, key=lambda edge: edge.id, reverse=True)
    for edge in newest_first:
        joined = together[edge.leaf_a] | together[edge.leaf_b]
        together.update(dict.fromkeys(joined, joined))
    canonical: dict[str, str] = {}
    for edge in newest_first:
        joined = together[edge.leaf_a]
        if edge.survivor in joined:
            canonical = dict.fromkeys(joined, edge.survivor) | canonical
    return {leaf: canonical.get(leaf) or min(together[leaf]) for leaf in leaves}


def edges_between(edges: Iterable[Edge], leaf_a: str, leaf_b: str) -> list[Edge]:
    """What still joins two leaves, oldest first; nothing where they are apart. Dead ends are left out."""
    found = sorted(edges, key=lambda edge: edge.id)
    while True:
        neighbours: dict[str, set[str]] = {}
        for edge in found:
            neighbours.setdefault(edge.leaf_a, set()).add(edge.leaf_b)
            neighbours.setdefault(edge.leaf_b, set()).add(edge.leaf_a)
        ends = {leaf for leaf, others in neighbours.items() if len(others) < 2} - {leaf_a, leaf_b}
        if not ends:
            break
        found = [edge for edge in found if not ends & {edge.leaf_a, edge.leaf_b}]
    canonical = canonical_ids(neighbours.keys() | {leaf_a, leaf_b}, found)
    if canonical[leaf_a] != canonical[leaf_b]:
        return []
    return [edge for edge in found if canonical[edge.leaf_a] == canonical[leaf_a]]

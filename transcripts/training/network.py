"""The acoustic model: a time-delay network of a quarter of a million parameters, in plain numpy, gradients written out.

Five layers of affine, ReLU and batch normalisation (without a scale and shift of its own: the next affine has them),
then an affine to the phones. A layer sees the frames at OFFSETS of the one below. Only every third frame is put out,
so from the second layer on only every third is computed, and what a layer sees lies side by side.

Utterances lie one behind the other in one array, each with copies of its first and last frame around it (as libvosk
pads); where two of them mix, nothing is learned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from transcripts.training.features import BANDS, Matrix

Labels = npt.NDArray[np.int64]
WIDTH = 128
STEP = 3
OFFSETS = ((-2, -1, 0, 1, 2), (-1, 0, 1), (-3, 0, 3), (-3, 0, 3), (-6, -3, 0, 3))
LEFT, RIGHT = 15, 12
MIXED = (LEFT + RIGHT) // STEP
"""Outputs between two utterances that see both."""
VARIANCE_FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Affine:
    """`weights` (in, out), `bias` (out,)."""

    weights: Matrix
    bias: Matrix


@dataclass(frozen=True, slots=True)
class Normalisation:
    """(x - mean) * scale for each of the columns."""

    mean: Matrix
    scale: Matrix


def new_affines(phones: int, rng: np.random.Generator) -> list[Affine]:
    sizes = [BANDS * len(OFFSETS[0]), *(WIDTH * len(offsets) for offsets in OFFSETS[1:]), WIDTH]
    outputs = [WIDTH] * len(OFFSETS) + [phones]
    return [
        Affine(
            (rng.standard_normal((size, output)) * np.sqrt(2 / size)).astype(np.float32),
            np.zeros(output, np.float32),
        )
        for size, output in zip(sizes, outputs, strict=True)
    ]


def padded(features: Matrix, shift: int) -> Matrix:
    """One utterance from frame `shift` on, with its context: 3 outputs + 27 rows."""
    outputs = count_outputs(len(features), shift)
    right = STEP * outputs + RIGHT - (len(features) - shift)
    return np.pad(features, ((LEFT, right), (0, 0)), mode="edge")[shift:]


def count_outputs(frames: int, shift: int) -> int:
    return -(-(frames - shift) // STEP)


def seen(rows: Matrix, layer: int) -> Matrix:
    """What layer `layer` sees, side by side: (frames, in). Above the second, a row is three frames apart."""
    if layer == 1:
        count = len(rows) // STEP
        return rows[: STEP * count].reshape(count, -1)
    width = len(OFFSETS[layer])
    count = len(rows) - width + 1
    return np.concatenate([rows[first : first + count] for first in range(width)], axis=1)


def unseen(gradient: Matrix, layer: int, rows: int) -> Matrix:
    """The gradient of `seen`: of (frames, in) back to (rows, width)."""
    result = np.zeros((rows, WIDTH), np.float32)
    if layer == 1:
        flat = gradient.reshape(-1, WIDTH)
        result[: len(flat)] = flat
        return result
    for first in range(len(OFFSETS[layer])):
        result[first : first + len(gradient)] += gradient[:, first * WIDTH : (first + 1) * WIDTH]
    return result


@dataclass(frozen=True, slots=True)
class Trace:
    """What the way back needs of one layer: its input, its normalised output, the scale of that."""

    seen: Matrix
    normal: Matrix
    scale: Matrix
    mean: Matrix


def forward(affines: list[Affine], rows: Matrix) -> tuple[Matrix, list[Trace]]:
    """Scores (outputs, phones) of normalised, padded `rows`, normalising by this batch's own mean and variance."""
    traces = []
    for layer, affine in enumerate(affines[:-1]):
        below = seen(rows, layer)
        active = np.maximum(below @ affine.weights + affine.bias, 0)
        mean = active.mean(axis=0)
        scale = 1 / np.sqrt(active.var(axis=0) + VARIANCE_FLOOR)
        rows = (active - mean) * scale
        traces.append(Trace(below, rows, scale, mean))
    return rows @ affines[-1].weights + affines[-1].bias, traces


def backward(affines: list[Affine], traces: list[Trace], gradient: Matrix) -> list[Affine]:
    """The gradient of every affine, from that of the scores."""
    gradients = [Affine(traces[-1].normal.T @ gradient, gradient.sum(axis=0))]
    gradient = gradient @ affines[-1].weights.T
    for layer in reversed(range(len(traces))):
        trace = traces[layer]
        along = (gradient * trace.normal).mean(axis=0)
        gradient = (gradient - gradient.mean(axis=0) - trace.normal * along) * trace.scale
        gradient[trace.normal <= -trace.mean * trace.scale] = 0  # where ReLU was at 0
        gradients.append(Affine(trace.seen.T @ gradient, gradient.sum(axis=0)))
        if layer:
            below = gradient @ affines[layer].weights.T
            gradient = unseen(below, layer, len(traces[layer - 1].normal))
    return gradients[::-1]


def folded(affines: list[Affine], normalisations: list[Normalisation]) -> list[Affine]:
    """The same network with each normalisation in the affine above it: exact, because nothing is padded by zeros.

    `normalisations`: of the features, then of each layer's output.
    """
    result = []
    for affine, normalisation in zip(affines, normalisations, strict=True):
        times = len(affine.weights) // len(normalisation.mean)
        scale, mean = np.tile(normalisation.scale, times), np.tile(normalisation.mean, times)
        weights = affine.weights * scale[:, None]
        result.append(Affine(weights, affine.bias - mean @ weights))
    return result


def log_softmax(scores: Matrix) -> Matrix:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def log_posteriors(affines: list[Affine], features: Matrix) -> Matrix:
    """(outputs, phones) of one utterance by folded affines, as libvosk computes them."""
    rows = padded(features, 0)
    for layer, affine in enumerate(affines[:-1]):
        rows = np.maximum(seen(rows, layer) @ affine.weights + affine.bias, 0)
    return log_softmax(rows @ affines[-1].weights + affines[-1].bias)

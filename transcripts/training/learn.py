"""Trains the network: cross-entropy on the phone of every third frame, AdamW, cosine learning rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from transcripts.training.features import BANDS, Matrix
from transcripts.training.network import (
    MIXED,
    OFFSETS,
    STEP,
    WIDTH,
    Affine,
    Labels,
    Normalisation,
    backward,
    count_outputs,
    folded,
    forward,
    log_softmax,
    new_affines,
    padded,
)

EPOCHS = 10
BATCH = 32
PEAK_RATE, WARM_UP = 2e-3, 0.1
WEIGHT_DECAY = 0.01
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
SMOOTHING = 0.02
GARBAGE_SHARE = 0.04
"""So many frames of speech are called garbage, at random: its probability is then much the same whatever is said,
and a word that the model does not know is cheaper there than in a wrong word."""
IGNORED = -1


@dataclass(frozen=True, slots=True)
class Example:
    """`features` (frames, 40), `labels` (frames,): index of the phone, 0 is silence."""

    features: Matrix
    labels: Labels


@dataclass(frozen=True, slots=True)
class Learned:
    """The folded affines and the share of frames that each phone has, garbage (the last one) included."""

    affines: list[Affine]
    priors: npt.NDArray[np.float64]


def learn(
    examples: Sequence[Example], phones: int, seed: int, say: Callable[[str], None], epochs: int = EPOCHS
) -> Learned:
    """`phones` counts silence and the garbage phone, which is the last."""
    rng = np.random.default_rng(seed)
    of_features = _normalisation_of(examples)
    affines = new_affines(phones, rng)
    optimiser = _AdamW(affines, epochs * -(-len(examples) // BATCH))
    for epoch in range(epochs):
        losses, right = [], []
        for rows, labels in _batches(examples, of_features, phones - 1, rng):
            scores, traces = forward(affines, rows)
            loss, accuracy, gradient = _cross_entropy(scores, labels)
            affines = optimiser.step(affines, backward(affines, traces, gradient))
            losses.append(loss)
            right.append(accuracy)
        say(
            f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.3f}, {100 * np.mean(right):.1f} % of frames right"
        )
    normalisations = [of_features, *_normalisations_of_layers(affines, examples, of_features, rng)]
    return Learned(folded(affines, normalisations), _priors(examples, phones))


def _batches(
    examples: Sequence[Example], of_features: Normalisation, garbage: int, rng: np.random.Generator
) -> Iterator[tuple[Matrix, Labels]]:
    """Every example once, in random order; every third frame of it, from a random one of the first three."""
    order = rng.permutation(len(examples))
    for first in range(0, len(order), BATCH):
        shift = int(rng.integers(STEP))
        chosen = [examples[number] for number in order[first : first + BATCH]]
        rows = np.concatenate([padded(example.features, shift) for example in chosen])
        labels = np.concatenate([_shifted(example.labels, shift) for example in chosen])[:-MIXED]
        speech = (labels > 0) & (rng.random(len(labels)) < GARBAGE_SHARE)
        labels[speech] = garbage
        yield (rows - of_features.mean) * of_features.scale, labels


def _shifted(labels: Labels, shift: int) -> Labels:
    """Every third label from `shift` on, then IGNORED for the outputs that see the next utterance too."""
    kept = labels[shift::STEP]
    assert len(kept) == count_outputs(len(labels), shift)
    return np.concatenate([kept, np.full(MIXED, IGNORED)])


def _cross_entropy(scores: Matrix, labels: Labels) -> tuple[float, float, Matrix]:
    """Mean loss with smoothed labels, share of frames right, gradient of the scores."""
    known = labels != IGNORED
    count = int(known.sum())
    logs = log_softmax(scores)
    targets = np.full(scores.shape, SMOOTHING / scores.shape[1], np.float32)
    targets[np.arange(len(labels)), np.maximum(labels, 0)] += 1 - SMOOTHING
    targets[~known] = 0
    gradient = np.where(known[:, None], np.exp(logs), 0) - targets
    loss = -float((targets * logs).sum()) / count
    accuracy = float((scores.argmax(axis=1) == labels)[known].mean())
    return loss, accuracy, (gradient / count).astype(np.float32)


class _AdamW:
    """Loshchilov and Hutter, "Decoupled weight decay regularization"; warm-up, then half a cosine down to 0."""

    def __init__(self, affines: list[Affine], steps: int) -> None:
        self._steps, self._step = steps, 0
        self._moments = [
            [(np.zeros_like(part), np.zeros_like(part)) for part in (affine.weights, affine.bias)]
            for affine in affines
        ]

    def step(self, affines: list[Affine], gradients: list[Affine]) -> list[Affine]:
        self._step += 1
        done = self._step / self._steps
        rate = PEAK_RATE * min(done / WARM_UP, 0.5 * (1 + np.cos(np.pi * done)))
        return [
            Affine(
                self._moved(affine.weights, gradient.weights, moments[0], rate, WEIGHT_DECAY),
                self._moved(affine.bias, gradient.bias, moments[1], rate, 0.0),
            )
            for affine, gradient, moments in zip(affines, gradients, self._moments, strict=True)
        ]

    def _moved(
        self, value: Matrix, gradient: Matrix, moments: tuple[Matrix, Matrix], rate: float, decay: float
    ) -> Matrix:
        mean, square = moments
        mean += (1 - BETA1) * (gradient - mean)
        square += (1 - BETA2) * (gradient * gradient - square)
        unbiased = mean / (1 - BETA1**self._step)
        spread = np.sqrt(square / (1 - BETA2**self._step)) + EPSILON
        return np.asarray(value - rate * (unbiased / spread + decay * value), np.float32)


def _normalisation_of(examples: Sequence[Example]) -> Normalisation:
    count = sum(len(example.features) for example in examples)
    mean = sum((e.features.sum(axis=0, dtype=np.float64) for e in examples), np.zeros(BANDS)) / count
    square = sum(((e.features - mean) ** 2).sum(axis=0) for e in examples) / count
    return Normalisation(mean.astype(np.float32), (1 / np.sqrt(square)).astype(np.float32))


def _normalisations_of_layers(
    affines: list[Affine], examples: Sequence[Example], of_features: Normalisation, rng: np.random.Generator
) -> list[Normalisation]:
    """The mean over one pass of what each batch was normalised by: what decoding uses, where there are no batches."""
    means = np.zeros((len(OFFSETS), WIDTH))
    scales = np.zeros((len(OFFSETS), WIDTH))
    batches = 0
    for rows, _ in _batches(examples, of_features, 0, rng):
        _, traces = forward(affines, rows)
        means += [trace.mean for trace in traces]
        scales += [trace.scale for trace in traces]
        batches += 1
    return [
        Normalisation((mean / batches).astype(np.float32), (scale / batches).astype(np.float32))
        for mean, scale in zip(means, scales, strict=True)
    ]


def _priors(examples: Sequence[Example], phones: int) -> npt.NDArray[np.float64]:
    counts = sum((np.bincount(e.labels, minlength=phones) for e in examples), np.zeros(phones))
    garbage = GARBAGE_SHARE * counts[1:].sum()
    counts[1:] *= 1 - GARBAGE_SHARE
    counts[-1] = garbage
    return np.asarray(counts / counts.sum())

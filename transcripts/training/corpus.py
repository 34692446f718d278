"""The training corpus: spoken items with the phone of every frame. The same seed makes the same items, one by one."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from transcripts.training import channel
from transcripts.training.espeak import SILENCE, Espeak, Phone, Spoken, Voice, open_espeaks
from transcripts.training.features import LENGTH, SHIFT, Matrix, mfcc
from transcripts.training.vocabulary import Vocabulary

# fmt: off
TRAINING_VARIANTS = (
    "adam", "Alex", "Alicia", "Andrea", "Andy", "Annie", "Denis", "Diogo", "Gene", "Gene2", "Jacky", "Lee", "Mario",
    "Michael", "Mike", "Nguyen", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb", "david", "ed", "edward",
    "edward2", "f1", "f2", "f4", "f5", "grandma", "grandpa", "gustave", "iven", "iven2", "iven3", "john", "kaukovalta",
    "klatt", "klatt2", "klatt3", "linda", "m1", "m2", "m4", "m5", "m6", "m7", "m8", "marcelo", "max", "michel",
    "miguel", "norbert", "pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby", "steph", "steph3",
    "travis", "victor", "zac",
)
# fmt: on
"""espeak-ng's voice variants that the models hear in training; the plain voice, m3, f3 and some more are held out."""
NON_SPEECH_SHARE = 0.06
OTHER_WORDS_SHARE = 0.25
CRUDE_SHARE = 0.2

Pronunciation = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One utterance: `features` (frames, 40), `labels` (frames,) of phone names by `names`, how each word was said."""

    features: Matrix
    labels: tuple[str, ...]
    said: tuple[tuple[str, Pronunciation], ...]
    seconds: float


def make_items(
    vocabulary: Vocabulary, count: int, seed: int, processes: int, espeak_folder: Path | None = None
) -> Iterator[Item]:
    """`count` items in order, spoken in turn by each espeak-ng of `open_espeaks`.

    The items do not depend on the number of processes.
    """
    tasks = [(vocabulary, seed, number) for number in range(count)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, initializer=_open, initargs=(espeak_folder,)) as pool:
        yield from pool.imap(_make_item, tasks, chunksize=16)


def pronunciations(said: Counter[tuple[str, Pronunciation]], word: str) -> dict[Pronunciation, float]:
    """How `word` was said in connected speech: share relative to the commonest way; below 3 % is left out."""
    counts = {phones: count for (spoken, phones), count in said.items() if spoken == word}
    most = max(counts.values())
    return {phones: count / most for phones, count in sorted(counts.items()) if count >= 0.03 * most}


_espeaks: tuple[Espeak, ...]


def _open(espeak_folder: Path | None) -> None:
    global _espeaks
    _espeaks = open_espeaks(espeak_folder)


def _make_item(task: tuple[Vocabulary, int, int]) -> Item:
    vocabulary, seed, number = task
    rng = np.random.default_rng([seed, number])
    if rng.random() < NON_SPEECH_SHARE:
        samples = channel.non_speech(rng)
        features = mfcc(samples)
        return Item(features, (SILENCE,) * len(features), (), len(samples) / channel.RATE)
    words = _choose_words(vocabulary, rng)
    variant = TRAINING_VARIANTS[rng.integers(len(TRAINING_VARIANTS))]
    voice = Voice(
        f"{vocabulary.voice}+{variant}",
        rate=int(rng.integers(115, 205)),
        pitch=int(rng.integers(30, 70)),
        pitch_range=int(rng.integers(25, 75)),
        word_gap=int(rng.choice([0, 0, 0, 2, 6])),
    )
    espeak = _espeaks[number % len(_espeaks)]
    spoken = espeak.speak(words, voice)
    factor = float(rng.uniform(0.92, 1.09)) if rng.random() < 0.6 else 1.0
    samples, phones = _telephoned(spoken, espeak.rate, factor, rng)
    features = mfcc(samples)
    return Item(features, _labels(phones, len(features)), _said(words, phones), len(samples) / channel.RATE)


def _choose_words(vocabulary: Vocabulary, rng: np.random.Generator) -> tuple[str, ...]:
    if rng.random() < 0.1:
        dialogue = vocabulary.dialogues[rng.integers(len(vocabulary.dialogues))]
        return tuple((dialogue.caller if rng.random() < 0.5 else dialogue.agent).split())
    return tuple(
        str(rng.choice(vocabulary.others if rng.random() < OTHER_WORDS_SHARE else vocabulary.words))
        for _ in range(rng.integers(1, 7))
    )


def _telephoned(
    spoken: Spoken, rate: int, factor: float, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int16], tuple[Phone, ...]]:
    """The speech with silence around it as it comes out of a telephone, and its phones in samples of 8 kHz."""
    if rng.random() < CRUDE_SHARE:
        narrow = channel.resample_crudely(spoken.samples, rate, factor)
    else:
        band = (float(rng.uniform(80, 300)), float(rng.uniform(3300, 3800)))
        narrow = channel.resample(spoken.samples, rate, factor, band)
    lead, tail = int(rng.uniform(0.15, 0.8) * channel.RATE), int(rng.uniform(0.2, 0.9) * channel.RATE)
    scale = len(narrow) / max(len(spoken.samples), 1)
    moved = tuple(
        Phone(p.name, p.word, lead + round(p.start * scale), lead + round(p.end * scale))
        for p in spoken.phones
    )
    return channel.distort(np.pad(narrow, (lead, tail)), rng), moved


def _labels(phones: tuple[Phone, ...], frames: int) -> tuple[str, ...]:
    """The phone in the middle of each frame."""
    labels = [SILENCE] * frames
    for phone in phones:
        first = max(0, -(-(phone.start - LENGTH // 2) // SHIFT))
        after = min(frames, -(-(phone.end - LENGTH // 2) // SHIFT))
        labels[first:after] = [phone.name] * (after - first)
    return tuple(labels)


def _said(words: tuple[str, ...], phones: tuple[Phone, ...]) -> tuple[tuple[str, Pronunciation], ...]:
    by_word: dict[int, list[str]] = {}
    for phone in phones:
        if phone.name != SILENCE and phone.word >= 0:
            by_word.setdefault(phone.word, []).append(phone.name)
    return tuple((words[number], tuple(names)) for number, names in by_word.items())

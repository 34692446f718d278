"""How many words a model gets wrong that are said by voices which it never heard, through three telephone codecs.

The words go the way of every recording: a WAV file, and `transcripts.engine`.
"""

from __future__ import annotations

import itertools
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from transcripts.engine import Engine
from transcripts.interface import Speaker, TranscribeJob
from transcripts.training import channel
from transcripts.training.espeak import Espeak, Voice
from transcripts.training.vocabulary import Vocabulary

Sound = npt.NDArray[np.int16]
SENTENCES = 40
LINE = (80.0, 3700.0)
LEVEL = 0.5
BEFORE_S, AFTER_S = 0.3, 0.5


@dataclass(frozen=True, slots=True)
class TestSet:
    """`variants` of the language's voice, "" the plain one; `dialogues`: the sample's sentences, else words by lot."""

    name: str
    variants: tuple[str, ...]
    dialogues: bool = False


TEST_SETS = (
    TestSet("sentences of the sample company, plain voice", ("",), dialogues=True),
    TestSet("words by lot, plain voice", ("",)),
    TestSet("words by lot, voices m3 and f3", ("+m3", "+f3")),
    TestSet(
        "words by lot, eight odd voices",
        ("+anika", "+steph2", "+Henrique", "+Hugo", "+Marco", "+iven4", "+announcer", "+klatt4"),
    ),
)


@dataclass(frozen=True, slots=True)
class Rate:
    """Words wrong, missing or too many, of `words` said by the version `espeak`."""

    test_set: str
    espeak: str
    codec: str
    errors: int
    words: int

    @property
    def percent(self) -> float:
        return 100 * self.errors / self.words


def measure(
    vocabulary: Vocabulary, model: Path, work: Path, seed: int, espeaks: Sequence[Espeak]
) -> Iterator[Rate]:
    """One Rate for each of TEST_SETS, `espeaks` and CODECS. `work` is an empty folder for a while.

    Raises Rejected where sox is missing.
    """
    engine = Engine()
    for test_set, espeak in itertools.product(TEST_SETS, espeaks):
        sentences = _sentences(vocabulary, test_set, seed)
        spoken = [_speak(espeak, vocabulary, test_set, number, s) for number, s in enumerate(sentences)]
        for codec, through in CODECS.items():
            errors = 0
            for sentence, sound in zip(sentences, spoken, strict=True):
                errors += count_errors(sentence, _recognise(engine, model, through(sound), work))
            yield Rate(
                test_set.name, espeak.version, codec, errors, sum(len(sentence) for sentence in sentences)
            )


def count_errors(said: tuple[str, ...], heard: tuple[str, ...]) -> int:
    """Levenshtein's distance in words."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for position, other in enumerate(heard, 1):
            before, row[position] = (
                row[position],
                min(before + (word != other), row[position] + 1, row[position - 1] + 1),
            )
    return row[-1]


def _sentences(vocabulary: Vocabulary, test_set: TestSet, seed: int) -> list[tuple[str, ...]]:
    if test_set.dialogues:
        return [tuple(side.split()) for d in vocabulary.dialogues for side in (d.caller, d.agent)]
    rng = np.random.default_rng([seed, 1])
    return [
        tuple(str(rng.choice(vocabulary.words)) for _ in range(rng.integers(1, 7))) for _ in range(SENTENCES)
    ]


def _speak(
    espeak: Espeak, vocabulary: Vocabulary, test_set: TestSet, number: int, words: tuple[str, ...]
) -> Sound:
    variant = test_set.variants[number % len(test_set.variants)]
    spoken = espeak.speak(words, Voice(vocabulary.voice + variant, rate=150))
    narrow = channel.resample(spoken.samples, espeak.rate, 1.0, LINE) * LEVEL
    silence = (round(BEFORE_S * channel.RATE), round(AFTER_S * channel.RATE))
    return channel.to_int16(np.pad(narrow, silence))


def _recognise(engine: Engine, model: Path, sound: Sound, work: Path) -> tuple[str, ...]:
    path = work / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(channel.RATE)
        file.writeframes(sound.tobytes())
    job = TranscribeJob(id="", sides={Speaker.CALLER: str(path)}, language="", model=str(model))
    transcript = engine.transcribe(job, lambda done, total: None)
    return tuple(word.text for utterance in transcript.utterances for word in utterance.words)


CODECS: dict[str, Callable[[Sound], Sound]] = {
    "A-law": channel.through_alaw,
    "mu-law": channel.through_ulaw,
    "GSM": channel.through_gsm,
}


def table(rates: list[Rate]) -> str:
    """Markdown: a line for each test set and espeak-ng, a column for each codec."""
    heads = ("espeak-ng", *CODECS)
    lines = [f"| {SENTENCES} sentences each | {' | '.join(heads)} |", "| --- |" + " --- |" * len(heads)]
    for (test_set, espeak), row in itertools.groupby(rates, lambda rate: (rate.test_set, rate.espeak)):
        cells = [f"{rate.percent:.1f} % ({rate.errors}/{rate.words})" for rate in row]
        lines.append(f"| {test_set} | {espeak} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"

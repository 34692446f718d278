"""Makes a small telephone model from nothing but espeak-ng: corpus, network, graph, files.

`<language>-telephone-small` knows the words of its vocabulary as espeak-ng says them: fit for the sample company and
for tests, not for people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from transcripts.interface import Rejected
from transcripts.training.acoustic_file import Phones, number_phones, write_model
from transcripts.training.corpus import Item, Pronunciation, make_items, pronunciations
from transcripts.training.features import OPTIONS
from transcripts.training.graph import Lexicon, build_graph, words_file, write_graph
from transcripts.training.learn import EPOCHS, Example, Learned, learn
from transcripts.training.vocabulary import Vocabulary

TOLD_EVERY = 500
PRIOR_POWER = 0.5
"""The priors are divided by only so far: with cross-entropy training that loses fewest words."""

DECODING = """\
--min-active=200
--max-active=3000
--beam=13
--lattice-beam=6
--acoustic-scale=0.3
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""
"""conf/model.conf. The scale is that of a network trained by cross-entropy (a "chain" model has 1.0)."""


def build(
    vocabulary: Vocabulary,
    folder: Path,
    seed: int,
    say: Callable[[str], None],
    *,
    items: int,
    epochs: int = EPOCHS,
    processes: int = 2,
    espeak_folder: Path | None = None,
) -> None:
    """Writes the model's files into `folder`; `espeak_folder` is that of `open_espeaks`.

    Raises Rejected where espeak-ng or sox is missing, or the items are too few."""
    corpus: list[Item] = []
    for item in make_items(vocabulary, items, seed, processes, espeak_folder):
        if len(corpus) % TOLD_EVERY == 0:
            say(f"speaking {items} items: {len(corpus)}")
        corpus.append(item)
    lexicon = _lexicon(corpus, vocabulary.words)
    say(f"{sum(item.seconds for item in corpus) / 3600:.1f} hours; learning")
    phones = number_phones({label for item in corpus for label in item.labels})
    learned = learn(_examples(corpus, phones), len(phones.names), seed, say, epochs)
    _write(folder, phones, learned, lexicon)


def _examples(corpus: list[Item], phones: Phones) -> list[Example]:
    index = {name: number for number, name in enumerate(phones.names)}
    return [
        Example(item.features, np.array([index[label] for label in item.labels], np.int64))
        for item in corpus
        if item.labels
    ]


def _lexicon(corpus: list[Item], words: tuple[str, ...]) -> Lexicon:
    said: Counter[tuple[str, Pronunciation]] = Counter()
    for item in corpus:
        said.update(item.said)
    unsaid = set(words) - {word for word, _ in said}
    if unsaid:
        raise Rejected(f"{len(corpus)} items are too few: {', '.join(sorted(unsaid))} came in none of them")
    return {word: pronunciations(said, word) for word in words}


def _write(folder: Path, phones: Phones, learned: Learned, lexicon: Lexicon) -> None:
    priors = learned.priors**PRIOR_POWER
    files = {
        "am/final.mdl": write_model(phones, learned.affines, priors / priors.sum()),
        "conf/mfcc.conf": OPTIONS.encode(),
        "conf/model.conf": DECODING.encode(),
        "graph/HCLG.fst": write_graph(build_graph(lexicon, phones)),
        "graph/words.txt": words_file(lexicon).encode(),
        "graph/phones/word_boundary.int": phones.word_boundary().encode(),
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def model_name(language: str) -> str:
    return f"{language}-telephone-small"


def describe(
    language: str, vocabulary: Vocabulary, seed: int, items: int, espeaks: Sequence[str], rates: str
) -> str:
    """The model's README.md: what it is, what made it, its error rates."""
    return f"""\
# {model_name(language)}

A Vosk model of {len(vocabulary.words)} words, trained on the synthesised speech of espeak-ng alone. Fit for the sample
company and for tests, **not for people**: it says nothing about how well Vosk understands them.

Made by `omniline models build --language {language} --seed {seed} --items {items}`, spoken in turn by espeak-ng
{" and ".join(espeaks)}: it may not understand another version. Words that are wrong, missing or too many, as said by
voices that were held out of the training:

{rates}"""

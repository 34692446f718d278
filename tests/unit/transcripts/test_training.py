"""The parts of `omniline models build`, each against what it must agree with, and the whole on a small scale."""

from __future__ import annotations

import json
import math
import os
import re
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bridge.cli.main import omniline
from pbx.asterisk.prefix import find_prefix
from transcripts.interface import Rejected
from transcripts.models import SHIPPED, check_model
from transcripts.training import channel
from transcripts.training.acoustic_file import GARBAGE, SILENCE, number_phones, write_model
from transcripts.training.build import describe, model_name
from transcripts.training.corpus import TRAINING_VARIANTS, make_items, pronunciations
from transcripts.training.espeak import Espeak, Voice, open_espeaks
from transcripts.training.features import BANDS, mfcc
from transcripts.training.graph import Graph, build_graph, number_words, write_graph
from transcripts.training.learn import Example, learn
from transcripts.training.measure import TEST_SETS, Rate, count_errors, table
from transcripts.training.network import (
    Affine,
    Normalisation,
    backward,
    folded,
    forward,
    log_posteriors,
    log_softmax,
    new_affines,
    padded,
)
from transcripts.training.vocabulary import get_vocabulary, list_languages

FIXTURES = Path(__file__).parents[2] / "fixtures/transcripts"
LEXICON = {"two": {("t", "u:"): 1.0}, "a": {("eI",): 1.0, ("@",): 0.25}, "ten": {("t", "E", "n"): 1.0}}
PHONES = number_phones({SILENCE, "t", "u:", "eI", "@", "E", "n"})


def test_cepstra_are_kaldis() -> None:
    """The fixture is OnlineMfcc's of kaldi-native-fbank 1.22 with the options of conf/mfcc.conf."""
    n = np.arange(2000)
    samples = (((n * n * 31 + n * 7) % 4001 - 2000) * (n % 701 > 200)).astype(np.int16)
    expected = np.array(json.loads((FIXTURES / "mfcc.json").read_text()))
    assert mfcc(samples).shape == expected.shape == (23, BANDS)
    np.testing.assert_allclose(mfcc(samples), expected, atol=2e-3)
    assert len(mfcc(samples[:199])) == 0


def test_gradients_are_those_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    affines = [Affine(a.weights.astype(float), a.bias.astype(float)) for a in new_affines(5, rng)]  # type: ignore[arg-type]
    rows = rng.standard_normal((90, BANDS))
    direction = rng.standard_normal((21, 5))
    gradients = backward(affines, forward(affines, rows)[1], direction)  # type: ignore[arg-type]
    for affine, gradient in zip(affines, gradients, strict=True):
        for value, slope in ((affine.weights, gradient.weights), (affine.bias, gradient.bias)):
            place = tuple(int(rng.integers(size)) for size in value.shape)
            before, step = value[place], 1e-6
            losses = []
            for moved in (before + step, before - step):
                value[place] = moved
                losses.append(float((forward(affines, rows)[0] * direction).sum()))  # type: ignore[arg-type]
            value[place] = before
            assert slope[place] == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=1e-3, abs=1e-4)


def test_folded_network_is_the_trained_one() -> None:
    """With the very normalisation of one utterance, so that nothing but rounding is between them."""
    rng = np.random.default_rng(1)
    features = rng.normal(3, 5, (100, BANDS)).astype(np.float32)
    affines = new_affines(7, rng)
    of_features = Normalisation(features.mean(axis=0), 1 / features.std(axis=0))
    scores, traces = forward(affines, (padded(features, 0) - of_features.mean) * of_features.scale)
    whole = folded(affines, [of_features, *(Normalisation(t.mean, t.scale) for t in traces)])
    posteriors = log_posteriors(whole, features)
    assert posteriors.shape == (34, 7)
    np.testing.assert_allclose(posteriors, log_softmax(scores), atol=1e-3)


def test_network_learns_what_can_be_learnt() -> None:
    rng = np.random.default_rng(2)
    means = rng.normal(0, 3, (4, BANDS))
    examples = []
    for _ in range(64):
        labels = np.repeat(rng.integers(0, 3, 8), 12)
        examples.append(Example((means[labels] + rng.normal(0, 1, (96, BANDS))).astype(np.float32), labels))
    learned = learn(examples, 4, 1, lambda _: None, epochs=6)
    posteriors = log_posteriors(learned.affines, examples[0].features)
    assert (posteriors.argmax(axis=1) == examples[0].labels[::3]).mean() > 0.9
    assert learned.priors.sum() == pytest.approx(1)
    assert learned.priors[3] == pytest.approx(0.04 * (1 - learned.priors[0]), rel=1e-6)


def test_graph_can_be_aligned_by_kaldi() -> None:
    """No state is entered by two transitions, every phone's state has its own self-loop, and words are spelt right."""
    graph = build_graph(LEXICON, PHONES)
    words = number_words(LEXICON)
    entered: dict[int, set[int]] = {}
    for state, arcs in enumerate(graph.states):
        for arc in arcs:
            assert 0 <= arc.transition <= 2 * len(PHONES.ids)
            if arc.transition and arc.target != state:
                entered.setdefault(arc.target, set()).add(arc.transition)
    for state, transitions in entered.items():
        assert len(transitions) == 1
        loops = [arc for arc in graph.states[state] if arc.target == state]
        assert [arc.transition for arc in loops] == [transitions.pop() - 1]
    assert _spelt(graph, words.index("ten")) == ["t_begin", "E_internal", "n_end"]
    assert _spelt(graph, words.index("a")) == ["eI_singleton"]
    assert _spelt(graph, words.index("[unk]")) == [f"{GARBAGE}_singleton"]


def _spelt(graph: Graph, word: int) -> list[str]:
    """The phones of the first way from the hub that puts out `word`."""
    arc = next(arc for arc in graph.states[1] if arc.word == word)
    phones = []
    while arc.target != 1:
        phone = PHONES.ids[(arc.transition - 2) // 2]
        phones.append(f"{phone.name}_{phone.place}")
        state = arc.target
        arc = next(a for a in graph.states[state] if a.target != state)
        assert arc.word == 0
    return phones


def test_likely_pronunciations_cost_less() -> None:
    graph = build_graph(LEXICON, PHONES)
    costs = [arc.cost for arc in graph.states[1] if arc.word == number_words(LEXICON).index("a")]
    assert costs == pytest.approx([math.log(4), math.log(4) + math.log(4)])


def test_graph_file_is_an_openfst_vector() -> None:
    graph = build_graph(LEXICON, PHONES)
    written = write_graph(graph)
    assert written[:4] == struct.pack("<i", 2125659606)
    assert written[4:26] == b"\x06\0\0\0vector\x08\0\0\0standard"[:22]
    version, flags, properties, start, states, arcs = struct.unpack_from("<iiQqqq", written, 26)
    assert (version, flags, properties, start, states) == (2, 0, 3, 0, len(graph.states))
    assert len(written) == 26 + 40 + 12 * states + 16 * arcs


def test_every_place_of_a_phone_shares_its_density() -> None:
    assert [p.place for p in PHONES.ids[:6]] == ["nonword", "begin", "end", "internal", "singleton", "begin"]
    assert PHONES.ids[-1].name == GARBAGE
    assert {p.density for p in PHONES.ids if p.name == "t"} == {PHONES.names.index("t")}
    assert PHONES.word_boundary().splitlines()[0] == "1 nonword"
    model = write_model(PHONES, new_affines(len(PHONES.names), np.random.default_rng(0)), np.ones(8) / 8)
    assert model.startswith(b"\0B<TransitionModel> ")
    assert (
        b"component-node name=affine2 component=affine2 input=Append(Offset(relu1, -1), relu1, Offset(relu1, 1))\n"
        in model
    )


def test_items_are_the_same_whoever_makes_them() -> None:
    vocabulary = get_vocabulary("en")
    alone, shared = (list(make_items(vocabulary, 8, 3, processes)) for processes in (1, 2))
    for one, other in zip(alone, shared, strict=True):
        assert one.labels == other.labels
        assert len(one.features) == len(one.labels)
        np.testing.assert_array_equal(one.features, other.features)
    assert next(iter(make_items(vocabulary, 1, 4, 1))).labels != alone[0].labels


@pytest.mark.parametrize("language", list_languages())
def test_phones_cover_the_speech_and_belong_to_their_words(language: str) -> None:
    vocabulary = get_vocabulary(language)
    espeak = Espeak()
    for dialogue in vocabulary.dialogues:
        words = tuple(dialogue.caller.split())
        spoken = espeak.speak(words, Voice(vocabulary.voice))
        assert {p.word for p in spoken.phones if p.name != SILENCE} == set(range(len(words)))
        assert all(a.end == b.start for a, b in zip(spoken.phones, spoken.phones[1:], strict=False))
        assert spoken.phones[0].start < espeak.rate // 10
        assert spoken.phones[-1].end == len(spoken.samples)
    with pytest.raises(Rejected, match="no voice"):
        espeak.speak(("a",), Voice("nowhere"))


def test_espeaks_are_opened_side_by_side_once_a_version() -> None:
    """The second is of another version where the prefix brings one; each goes on by itself after the other spoke."""
    prefix = find_prefix()
    espeaks = open_espeaks(prefix.libraries if prefix else None)
    assert len({espeak.version for espeak in espeaks}) == len(espeaks)
    words, voice = ("алло", "мой", "товар"), Voice("uk")
    rounds = [[espeak.speak(words, voice) for espeak in espeaks] for _ in range(2)]
    for one, other in zip(*rounds, strict=True):
        assert [phone.name for phone in one.phones] == [phone.name for phone in other.phones] != []


def test_without_a_prefix_the_machines_espeak_speaks_alone() -> None:
    assert [espeak.version for espeak in open_espeaks(Path("/nowhere"))] == [Espeak().version]


@pytest.mark.parametrize("language", list_languages())
def test_shipped_model_is_what_the_command_makes_of_its_words(language: str) -> None:
    vocabulary = get_vocabulary(language)
    folder = SHIPPED / model_name(language)
    readme = (folder / "README.md").read_text()
    (versions,) = re.findall(r"spoken in turn by espeak-ng\n(.+): it", readme)
    assert readme.startswith(describe(language, vocabulary, 1, 5000, versions.split(" and "), ""))
    assert "| 1.51 |" in readme
    known = [line.split()[0] for line in (folder / "graph/words.txt").read_text().splitlines()]
    assert set(vocabulary.words) == set(known) - {"<eps>", "[unk]", "#0"}


@pytest.mark.parametrize("language", list_languages())
def test_sample_says_only_what_its_model_knows(language: str) -> None:
    vocabulary = get_vocabulary(language)
    assert 60 <= len(vocabulary.words) <= 100
    assert not set(vocabulary.words) & set(vocabulary.others)
    for dialogue in vocabulary.dialogues:
        assert set(f"{dialogue.caller} {dialogue.agent}".split()) <= set(vocabulary.words)


def test_held_out_voices_are_not_trained_on() -> None:
    held_out = {variant.lstrip("+") for test_set in TEST_SETS for variant in test_set.variants}
    assert not held_out & {"", *TRAINING_VARIANTS} - {""}
    assert "" not in TRAINING_VARIANTS


def test_rare_pronunciations_are_left_out() -> None:
    said = Counter({("a", ("eI",)): 100, ("a", ("@",)): 50, ("a", ("V",)): 2, ("b", ("b", "i:")): 1})
    assert pronunciations(said, "a") == {("@",): 0.5, ("eI",): 1.0}


def test_channel_keeps_the_band_and_the_length() -> None:
    rate = 22050
    time = np.arange(rate) / rate
    tones = {f: (8000 * np.sin(2 * np.pi * f * time)).astype(np.int16) for f in (60, 1000, 3900, 9000)}
    loudness = {f: float(channel.resample(tone, rate, 1.0, (150, 3600)).std()) for f, tone in tones.items()}
    assert loudness[1000] == pytest.approx(8000 / math.sqrt(2), rel=0.01)
    assert all(loudness[f] < 100 for f in (60, 3900, 9000))
    assert len(channel.resample(tones[1000], rate, 1.25, (150, 3600))) == 6400


def test_word_errors() -> None:
    said = ("one", "two", "two", "three")
    assert count_errors(said, said) == 0
    assert count_errors(said, ("one", "two", "three")) == 1
    assert count_errors(said, ()) == 4
    assert count_errors((), said) == 4
    assert count_errors(said, ("one", "five", "two", "three", "four")) == 2


def test_table_has_a_line_for_each_test_set_and_espeak() -> None:
    codecs = ("A-law", "mu-law", "GSM")
    rates = [Rate(s.name, v, codec, 1, 50) for s in TEST_SETS for v in ("1.51", "1.52") for codec in codecs]
    lines = table(rates).splitlines()
    assert len(lines) == 2 + 2 * len(TEST_SETS)
    assert lines[-1].endswith("| 1.52 | 2.0 % (1/50) | 2.0 % (1/50) | 2.0 % (1/50) |")


def test_command_builds_a_model_that_vosk_loads(tmp_path: Path) -> None:
    """So few items teach it little, and a bad model is slow to measure: two sentences have to do."""
    short = (
        "import runpy, transcripts.training.measure as m; m.SENTENCES = 2; m.TEST_SETS = m.TEST_SETS[1:2]; "
    )
    result = subprocess.run(
        [
            sys.executable, "-c", short + "runpy.run_module('bridge.cli', run_name='__main__')",
            "models", "build", "--language", "uk", "--items", "300", "--seed", "7", "--out", str(tmp_path),
        ],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["uk-telephone-small"]
    check_model(tmp_path / "uk-telephone-small")
    readme = (tmp_path / "uk-telephone-small/README.md").read_text()
    assert "omniline models build --language uk --seed 7 --items 300" in readme
    assert "| words by lot, plain voice | 1.5" in readme


def test_too_few_items_are_refused_before_the_learning(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        omniline, ["models", "build", "--language", "uk", "--items", "50", "--out", str(tmp_path)]
    )
    assert isinstance(result.exception, Rejected)
    assert "50 items are too few: " in str(result.exception)
    assert list(tmp_path.iterdir()) == []

"""Words out of a recording, by Vosk: the only module that imports it.

A model is loaded once and shared; it never changes, and stays loaded for as long as the process lives. Each side of a
call has a recogniser of its own, in a thread of its own: libvosk lets go of the interpreter's lock, so two threads
are as fast as two processes. Sound goes in by chunks and each finished utterance is taken at once: a recogniser
whose endpoints are ignored gets slower by the square of the length.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import vosk

from transcripts.audio import Recording, open_recording, read_chunks
from transcripts.interface import (
    Speaker,
    TranscribeJob,
    Transcript,
    Unreadable,
    UnusableModel,
    Utterance,
    Word,
)
from transcripts.models import check_model

PROGRESS_S = 1.0
UNKNOWN, NOT_UNDERSTOOD = "[unk]", "…"
"""What Vosk calls a word that the model does not know, and what the reader sees."""
_ERRORS_ONLY = -2

Report = Callable[[int, int], None]
"""Called with the milliseconds done and in all, at most once in PROGRESS_S."""


class _Heard(msgspec.Struct, frozen=True):
    word: str
    start: float
    end: float
    conf: float


class _Result(msgspec.Struct, frozen=True):
    """What Vosk answers; `result` is missing where nothing was said. Times in seconds from the first sample."""

    text: str = ""
    result: tuple[_Heard, ...] = ()


_DECODER = msgspec.json.Decoder(_Result)


class Engine:
    """The models that were asked for, loaded. Used by one thread at a time."""

    def __init__(self) -> None:
        vosk.SetLogLevel(_ERRORS_ONLY)
        self._models: dict[str, vosk.Model] = {}

    def transcribe(self, job: TranscribeJob, report: Report) -> Transcript:
        """Raises UnusableModel, or Unreadable when one of the sides cannot be read."""
        model = self._model(Path(job.model))
        recordings = {side: open_recording(Path(path)) for side, path in job.sides.items()}
        done = dict.fromkeys(recordings, 0)
        total = sum(recording.duration_ms for recording in recordings.values())
        with concurrent.futures.ThreadPoolExecutor(max(len(recordings), 1)) as pool:
            running = {
                pool.submit(_listen, model, recording, side, done) for side, recording in recordings.items()
            }
            waiting = running
            while waiting:
                _, waiting = concurrent.futures.wait(waiting, PROGRESS_S)
                if waiting:
                    report(sum(done.values()), total)
        spoken = [utterance for side in running for utterance in side.result()]
        return Transcript(
            job.language,
            Path(job.model).name,
            max((recording.duration_ms for recording in recordings.values()), default=0),
            tuple(sorted(spoken, key=lambda utterance: (utterance.start_ms, utterance.speaker))),
        )

    def _model(self, path: Path) -> vosk.Model:
        loaded = self._models.get(str(path))
        if loaded is None:
            check_model(path)
            try:
                loaded = vosk.Model(str(path))
            except Exception as error:
                raise UnusableModel(f"model {path.name} does not load: {error}") from error
            self._models[str(path)] = loaded
        return loaded


def _listen(
    model: vosk.Model, recording: Recording, speaker: Speaker, done: dict[Speaker, int]
) -> list[Utterance]:
    """All utterances of one side; writes the milliseconds heard so far into `done`."""
    return [
        _utterance(speaker, result) for result in _results(model, recording, speaker, done) if result.result
    ]


def _results(
    model: vosk.Model, recording: Recording, speaker: Speaker, done: dict[Speaker, int]
) -> Iterator[_Result]:
    try:
        recogniser = vosk.KaldiRecognizer(model, recording.rate)
    except Exception as error:
        raise UnusableModel(f"the model makes no recogniser: {error}") from error
    recogniser.SetWords(True)
    heard = 0
    for chunk in read_chunks(recording):
        try:
            ended = recogniser.AcceptWaveform(chunk)
        except Exception as error:
            raise Unreadable(f"{recording.path.name}: {error}") from error
        if ended:
            yield _DECODER.decode(recogniser.Result())
        heard += len(chunk)
        done[speaker] = recording.duration_ms * heard // recording.size
    yield _DECODER.decode(recogniser.FinalResult())


def _utterance(speaker: Speaker, result: _Result) -> Utterance:
    words = tuple(
        Word(
            NOT_UNDERSTOOD if heard.word == UNKNOWN else heard.word,
            round(heard.start * 1000),
            round(heard.end * 1000),
            round(heard.conf, 3),
        )
        for heard in result.result
    )
    text = " ".join(word.text for word in words)
    return Utterance(speaker, words[0].start_ms, words[-1].end_ms, text, words)

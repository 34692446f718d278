"""What the rest of Omniline knows of speech to text: types and errors, no Vosk, no files, no processes.

Times are whole milliseconds from the first sample of the recording. Both sides of a call are recorded from the
same moment, so that their times compare.

TranscriptsError
├── Unreadable     the recording is no audio that can be read: it will have no words, go on without
├── UnusableModel  the model cannot be used: fetch, build or choose another one
├── Rejected       it was wrong and stays wrong: change the request
└── Transient      not possible now; the same request may succeed later
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class TranscriptsError(Exception):
    """Base of all errors raised on purpose here. The message is fit for the user."""


class Unreadable(TranscriptsError):
    """The recording is missing, empty or not the WAV that we record."""


class UnusableModel(TranscriptsError):
    """The model's folder is missing, incomplete or of another kind."""


class Rejected(TranscriptsError):
    """Refused for good; the message says what to change."""


class Transient(TranscriptsError):
    """The worker died or the network failed."""


class Speaker(StrEnum):
    CALLER = "caller"
    AGENT = "agent"


class Word(msgspec.Struct, frozen=True):
    """`confidence` is Vosk's, from 0 to 1."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float


class Utterance(msgspec.Struct, frozen=True):
    """What one side said between two pauses; has at least one word."""

    speaker: Speaker
    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...]


class Transcript(msgspec.Struct, frozen=True):
    """The words of one recording; `utterances` of both sides by start, empty when nobody said anything.

    `duration_ms` is that of the longer side; `model` the name of the model's folder.
    """

    language: str
    model: str
    duration_ms: int
    utterances: tuple[Utterance, ...]


class TranscribeJob(msgspec.Struct, frozen=True, kw_only=True, tag="job"):
    """`sides`: path of each side's WAV file; one side is enough (voicemail). `model`: path of the model's folder."""

    id: str
    sides: dict[Speaker, str]
    language: str
    model: str


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The worker's first line."""

    pid: int


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """At most one a second for each job."""

    id: str
    done_ms: int
    total_ms: int


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    id: str
    transcript: Transcript


class Failure(StrEnum):
    """Which error ended a job; the reaction is the one of the error of that name."""

    UNREADABLE = "unreadable"
    UNUSABLE_MODEL = "unusable_model"


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    id: str
    failure: Failure
    message: str


Answer = Ready | Progress | Done | Failed
"""A line of the worker's standard output, as JSON; a line of its standard input is a TranscribeJob."""

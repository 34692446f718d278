"""A call as the API shows it."""

from __future__ import annotations

import enum

import msgspec

from transcripts.interface import Utterance


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One step on a call's way: invite, identified, ringing, pop_sent, pop_shown, withdrawn, answered, ended, voicemail,
    and transcript, long after the others.

    `at` ISO 8601 with microseconds; `extension` of the agent it concerns; `detail`: reason or outcome.
    """

    stage: str
    at: str
    extension: str | None = None
    detail: str | None = None


class CallLeg(msgspec.Struct, frozen=True, kw_only=True):
    uniqueid: str
    role: str
    state: str
    extension: str | None = None
    created_at: str
    ringing_at: str | None = None
    answered_at: str | None = None
    ended_at: str | None = None
    cause: int | None = None


class TranscriptState(enum.StrEnum):
    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class WhyWordless(enum.StrEnum):
    NO_MODEL = "no_model"
    """There is no usable model for its language."""
    UNREADABLE = "unreadable"
    """The recording is no audio that can be read."""
    WORKER = "worker"
    """The recogniser died of it, again and again."""


class RecordingTranscript(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` when it failed; the rest when it is ready. Times are milliseconds from the recording's begin."""

    state: TranscriptState
    reason: WhyWordless | None = None
    entry_id: str | None = None
    language: str | None = None
    model: str | None = None
    utterances: list[Utterance] = []


class CallRecording(msgspec.Struct, frozen=True, kw_only=True):
    """Listened to at /api/v1/recordings/{id}/audio: stereo WAV, the caller left, the agent right (a voicemail is mono)."""

    id: str
    kind: str
    state: str
    duration_ms: int | None = None
    transcript: RecordingTranscript | None = None


class CallSummary(msgspec.Struct, frozen=True, kw_only=True):
    """`answered_by` and `owner` are agents' names. `owner` answers for an unanswered call, until `handled_at`."""

    id: str
    pbx: str
    linkedid: str
    direction: str
    caller: str
    dialled: str
    customer_id: str | None
    customer_name: str | None
    queue: str | None
    state: str
    outcome: str | None
    started_at: str
    answered_at: str | None
    ended_at: str | None
    answered_by: str | None
    owner_id: str | None
    owner: str | None
    handled_at: str | None


class CallDetail(CallSummary, frozen=True, kw_only=True):
    stages: list[Stage] = []
    legs: list[CallLeg] = []
    recordings: list[CallRecording] = []
    joined_to: str | None = None


class NoteDraft(msgspec.Struct, frozen=True, kw_only=True):
    """`rev` is 0 and `saved_at` null while nothing was saved."""

    call_id: str
    text: str
    rev: int
    saved_at: str | None = None

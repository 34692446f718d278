"""A recording is complete: it is ready to be heard, and its words are asked for."""

from __future__ import annotations

from sqlalchemy import Connection

from bridge.domain.times import utc_now
from bridge.domain.topic import Topic
from bridge.store import calls, outbox


def finish_recording(connection: Connection, recording_id: str, duration_ms: int | None) -> None:
    """It is ready, or missing when it has no duration."""
    calls.finish_recording(connection, recording_id, duration_ms)
    if duration_ms is not None:
        outbox.put(connection, Topic.TRANSCRIBE, recording_id, utc_now())

"""After a call: what was recorded is measured and said to be ready, or missing."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from bridge.flows import recording_files
from bridge.flows.finish_recording import finish_recording
from bridge.store import calls


def end_recordings(connection: Connection, recordings: Path) -> None:
    """Of all ended calls, those of an earlier run of ours included. Nothing is recorded of a call nobody answered."""
    for recording in calls.list_unfinished_recordings(connection):
        duration = recording_files.measure(recordings, recording.kind, recording.name)
        if duration is None and not recording.answered:
            calls.remove_recording(connection, recording.id)
        else:
            finish_recording(connection, recording.id, duration)

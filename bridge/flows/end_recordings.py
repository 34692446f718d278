"""After a call: what was recorded is measured and said to be ready, or missing."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from bridge.domain.live import EVERYONE
from bridge.domain.times import utc_now
from bridge.flows import recording_files
from bridge.flows.finish_recording import finish_recording
from bridge.store import call_views, calls, feed


def end_recordings(connection: Connection, pbx: str, recordings: Path) -> None:
    """Of all ended calls of this PBX, those of an earlier run of ours included. Nothing is recorded of a call nobody answered."""
    for recording in calls.list_unfinished_recordings(connection, pbx):
        duration = recording_files.measure(recordings, recording.kind, recording.name)
        if duration is None and not recording.answered:
            calls.remove_recording(connection, recording.id)
        else:
            finish_recording(connection, recording.id, duration)
        # Whoever looks at the call learns that there is something to hear.
        summary = call_views.get_summary(connection, recording.call_id)
        feed.append(connection, "call", EVERYONE, summary, utc_now())

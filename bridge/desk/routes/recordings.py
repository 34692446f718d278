"""Recordings, listened to in the desk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from aiohttp import web

from bridge.desk.recording_audio import Audio, audio_of, respond
from bridge.desk.route import API, ID, Ask, Route
from bridge.domain.agent import Role
from bridge.flows import recording_files
from bridge.store import call_views


async def get_audio(ask: Ask) -> web.StreamResponse:
    """WAV, by ranges: of a call in stereo, the caller left and the agent right; a voicemail in mono."""
    kind, name = await ask.services.db.read(call_views.get_recording, ask.path("id"))
    audio = await asyncio.to_thread(_find_audio, ask.services.recordings, kind, name)
    return await respond(ask.request, audio)


def _find_audio(folder: Path, kind: str, name: str) -> Audio:
    if kind == "call":
        caller, agent = recording_files.sides(folder, name)
        return audio_of(recording_files.find_samples(caller), recording_files.find_samples(agent))
    return audio_of(recording_files.find_samples(recording_files.message_file(folder, name)))


ROUTES: Final = (Route("GET", f"{API}/recordings/{ID}/audio", get_audio, Role.AGENT, media="audio/wav"),)

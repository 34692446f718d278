"""Work that no call waits for: the feed's numbers, and words of recordings."""

from __future__ import annotations

from functools import partial

from bridge.bus.outbox import OutboxConsumer
from bridge.bus.relay import FeedRelay
from bridge.desk.metrics import Metrics
from bridge.domain.ports import Subject
from bridge.domain.times import utc_now
from bridge.domain.topic import Group
from bridge.flows.transcribe_recording import TranscribeRecording
from bridge.wiring.ground import Ground
from transcripts.client import SpeechWorker


def start_relay(ground: Ground) -> None:
    ground.run(FeedRelay(ground.db, ground.bus, utc_now).run(), "feed-relay")


async def start_transcriber(ground: Ground) -> None:
    worker = await ground.stack.enter_async_context(SpeechWorker())
    flow = TranscribeRecording(
        db=ground.db,
        settings=ground.settings,
        recordings=ground.recordings,
        models=ground.home / "models",
        transcribe=worker.transcribe,
        committed=partial(ground.bus.tell, Subject.FEED),
        clock=utc_now,
    )
    consumer = OutboxConsumer(ground.db, ground.bus, Group.TRANSCRIBER, flow, utc_now)
    _watch(ground.metrics, consumer)
    ground.run(consumer.run(), "transcriber")


def _watch(metrics: Metrics, transcriber: OutboxConsumer) -> None:
    metrics.watch(
        "transcripts_waiting", "Recordings whose words are still to come", lambda: transcriber.waiting
    )
    metrics.watch(
        "transcripts_waiting_seconds", "The age of the oldest of them", lambda: transcriber.waiting_seconds
    )
    metrics.watch("dead_letters", "Work that was given up", lambda: transcriber.dead)
    metrics.watch_groups(
        "outbox_age_seconds",
        "The age of the oldest work of the outbox",
        {Group.TRANSCRIBER: lambda: transcriber.waiting_seconds},
    )

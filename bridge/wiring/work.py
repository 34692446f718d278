"""Work that no call waits for: the feed's numbers, customers who wait for an answer, and words of recordings."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from bridge.bus.outbox import OutboxConsumer
from bridge.bus.relay import FeedRelay
from bridge.desk.metrics import Metrics
from bridge.domain.ports import Subject
from bridge.domain.times import utc_now
from bridge.domain.topic import Group
from bridge.flows.assign_conversations import AssignConversations
from bridge.flows.mind_conversations import MindConversations, Promises
from bridge.flows.telephony import Telephony
from bridge.flows.transcribe_recording import TranscribeRecording
from bridge.wiring.ground import Ground
from transcripts.client import SpeechWorker


def start_relay(ground: Ground) -> None:
    ground.run(FeedRelay(ground.db, ground.bus, utc_now).run(), "feed-relay")


def start_minding(ground: Ground) -> None:
    """Nobody who has written is forgotten."""
    conversations = ground.settings.conversations
    promises = Promises(
        first=timedelta(minutes=conversations.first_response_minutes),
        next=timedelta(minutes=conversations.next_response_minutes),
        language=ground.settings.company.language,
    )
    minding = MindConversations(ground.db, promises, ground.committed, utc_now)
    ground.run(minding.run(), "minding")


def start_assigning(ground: Ground, telephony: Telephony) -> None:
    """Conversations go to those who have room, unless people are to take them."""
    if ground.settings.conversations.share_out:
        assigning = AssignConversations(ground.db, telephony.look_at, ground.committed, utc_now)
        ground.run(assigning.run(), "assigning")


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

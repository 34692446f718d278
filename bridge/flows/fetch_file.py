"""Work of the topic `fetch`: a file that a message brought by reference is got from its provider, or refused with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Connection

from bridge.domain.files import media_type_of
from bridge.domain.live import EVERYONE
from bridge.domain.ports import FetchesFiles
from bridge.errors import RateLimited, Rejected, Transient
from bridge.flows.keep_file import keep_file
from bridge.secrets import inbox_name
from bridge.store import attachments, feed, outbox, timeline
from bridge.store.attachments import Waiting
from bridge.store.engine import Database
from bridge.store.outbox import Work

TRIES: Final = 12
"""Some two hours: an address may be gone for ever without saying so."""
LONGEST_REASON: Final = 200

log = structlog.get_logger()


class FetchFile:
    """`fetchers` by channel; `tokens` by `inbox_name`; `folder` is where attachments lie."""

    def __init__(
        self,
        db: Database,
        fetchers: Mapping[str, FetchesFiles],
        tokens: Mapping[str, str],
        folder: Path,
        committed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._fetchers = fetchers
        self._tokens = tokens
        self._folder = folder
        self._committed = committed
        self._clock = clock

    async def __call__(self, work: Work) -> None:
        """Raises Transient when it is worth another try."""
        waiting = await self._db.read(attachments.find_waiting, work.key)
        if waiting is None:
            await self._db.write(outbox.finish, work.id)
            return
        try:
            data = await self._fetch(waiting)
        except RateLimited as error:
            until = self._clock() + timedelta(seconds=error.retry_after)
            await self._db.write(outbox.give_back, work.id, until)
            return
        except Rejected as error:
            await self._db.write(_refuse, work, waiting, str(error), self._clock())
        except Transient as error:
            if work.tries < TRIES:
                raise
            await self._db.write(_refuse, work, waiting, str(error), self._clock())
        else:
            sha256 = await asyncio.to_thread(keep_file, self._folder, data)
            kept = (media_type_of(data), len(data), sha256)
            await self._db.write(_store, work, waiting, kept, self._clock())
        self._committed()

    async def _fetch(self, waiting: Waiting) -> bytes:
        fetcher = self._fetchers.get(waiting.channel)
        if fetcher is None:
            raise Rejected("nothing here fetches files of this channel")
        token = self._tokens.get(inbox_name(waiting.channel, waiting.inbox_key), "")
        return await fetcher.fetch_file(token, waiting.reference)


def _store(
    connection: Connection, work: Work, waiting: Waiting, kept: tuple[str, int, str], at: datetime
) -> None:
    if outbox.finish(connection, work.id):
        attachments.set_stored(connection, work.key, *kept)
        _tell(connection, work.key, waiting.entry_id, at)


def _refuse(connection: Connection, work: Work, waiting: Waiting, reason: str, at: datetime) -> None:
    if outbox.finish(connection, work.id):
        attachments.set_refused(connection, work.key, reason[:LONGEST_REASON])
        _tell(connection, work.key, waiting.entry_id, at)
        log.info("file_refused", attachment_id=work.key, channel=waiting.channel)


def _tell(connection: Connection, attachment_id: str, entry_id: str, at: datetime) -> None:
    entry = timeline.get_entry(connection, entry_id)
    file = attachments.get_attachment(connection, attachment_id)
    said = {"code": "attachment", "entry_id": entry.id, "customer_id": entry.customer_id}
    feed.append(connection, "notice", EVERYONE, {**said, "attachment": file.shown()}, at)

"""A process that takes in the mail of one mailbox, to be killed: `python -m tests.fakes.mail_reader DATABASE HOME PORT USER`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from bridge.errors import Transient
from bridge.settings import Database, Mailbox, Settings
from bridge.wiring.channels import start_channels
from bridge.wiring.ground import Ground

ADDRESS = "support@sample.example"


async def run(url: str, home: Path, port: int, user: str) -> None:
    box = Mailbox(address=ADDRESS, login=user, imap_host="127.0.0.1", imap_port=port, imap_tls="none")
    settings = Settings(database=Database(url=url), mailboxes=(box,))
    while True:
        ground = Ground(home, settings, lambda _: None)
        # As it would be started again.
        with suppress(Transient):
            await ground.open()
            break
    start_channels(ground)
    await ground.wait_broken()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))

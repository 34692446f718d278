"""Who else hears that an agent's phone is about to ring: `python -m benchmarks.pop_peers NAME AMI_PORT USER SECRET`.

- raw: a bare asyncio reader of AMI that looks at nothing but the event wanted: the limit
- panoramisk: its Manager as its documentation shows it

Both stop where ours begins: they read no card and have no desk to show it at.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time

from panoramisk import Manager
from panoramisk.message import Message

from benchmarks.sightings import say, say_ready
from pbx.variables import EVENT_INVITE

WANTED = f"UserEvent: {EVENT_INVITE}\r\n".encode()
CHANNEL = re.compile(r"PJSIP/agent-(\d+)-")


async def raw(port: int, user: str, secret: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.write(f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\nEvents: on\r\n\r\n".encode())
    if b"Response: Success" not in await reader.readuntil(b"\r\n\r\n"):
        sys.exit("the login was refused")
    say_ready()
    while True:
        event = await reader.readuntil(b"\r\n\r\n")
        if WANTED in event:
            at = time.time()
            headers = dict(line.split(": ", 1) for line in event.decode().split("\r\n") if ": " in line)
            tell(headers["ConnectedLineNum"], headers["Channel"], at)


async def panoramisk(port: int, user: str, secret: str) -> None:
    loop = asyncio.get_running_loop()
    manager = Manager(loop=loop, host="127.0.0.1", port=port, username=user, secret=secret)

    def heard(_: Manager, message: Message) -> None:
        if message.userevent == EVENT_INVITE:
            at = time.time()
            tell(message.connectedlinenum, message.channel, at)

    manager.register_event("UserEvent", heard)
    await manager.connect()
    while not manager.authenticated:
        await asyncio.sleep(0.01)
    say_ready()
    await asyncio.Event().wait()


def tell(caller: str, channel: str, at: float) -> None:
    if agent := CHANNEL.match(channel):
        say(caller, agent[1], at)


if __name__ == "__main__":
    name, port, user, secret = sys.argv[1:]
    asyncio.run({"raw": raw, "panoramisk": panoramisk}[name](int(port), user, secret))

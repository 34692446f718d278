"""An Asterisk whose calls begin and end by chance, over AMI and in its own records."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.ami_server import AmiServer, encode

ON_THE_WAY = 0.5
"""Seconds in which an event surely arrives."""
CALLER, DID = "+380501234567", "+380445550100"


@dataclass
class Exchange:
    """What it lists is what lives. `records` is the file that it tells the ends of calls in, if it keeps one.

    Of the calls in `lost` it told nobody before it died, perhaps.
    """

    server: AmiServer
    chance: random.Random
    records: Path | None = None
    live: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    is_dead: bool = False
    _began_at: dict[str, float] = field(default_factory=dict)

    async def step(self) -> None:
        """A call begins or ends, if it is there."""
        if self.is_dead:
            return
        if self.live and self.chance.random() < 0.45:
            await self.tell_end(self.live[self.chance.randrange(len(self.live))])
        else:
            await self.server.write(self.begin())

    def begin(self) -> bytes:
        """The message of a new call, whose caller's name is of letters of two bytes."""
        uniqueid = f"1795380095.{len(self.begun)}"
        message = {
            "Event": "Newchannel",
            "Channel": self._channel(uniqueid),
            "CallerIDNum": CALLER,
            "CallerIDName": "Олена Ковальчук",
            "Exten": DID,
            "Uniqueid": uniqueid,
            "Linkedid": uniqueid,
        }
        self.begun.append(uniqueid)
        self.live.append(uniqueid)
        self._began_at[uniqueid] = time.time()
        self._list(uniqueid, message)
        return encode(message)

    async def tell_end(self, uniqueid: str) -> None:
        self.live.remove(uniqueid)
        self._list(uniqueid, None)
        if self.records is not None:
            self._record(self.records, uniqueid)
        await self.server.tell({"Event": "Hangup", "Uniqueid": uniqueid, "Cause": "16"})

    def die(self) -> None:
        """It is killed: its calls are gone, and nothing is recorded of them."""
        self.is_dead = True
        self.lost |= {key for key in self.live if time.time() - self._began_at[key] < ON_THE_WAY}
        self.live.clear()
        self.server.items["Status"] = []
        self.server.stop()

    async def rise(self) -> None:
        await self.server.start()
        self.is_dead = False

    def _list(self, uniqueid: str, message: dict[str, str] | None) -> None:
        others = [item for item in self.server.items.get("Status", ()) if item["Uniqueid"] != uniqueid]
        shown = [{**message, "Event": "Status", "ChannelState": "6", "Seconds": "0"}] if message else []
        self.server.items["Status"] = [*others, *shown]

    def _record(self, file: Path, uniqueid: str) -> None:
        """As cdr_custom.conf has it, of a caller who gave up."""
        began, ended = self._began_at[uniqueid], time.time()
        fields = (uniqueid, uniqueid, self._channel(uniqueid), "", "0.000000", f"{ended:.6f}", "NO ANSWER")
        with file.open("a") as lines:
            lines.write(",".join((*fields, "Queue", f"{began:.6f}", DID, CALLER)) + "\n")

    def _channel(self, uniqueid: str) -> str:
        return f"PJSIP/trunk-loopback-{int(uniqueid.partition('.')[2]):08x}"

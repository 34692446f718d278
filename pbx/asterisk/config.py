"""What Asterisk's configuration is made from: values only, checked when they are made.

The checks are strict because every value ends up in a .conf file, where a newline, a semicolon or a
bracket would be configuration of a stranger's making. Free text (an agent's name, a folder) is the
renderer's to escape or refuse.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from pbx.errors import Rejected
from pbx.variables import OWN_CHANNEL_PREFIX

EXTENSION = re.compile(r"[1-9]\d{1,5}")
QUEUE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
E164 = re.compile(r"\+[1-9]\d{4,14}")
LANGUAGE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")
SECRET = re.compile(r"[A-Za-z0-9_.~-]{12,128}")
PIN = re.compile(r"\d{4,12}")
URL = re.compile(r"https?://[A-Za-z0-9.:\[\]/_~-]{1,200}")
WORD = re.compile(r"[a-z][a-z0-9_-]{0,31}")
STRATEGIES = frozenset({"ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "linear", "wrandom"})


def _match(pattern: re.Pattern[str], value: str, what: str) -> None:
    if not pattern.fullmatch(value):
        raise Rejected(f"{what} {value[:40]!r} is not of the form {pattern.pattern}")


@dataclass(frozen=True, slots=True)
class AgentPhone:
    """An agent's phone: endpoint `agent-<extension>`, its password, and the box of voicemail with its PIN.

    `call_info` and `card_header`: whether the INVITE carries the card's URL, and its token. `browser`: it speaks WebRTC,
    and nothing else does.
    """

    extension: str
    name: str
    password: str
    language: str
    voicemail_pin: str
    call_info: bool = False
    card_header: bool = False
    browser: bool = False

    def __post_init__(self) -> None:
        _match(EXTENSION, self.extension, "the extension")
        _match(LANGUAGE, self.language, f"the language of {self.extension}")
        _match(PIN, self.voicemail_pin, f"the voicemail PIN of {self.extension}")
        if not SECRET.fullmatch(self.password):
            raise Rejected(f"the SIP password of {self.extension} is not of the form {SECRET.pattern}")


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """A queue: the extensions of its members, how long (s) a phone rings and a caller waits; `extension`, if
    any, is what agents dial to reach it."""

    name: str
    members: tuple[str, ...]
    ring_seconds: int = 20
    wait_seconds: int = 60
    strategy: str = "ringall"
    extension: str | None = None

    def __post_init__(self) -> None:
        _match(QUEUE_NAME, self.name, "the queue's name")
        for member in self.members:
            _match(EXTENSION, member, f"the member of queue {self.name}")
        if self.extension is not None:
            _match(EXTENSION, self.extension, f"the extension of queue {self.name}")
        if self.strategy not in STRATEGIES:
            raise Rejected(
                f"queue {self.name}: strategy {self.strategy[:40]!r} is none of {', '.join(sorted(STRATEGIES))}"
            )
        if not (0 < self.ring_seconds <= 3600 and 0 < self.wait_seconds <= 86400):
            raise Rejected(f"queue {self.name}: ring_seconds is 1 to 3600, wait_seconds 1 to 86400")


@dataclass(frozen=True, slots=True)
class DidConfig:
    """A number of ours (E.164 with +), the queue its callers wait in, the language they hear."""

    number: str
    queue: str
    language: str = "en"

    def __post_init__(self) -> None:
        _match(E164, self.number, "the company's number")
        _match(QUEUE_NAME, self.queue, f"the queue of {self.number}")
        _match(LANGUAGE, self.language, f"the language of {self.number}")


@dataclass(frozen=True, slots=True)
class PbxConfig:
    """All that is rendered. `trunk_addresses` are the carriers' IP addresses or networks."""

    ami_secret: str
    recordings: Path
    voicemail: Path
    agents: tuple[AgentPhone, ...] = ()
    queues: tuple[QueueConfig, ...] = ()
    dids: tuple[DidConfig, ...] = ()
    name: str = "pbx1"
    sip_host: str = "127.0.0.1"
    sip_port: int = 5060
    own_address: str = ""
    """An address of this machine in its network; empty where it has none."""
    rtp_start: int = 10000
    rtp_end: int = 10199
    http_port: int = 8088
    ami_port: int = 5038
    ami_user: str = "omniline"
    agi_port: int = 4573
    trunk_addresses: tuple[str, ...] = ("127.0.0.1",)
    ami_events: tuple[str, ...] = ()
    """Names of the AMI events that may leave Asterisk; empty means all."""
    pop_key: str = ""
    """The secret that the tokens of ringing legs are made with; without it INVITEs carry none."""
    desk_url: str = ""
    """What comes before `/pop/<token>` in the card's URL."""

    def __post_init__(self) -> None:
        if not SECRET.fullmatch(self.ami_secret):
            raise Rejected(f"the AMI secret is not of the form {SECRET.pattern}")
        if self.pop_key and not SECRET.fullmatch(self.pop_key):
            raise Rejected(f"the key of the pops is not of the form {SECRET.pattern}")
        if self.desk_url:
            _match(URL, self.desk_url, "http.url")
        _match(WORD, self.ami_user, "the AMI user")
        _match(WORD, self.name, "asterisk.name")
        if self.name.startswith(OWN_CHANNEL_PREFIX):
            # It begins every Uniqueid: all calls would be taken for those that we make to listen.
            raise Rejected(f"asterisk.name must not begin with {OWN_CHANNEL_PREFIX}")
        self._check_addresses()
        self._check_ports()
        self._check_references()
        for event in self.ami_events:
            _match(re.compile(r"[A-Za-z]{1,64}"), event, "the AMI event")

    def _check_addresses(self) -> None:
        own = (self.own_address,) if self.own_address else ()
        for address in (self.sip_host, *own, *self.trunk_addresses):
            try:
                ipaddress.ip_network(address, strict=False)
            except ValueError as error:
                raise Rejected(f"{address[:60]!r} is not an IP address; names are not looked up") from error
        if "/" in self.sip_host:
            raise Rejected(f"sip.host {self.sip_host} is a network, it must be an address")

    def _check_ports(self) -> None:
        ports = {
            "sip.port": self.sip_port,
            "asterisk.http_port": self.http_port,
            "ami.port": self.ami_port,
            "agi.port": self.agi_port,
            "sip.rtp_start": self.rtp_start,
            "sip.rtp_end": self.rtp_end,
        }
        for setting, port in ports.items():
            if not 0 < port < 65536:
                raise Rejected(f"{setting} is {port}, a port is 1 to 65535")
        if self.rtp_end - self.rtp_start < 3:
            raise Rejected("sip.rtp_end must be above sip.rtp_start by 3 or more: a call takes 4 ports")

    def _check_references(self) -> None:
        extensions = [agent.extension for agent in self.agents]
        extensions += [queue.extension for queue in self.queues if queue.extension]
        queues = [queue.name for queue in self.queues]
        for kind, names in (("extension", extensions), ("queue", queues)):
            for name in names:
                if names.count(name) > 1:
                    raise Rejected(f"{kind} {name} is there twice")
        for did in self.dids:
            if did.queue not in queues:
                raise Rejected(f"the number {did.number} leads to queue {did.queue}, which is not there")
        known = {agent.extension for agent in self.agents}
        for queue in self.queues:
            for member in queue.members:
                if member not in known:
                    raise Rejected(f"queue {queue.name} has the member {member}, who is not an agent")

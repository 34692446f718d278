"""A SIP phone for tests, which says nothing but noise: it registers, rings, answers, refuses, holds, transfers and hangs up.

What the test phone of the product (SIPp) does not do: several calls at once under a test's control, and
transfers. Only what those need of RFC 3261 over UDP (digest of RFC 2617), RFC 3515 (REFER) and RFC 3891
(Replaces).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import re
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

CRLF = "\r\n"
ALLOW = "INVITE, ACK, BYE, CANCEL, REFER, NOTIFY, OPTIONS"
REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    405: "Method Not Allowed",
    486: "Busy Here",
    487: "Request Terminated",
    603: "Decline",
}


@dataclass(frozen=True)
class SipMessage:
    start: str
    headers: list[tuple[str, str]]
    body: str

    @classmethod
    def parse(cls, data: bytes) -> Self:
        head, _, body = data.decode("utf-8", "replace").partition(CRLF * 2)
        start, *lines = head.split(CRLF)
        headers = [(n.strip().lower(), v.strip()) for n, _, v in (x.partition(":") for x in lines)]
        return cls(start, headers, body)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def get(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def status(self) -> int:
        """0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else 0

    @property
    def cseq(self) -> tuple[int, str]:
        number, method = self.get("cseq").split()
        return int(number), method


@dataclass
class Dialog:
    """One call of the phone. `state` is calling, ringing, up or ended."""

    phone: SipPhone
    call_id: str
    local: str
    remote: str
    target: str
    invite: SipMessage | None = None
    cseq: int = 1
    branch: str = ""
    authorized: bool = False
    sound_port: int = 0
    state: str = "calling"
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait(self, state: str, *, within: float = 10.0) -> None:
        async with asyncio.timeout(within), self.changed:
            await self.changed.wait_for(lambda: self.state == state)

    async def become(self, state: str) -> None:
        async with self.changed:
            self.state = state
            self.changed.notify_all()

    async def answer(self, status: int) -> None:
        """Answer the INVITE that came: 180 rings, 200 takes the call, from 300 on it is refused."""
        assert self.invite
        self.phone.respond(self.invite, status, to=self.local, sdp=self.phone.sdp() if status == 200 else "")
        await self.become("ringing" if status < 200 else "up" if status == 200 else "ended")

    async def hang_up(self) -> None:
        """BYE of an answered call, CANCEL of one that still rings there."""
        if self.state == "up":
            self.send("BYE")
        else:
            self.send("CANCEL", cseq=self.cseq, branch=self.branch)
        await self.become("ended")

    async def make_noise(self, seconds: float) -> None:
        """Something to record: 20 ms of RTP (RFC 3550) at a time, in A-law."""
        for number in range(int(seconds * 50)):
            head = struct.pack("!BBHII", 0x80, 8, number, number * 160, 1)
            self.phone.transport.sendto(
                head + secrets.token_bytes(160), (self.phone.server[0], self.sound_port)
            )
            await asyncio.sleep(0.02)

    async def press(self, keys: str) -> None:
        """Keys of the telephone as events in RTP (RFC 4733, section 2.3): 100 ms each, the last packet three times."""
        for place, key in enumerate(keys):
            event, at = "0123456789*#".index(key), 8000 + place * 1600
            for number in range(8):
                is_end, marker = number > 4, 0x80 if number == 0 else 0
                duration = min(number + 1, 5) * 160
                head = struct.pack("!BBHII", 0x80, 101 | marker, 1000 + place * 8 + number, at, 1)
                body = struct.pack("!BBH", event, (0x80 if is_end else 0) | 10, duration)
                self.phone.transport.sendto(head + body, (self.phone.server[0], self.sound_port))
                await asyncio.sleep(0.02)

    def hold(self, *, on: bool) -> None:
        self.send("INVITE", sdp=self.phone.sdp("sendonly" if on else "sendrecv"))

    def transfer(self, extension: str, *, replaces: Dialog | None = None) -> None:
        """Blind; attended where `replaces` is the consultation call."""
        to = f"sip:{extension}@{self.phone.server[0]}:{self.phone.server[1]}"
        if replaces:
            ids = f"{replaces.call_id};to-tag={_tag(replaces.remote)};from-tag={_tag(replaces.local)}"
            to += "?Replaces=" + ids.replace(";", "%3B").replace("=", "%3D")
        me = f"sip:{self.phone.user}@{self.phone.server[0]}"
        self.send("REFER", more=[f"Refer-To: <{to}>", f"Referred-By: <{me}>"])

    def send(
        self,
        method: str,
        *,
        cseq: int | None = None,
        branch: str = "",
        sdp: str = "",
        more: Sequence[str] = (),
    ) -> None:
        if cseq is None:
            cseq = self.cseq = self.cseq + 1
        lines = [
            f"From: {self.local}",
            f"To: {self.remote}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
        ]
        self.phone.request(method, self.target, branch or _new_branch(), [*lines, *more], sdp)


class SipPhone(asyncio.DatagramProtocol):
    """Rings whenever it is called; what it does then is up to who takes the `Dialog` from `incoming`."""

    def __init__(self, user: str, server: tuple[str, int], password: str = "") -> None:
        self.user, self.password, self.server = user, password, server
        self.dialogs: dict[str, Dialog] = {}
        self.incoming: asyncio.Queue[Dialog] = asyncio.Queue()
        self.registered = asyncio.Event()
        self.texts: list[str] = []
        self.refuses_texts = False
        self.tasks: set[asyncio.Task[None]] = set()
        self.numbers = itertools.count(1)
        self.transport: Any = None
        self.port = 0

    @classmethod
    async def open(cls, user: str, server: tuple[str, int], password: str = "") -> Self:
        """With a password it registers first."""
        loop = asyncio.get_running_loop()
        make = lambda: cls(user, server, password)  # noqa: E731
        _, phone = await loop.create_datagram_endpoint(make, local_addr=("127.0.0.1", 0))
        if password:
            await phone.register_for_sure()
        return phone

    async def register_for_sure(self) -> None:
        """What is sent to a server that is just starting gets lost, and is sent again (RFC 3261, section 17.1.2.2)."""
        async with asyncio.timeout(15):
            while not self.registered.is_set():
                self.register()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.registered.wait(), 1)

    def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.transport.close()

    def call(self, extension: str, *, number: str = "", display: str = "") -> Dialog:
        """`number` and `display` are what the From header says, by default the phone's user."""
        uri = f"sip:{extension}@{self.server[0]}:{self.server[1]}"
        name = f'"{display}" ' if display else ""
        local = f"{name}<sip:{number or self.user}@127.0.0.1>;tag={secrets.token_hex(4)}"
        dialog = Dialog(self, secrets.token_hex(8), local, f"<{uri}>", uri)
        self.dialogs[dialog.call_id] = dialog
        self.invite(dialog)
        return dialog

    def invite(self, dialog: Dialog, more: Sequence[str] = ()) -> None:
        dialog.branch = _new_branch()
        dialog.send("INVITE", cseq=dialog.cseq, branch=dialog.branch, sdp=self.sdp(), more=more)

    def register(self, more: Sequence[str] = ()) -> None:
        me = f"<sip:{self.user}@{self.server[0]}:{self.server[1]}>"
        number = next(self.numbers)
        lines = [
            f"From: {me};tag=r",
            f"To: {me}",
            f"Call-ID: register-{self.port}",
            f"CSeq: {number} REGISTER",
        ]
        self.request("REGISTER", self.registrar(), _new_branch(), [*lines, "Expires: 600", *more])

    def registrar(self) -> str:
        return f"sip:{self.server[0]}:{self.server[1]}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def sdp(self, direction: str = "sendrecv") -> str:
        lines = ["v=0", f"o=- 1 {next(self.numbers)} IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
        formats = ["a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15"]
        media = [f"m=audio {self.port} RTP/AVP 8 101", *formats, f"a={direction}", ""]
        return CRLF.join([*lines, *media])

    def request(self, method: str, target: str, branch: str, lines: Sequence[str], sdp: str = "") -> None:
        via = f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch={branch};rport"
        self.transmit([f"{method} {target} SIP/2.0", via, "Max-Forwards: 70", *lines], sdp)

    def respond(self, request: SipMessage, status: int, *, to: str = "", sdp: str = "") -> None:
        head = [f"SIP/2.0 {status} {REASONS[status]}", *(f"Via: {via}" for via in request.all("via"))]
        ids = [f"{name}: {request.get(name)}" for name in ("from", "call-id", "cseq")]
        self.transmit([*head, *ids, f"To: {to or request.get('to')}"], sdp)

    def transmit(self, head: Sequence[str], sdp: str) -> None:
        kind = ["Content-Type: application/sdp"] if sdp else []
        own = [f"Contact: <sip:{self.user}@127.0.0.1:{self.port}>", f"Allow: {ALLOW}", *kind]
        lines = [*head, *own, f"Content-Length: {len(sdp.encode())}", "", sdp]
        self.transport.sendto(CRLF.join(lines).encode(), self.server)

    def authorize(self, challenge: SipMessage, method: str, uri: str) -> list[str]:
        """The header that answers a 401 (RFC 2617, qop=auth)."""
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.get("www-authenticate")))
        own = _md5(f"{self.user}:{given['realm']}:{self.password}")
        proof = _md5(f"{own}:{given['nonce']}:00000001:cafe:auth:{_md5(f'{method}:{uri}')}")
        return [
            f'Authorization: Digest username="{self.user}", realm="{given["realm"]}", nonce="{given["nonce"]}", '
            f'uri="{uri}", response="{proof}", algorithm=MD5, qop=auth, nc=00000001, cnonce="cafe", '
            f'opaque="{given.get("opaque", "")}"'
        ]

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if data[:1] >= b"\x80":  # sound, to the port that the SDP named (RFC 7983)
            return
        message = SipMessage.parse(data)
        handle = self.handle_response if message.status else self.handle_request
        task = asyncio.get_running_loop().create_task(handle(message))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def handle_response(self, message: SipMessage) -> None:
        number, method = message.cseq
        if method == "REGISTER" and message.status == 401:
            self.register(self.authorize(message, "REGISTER", self.registrar()))
        elif method == "REGISTER" and message.status == 200:
            self.registered.set()
        dialog = self.dialogs.get(message.get("call-id"))
        if dialog is None or method != "INVITE" or message.status < 180:
            return
        if message.status < 200:
            await dialog.become("ringing")
        elif message.status < 300:
            dialog.remote = message.get("to")
            dialog.target = _uri(message.get("contact"))
            dialog.sound_port = int(message.body.partition("m=audio ")[2].partition(" ")[0])
            dialog.send("ACK", cseq=number)
            if dialog.state != "ended":
                await dialog.become("up")
        else:
            await self.handle_refusal(dialog, message)

    async def handle_refusal(self, dialog: Dialog, message: SipMessage) -> None:
        number, _ = message.cseq
        ids = [f"From: {dialog.local}", f"To: {message.get('to')}", f"Call-ID: {dialog.call_id}"]
        self.request("ACK", dialog.target, dialog.branch, [*ids, f"CSeq: {number} ACK"])
        if message.status == 401 and not dialog.authorized:
            dialog.authorized = True
            dialog.cseq += 1
            self.invite(dialog, self.authorize(message, "INVITE", dialog.target))
        else:
            await dialog.become("ended")

    async def handle_request(self, message: SipMessage) -> None:
        dialog = self.dialogs.get(message.get("call-id"))
        match message.cseq[1]:
            case "INVITE" if dialog is None:
                await self.handle_invite(message)
            case "INVITE":
                self.respond(message, 200, sdp=self.sdp())
            case "ACK":
                return
            case "MESSAGE":
                self.texts.append(message.body)
                self.respond(message, 405 if self.refuses_texts else 200)
            case "CANCEL" if dialog and dialog.state == "ringing":
                self.respond(message, 200)
                await dialog.answer(487)
            case "BYE" if dialog:
                self.respond(message, 200)
                await dialog.become("ended")
            case _:
                self.respond(message, 200)

    async def handle_invite(self, message: SipMessage) -> None:
        local = f"{message.get('to')};tag={secrets.token_hex(4)}"
        target = _uri(message.get("contact"))
        dialog = Dialog(self, message.get("call-id"), local, message.get("from"), target, invite=message)
        self.dialogs[dialog.call_id] = dialog
        self.respond(message, 100)
        await dialog.answer(180)
        self.incoming.put_nowait(dialog)


def _new_branch() -> str:
    return "z9hG4bK" + secrets.token_hex(8)


def _tag(header: str) -> str:
    return header.rpartition("tag=")[2].partition(";")[0]


def _uri(header: str) -> str:
    return header.partition("<")[2].partition(">")[0]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()

"""The agents' phones: `python -m benchmarks.pop_phones SIP_PORT ACCOUNTS`; ACCOUNTS is a JSON file, user to password.

All accounts register one UDP socket. It rings for whoever is put through and never answers. The time of an INVITE is
the kernel's, of its arrival on the socket (SO_TIMESTAMPNS, socket(7)): however busy this process is, it is not late.
Only what that takes of RFC 3261 and RFC 2617.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import socket
import struct
import sys
from pathlib import Path

from benchmarks.sightings import say, say_ready

SO_TIMESTAMPNS = 35
"""include/uapi/asm-generic/socket.h; the message that carries the time has the same number."""
TIMESPEC = struct.Struct("qq")
CRLF = "\r\n"
TAG = ";tag=phone"


class Phones:
    def __init__(self, server_port: int) -> None:
        self._server = ("127.0.0.1", server_port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._port = self._socket.getsockname()[1]

    def register(self, user: str, password: str) -> None:
        """Raises RuntimeError when it is refused."""
        call_id = secrets.token_hex(8)
        refused = self._ask_registration(user, call_id, 1, "")
        challenge = dict(re.findall(r'(\w+)="?([^",\r]+)', header(refused, "WWW-Authenticate")))
        answer = self._ask_registration(user, call_id, 2, self._prove(user, password, challenge))
        if not answer.startswith("SIP/2.0 200"):
            raise RuntimeError(f"{user} may not register: {answer.splitlines()[0]}")

    def serve(self) -> None:
        """Ring for every INVITE, and give up when the server does. Never returns."""
        while True:
            message, at = self._receive()
            match message.partition(" ")[0]:
                case "INVITE":
                    self._respond(message, "180 Ringing")
                    caller = re.search(r"sip:([^@>;]*)", header(message, "From"))
                    # The account is the user of the Contact that was registered, hence of the request's URI.
                    user = re.match(r"INVITE sip:agent-(\d+)@", message)
                    assert caller and user, message
                    say(caller[1], user[1], at)
                case "CANCEL":
                    self._respond(message, "200 OK")
                    self._respond(message.replace(" CANCEL\r\n", " INVITE\r\n"), "487 Request Terminated")
                case "BYE" | "NOTIFY" | "OPTIONS":
                    self._respond(message, "200 OK")

    def _ask_registration(self, user: str, call_id: str, number: int, proof: str) -> str:
        here = f"127.0.0.1:{self._port}"
        lines = [
            f"REGISTER sip:127.0.0.1:{self._server[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{secrets.token_hex(6)}",
            f"From: <sip:{user}@127.0.0.1>;tag={call_id}",
            f"To: <sip:{user}@127.0.0.1>",
            f"Call-ID: {call_id}",
            f"CSeq: {number} REGISTER",
            f"Contact: <sip:{user}@{here}>",
            "Expires: 3600",
            "Max-Forwards: 70",
            *([f"Authorization: {proof}"] if proof else []),
            "Content-Length: 0",
        ]
        self._socket.sendto((CRLF.join(lines) + CRLF * 2).encode(), self._server)
        while not (answer := self._receive()[0]).startswith("SIP/2.0"):  # a waiting-messages NOTIFY
            self._respond(answer, "200 OK")
        return answer

    def _prove(self, user: str, password: str, challenge: dict[str, str]) -> str:
        """Digest with qop=auth, RFC 2617 section 3.2.2."""
        uri, mine, realm, nonce = (
            f"sip:127.0.0.1:{self._server[1]}",
            "0a0b0c0d",
            challenge["realm"],
            challenge["nonce"],
        )
        ours = md5(
            f"{md5(f'{user}:{realm}:{password}')}:{nonce}:00000001:{mine}:auth:{md5(f'REGISTER:{uri}')}"
        )
        return (
            f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{ours}", '
            f'opaque="{challenge.get("opaque", "")}", algorithm=MD5, qop=auth, nc=00000001, cnonce="{mine}"'
        )

    def _receive(self) -> tuple[str, float]:
        data, ancillary, _, _ = self._socket.recvmsg(65_535, socket.CMSG_SPACE(TIMESPEC.size))
        seconds, nanoseconds = TIMESPEC.unpack(ancillary[0][2])
        return data.decode("utf-8", "replace"), seconds + nanoseconds / 1e9

    def _respond(self, request: str, status: str) -> None:
        """The response takes these headers from its request (RFC 3261 section 8.2.6.2)."""
        user = re.match(r"\w+ sip:([^@ ]*)", request)
        to = header(request, "To")
        lines = [
            f"SIP/2.0 {status}",
            *(f"Via: {via}" for via in re.findall(r"^Via: (.*)\r$", request, re.MULTILINE)),
            f"From: {header(request, 'From')}",
            f"To: {to if ';tag=' in to else to + TAG}",
            f"Call-ID: {header(request, 'Call-ID')}",
            f"CSeq: {header(request, 'CSeq')}",
            f"Contact: <sip:{user[1] if user else ''}@127.0.0.1:{self._port}>",
            "Content-Length: 0",
        ]
        self._socket.sendto((CRLF.join(lines) + CRLF * 2).encode(), self._server)


def header(message: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)\r$", message, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def main(server_port: int, accounts: Path) -> None:
    phones = Phones(server_port)
    for user, password in json.loads(accounts.read_text("utf-8")).items():
        phones.register(user, password)
    say_ready()
    phones.serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))

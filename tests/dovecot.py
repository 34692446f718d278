"""A real IMAP server of a test's own: Debian's Dovecot, a temporary folder, one port of this machine.

It needs no root: as root it runs as the user that Debian's package made.
"""

from __future__ import annotations

import getpass
import imaplib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.e2e.harness import children_of, is_running

PASSWORD = "pässwörd'#42"
PROGRAM = "/usr/sbin/dovecot"
_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
imap_capability = {capability}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


class Dovecot:
    """`stop` and `start` may be repeated and keep the mail. Without TLS, and by STARTTLS, at `port`; by TLS at `tls_port`."""

    def __init__(self, *, idles: bool = True) -> None:
        assert Path(PROGRAM).exists(), "no Dovecot: 'make test' installs it (setup/debian-packages.txt)"
        self._folder = Path(tempfile.mkdtemp(prefix="omniline-imap-"))
        self._as: dict[str, Any] = {}
        user = getpass.getuser()
        if os.geteuid() == 0:
            user = "dovecot"
            shutil.chown(self._folder, user, user)
            self._as = {"user": user, "group": user, "extra_groups": []}
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            self.port: int = one.getsockname()[1]
            self.tls_port: int = other.getsockname()[1]
        self.certificate = self._folder / "cert.pem"
        """That of `localhost`, signed by itself."""
        make = (
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        )
        files = ("-keyout", self._folder / "key.pem", "-out", self.certificate)
        names = ("-addext", "subjectAltName=DNS:localhost")
        subprocess.run([*make, *files, *names], check=True, capture_output=True, cwd="/", **self._as)
        group = subprocess.run(["id", "-gn", user], capture_output=True, text=True, check=True).stdout.strip()
        self._config = self._folder / "dovecot.conf"
        self._config.write_text(
            _CONFIG.format(
                folder=self._folder,
                user=user,
                group=group,
                port=self.port,
                tls_port=self.tls_port,
                password=PASSWORD,
                capability="" if idles else "IMAP4rev1 UIDPLUS LITERAL+",
            )
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Returns when it takes connections."""
        self._process = subprocess.Popen([PROGRAM, "-F", "-c", self._config], cwd="/", **self._as)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self._process.poll() is None, self.log
                assert time.monotonic() < deadline, "Dovecot does not start"
                time.sleep(0.01)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text() if (self._folder / "log").exists() else ""

    def stop(self) -> None:
        """Every connection ends with it: also those who serve one are gone then."""
        assert self._process is not None
        serving = children_of(self.pid)
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)
        deadline = time.monotonic() + 20
        while any(map(is_running, serving)):
            assert time.monotonic() < deadline, "Dovecot does not end"
            time.sleep(0.01)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def append(self, user: str, *mails: bytes, flags: str = "") -> None:
        """Mail arrives."""
        with imaplib.IMAP4("127.0.0.1", self.port) as client:
            client.authenticate("PLAIN", lambda _: f"\0{user}\0{PASSWORD}".encode())
            for mail in mails:
                status, answer = client.append("INBOX", flags, None, mail)
                assert status == "OK", answer

    def deliver(self, user: str, mails: Iterable[bytes]) -> Callable[[], int]:
        """Put mail into the Maildir itself. What is returned lets all of it arrive at once, and says how much."""
        box = self._folder / "mail" / user
        for name in ("", "tmp", "new", "cur"):
            (box / name).mkdir(parents=True, exist_ok=True)
            self._give(box / name)
        written = list[Path]()
        for mail in mails:
            path = box / "tmp" / f"{time.time_ns()}.{len(written)}.test"
            path.write_bytes(mail)
            self._give(path)
            written.append(path)

        def arrive() -> int:
            for path in written:
                path.rename(box / "new" / path.name)
            return len(written)

        return arrive

    def _give(self, path: Path) -> None:
        if self._as:
            shutil.chown(path, self._as["user"], self._as["group"])

    def number_anew(self, user: str) -> None:
        """Between `stop` and `start`: its mail gets new numbers, under another UIDVALIDITY."""
        box = self._folder / "mail" / user
        for path in box.glob("dovecot*"):
            path.unlink()
        mails = [*(box / "cur").iterdir(), *(box / "new").iterdir()]
        assert mails

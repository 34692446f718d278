"""SIPp as a phone: register, call, answer, ring, refuse, give up.

One SIPp process is one telephone doing one thing. The scenarios lie beside this module; what varies is
filled in before SIPp reads them, so that no password stands on a command line.
"""

from __future__ import annotations

import asyncio
import re
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pbx.errors import Rejected, Transient

SCENARIOS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class Line:
    """Where the phone lives and whom it talks to: loopback addresses and ports of this one phone.

    `rtp_port` is the first of a range of ten. `command` starts SIPp, as an argument list.
    """

    command: tuple[str, ...]
    workdir: Path
    server_host: str
    server_port: int
    local_port: int
    rtp_port: int
    local_host: str = "127.0.0.1"


class RunningScenario:
    """A SIPp process at work. `messages` is the file with every SIP message it saw."""

    def __init__(self, process: asyncio.subprocess.Process, messages: Path, errors: Path) -> None:
        self._process = process
        self.messages = messages
        self._errors = errors

    async def wait(self, timeout: float) -> bool:
        """True when the scenario went through, False when the other side did something else.

        Raises Transient when it has not ended after `timeout` seconds (it is stopped then).
        """
        try:
            async with asyncio.timeout(timeout):
                return await self._process.wait() == 0
        except TimeoutError:
            await self.stop()
            raise Transient(f"the test phone did not finish in {timeout:g} s, see {self.messages}") from None

    async def stop(self) -> None:
        """Ends it at once; harmless when it has ended."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    def read_messages(self) -> str:
        return self.messages.read_text("utf-8", "replace") if self.messages.exists() else ""


async def start(line: Line, scenario: str, *, timeout: float = 120, **values: str | int) -> RunningScenario:
    """Starts `scenarios/<scenario>.xml` with its `{{values}}` filled in.

    SIPp itself gives up after `timeout` seconds. Raises Rejected for a value that would break out of its line
    and for one that the scenario misses.
    """
    line.workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix=f"{scenario}-{line.local_port}-", dir=line.workdir))
    path = folder / "scenario.xml"
    path.write_text(_filled(SCENARIOS / f"{scenario}.xml", values), "utf-8")
    messages = folder / "messages.log"
    output = (folder / "output.log").open("wb")
    with output:
        process = await asyncio.create_subprocess_exec(
            *line.command,
            f"{line.server_host}:{line.server_port}",
            *("-sf", str(path), "-m", "1", "-i", line.local_host, "-p", str(line.local_port)),
            *(
                "-mi",
                line.local_host,
                "-min_rtp_port",
                str(line.rtp_port),
                "-max_rtp_port",
                str(line.rtp_port + 9),
            ),
            *("-timeout", f"{int(timeout)}s", "-timeout_error", "-nostdin"),
            *(
                "-trace_msg",
                "-message_file",
                str(messages),
                "-trace_err",
                "-error_file",
                str(folder / "errors.log"),
            ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            cwd=folder,
        )
    return RunningScenario(process, messages, folder / "errors.log")


async def register(line: Line, user: str, password: str, *, expires: int = 600) -> None:
    """Registers `user` at the server, with a contact at the line's own port. Raises Rejected when refused."""
    running = await start(line, "register", timeout=10, user=user, password=password, expires=expires)
    if not await running.wait(15):
        raise Rejected(f"the server did not take the registration of {user}: see {running.messages.parent}")


def caller_header(number: str, name: str = "") -> str:
    """The From header of a caller; `anonymous` and the empty string withhold the number (RFC 3323 section 4.1.1.3)."""
    if number in ("", "anonymous"):
        return '"Anonymous" <sip:anonymous@anonymous.invalid>'
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    user = quote(number, safe="+-_.!~*'()&=$,;?/")  # RFC 3261 section 25.1, user
    return f'"{quoted}" <sip:{user}@127.0.0.1>' if name else f"<sip:{user}@127.0.0.1>"


def _filled(path: Path, values: dict[str, str | int]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise Rejected(f"the scenario {path.stem} needs a value for {name}")
        text = str(values[name])
        if any(c in text for c in "\r\n\0") or "]]>" in text:
            raise Rejected(f"the value of {name} has a control character")
        return text

    return re.sub(r"\{\{(\w+)\}\}", value, path.read_text("utf-8"))

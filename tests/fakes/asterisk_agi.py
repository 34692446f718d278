"""Asterisk's side of FastAGI: opens a session as `AGI()` does, reads commands as res_agi.c does, and obeys MSet.

The reading of a command line follows `parse_args` of res/res_agi.c and `__ast_app_separate_args` of main/app.c,
so that a value which would break out of its place breaks out here too.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

ENVIRONMENT = {
    "agi_network": "yes",
    "agi_network_script": "identify_caller",
    "agi_request": "agi://127.0.0.1:4573/identify_caller",
    "agi_channel": "PJSIP/trunk-loopback-00000001",
    "agi_language": "en",
    "agi_type": "PJSIP",
    "agi_uniqueid": "1795380874.3",
    "agi_version": "22.10.1",
    "agi_callerid": "+380671234567",
    "agi_calleridname": "unknown",
    "agi_callingpres": "0",
    "agi_callingani2": "0",
    "agi_callington": "0",
    "agi_callingtns": "0",
    "agi_dnid": "+380445550100",
    "agi_rdnis": "unknown",
    "agi_context": "from-trunk",
    "agi_extension": "+380445550100",
    "agi_priority": "3",
    "agi_enhanced": "0.0",
    "agi_accountcode": "",
    "agi_threadid": "139901850183360",
    "agi_arg_1": "+380445550100",
}


def write_environment(**changes: str) -> bytes:
    lines = [f"{key}: {value}\n" for key, value in (ENVIRONMENT | changes).items()]
    return "".join([*lines, "\n"]).encode("utf-8", "surrogateescape")


def split_command(line: str) -> list[str]:
    """Words of an AGI command; quotes group, a backslash makes the next character literal."""
    words: list[str] = []
    current: list[str] | None = None
    quoted = escaped = False
    for c in line:
        if c == '"' and not escaped:
            quoted = not quoted
            current = [] if current is None else current
        elif c in " \t" and not quoted and not escaped:
            if current is not None:
                words.append("".join(current))
            current = None
        elif c == "\\" and not escaped:
            escaped = True
            continue
        else:
            current = [] if current is None else current
            current.append(c)
        escaped = False
    return words if current is None else [*words, "".join(current)]


def separate_arguments(text: str) -> list[str]:
    """An application's arguments: split at commas outside of quotes, parentheses and brackets."""
    arguments = [""]
    parentheses = brackets = 0
    quoted = False
    characters = iter(text)
    for c in characters:
        if c == "(":
            parentheses += 1
        elif c == ")":
            parentheses = max(0, parentheses - 1)
        elif c == "[":
            brackets += 1
        elif c == "]":
            brackets = max(0, brackets - 1)
        elif c == '"':
            quoted = not quoted
            continue
        elif c == "\\":
            arguments[-1] += next(characters, "")
            continue
        elif c == "," and not (parentheses or brackets or quoted):
            arguments.append("")
            continue
        arguments[-1] += c
    return arguments


@dataclass
class Channel:
    """One session: what was asked of it.

    `elapsed` is from connecting until the server closed, in seconds; `held` is what the server answers for of it: without
    the time for which this thread, its loop's as well, stood in line for a processor.
    """

    commands: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    elapsed: float = 0.0
    held: float = 0.0

    def obey(self, line: str) -> str:
        """Carry out one command; the reply."""
        self.commands.append(line)
        words = split_command(line)
        if words[:2] == ["EXEC", "MSet"] and len(words) == 3:
            for pair in separate_arguments(words[2]):
                name, _, value = pair.partition("=")
                self.variables[name] = value
            return "200 result=0"
        return "510 Invalid or unknown command"


async def call(
    port: int, environment: bytes | None = None, replies: list[str] | None = None, host: str = "127.0.0.1"
) -> Channel:
    """A call's whole AGI session, until the server closes. `replies` are sent instead of the right ones, in turn."""
    channel = Channel()
    scripted = iter(replies or [])
    loop = asyncio.get_running_loop()
    began, in_line = loop.time(), seconds_in_line()
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(write_environment() if environment is None else environment)
        while line := await reader.readline():
            answer = channel.obey(line.decode().rstrip("\n"))
            writer.write((next(scripted, answer) + "\n").encode())
    except ConnectionError:
        pass  # aborted by the server: as good as closed for Asterisk
    finally:
        writer.close()
    channel.elapsed = loop.time() - began
    channel.held = channel.elapsed - (seconds_in_line() - in_line)
    return channel


def seconds_in_line() -> float:
    """For how long this thread could have run and had no processor (Linux, Documentation/scheduler/sched-stats.rst); 0
    where the kernel does not count."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text("ascii").split()[1]) / 1e9
    except FileNotFoundError:
        return 0.0

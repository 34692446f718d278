"""Who vouches for the sender of a mail: the Authentication-Results (RFC 8601) that our own mail server wrote on top.

Only those of the configured server are looked at: anybody can write one, and a server removes those that carry its name.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from email.message import Message
from typing import Final, NamedTuple

from bridge.domain.mail import values_of

_COMMENT: Final = re.compile(r"\([^()]*\)")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PAIR: Final = re.compile(r"([\w.-]+)\s*=\s*([^\s;]+)")
_LONGEST: Final = 10_000


class Verdict(enum.Enum):
    PROVEN = "proven"
    """The sender's domain has signed it, or says by DMARC that it is its own."""
    NONE = "none"
    """Nobody says anything of it."""
    FORGED = "forged"
    """The sender's domain says that it is not its own."""


class _Result(NamedTuple):
    """What was found by `method`; `properties` such as header.d, in lower case."""

    method: str
    result: str
    properties: dict[str, str]


class Judgement(NamedTuple):
    """`by` is the method that says that it is forged, "" for any other verdict."""

    verdict: Verdict
    by: str = ""


def judge(message: Message, sender: str, server: str) -> Judgement:
    """Of a mail whose one From address is `sender`; `server` is the authserv-id of ours, "" for none that is trusted."""
    if not server:
        return Judgement(Verdict.NONE)
    domain = sender.rpartition("@")[2].lower()
    results = [
        result for value in values_of(message, "Authentication-Results") for result in _read(value, server)
    ]
    dmarc = {each.result for each in results if each.method == "dmarc" and _of(each, "header.from", domain)}
    signed = {each.result for each in results if each.method == "dkim" and _signs(each, domain)}
    sent = {each.result for each in results if each.method == "spf" and _of(each, "smtp.mailfrom", domain)}
    if "pass" in dmarc or ("pass" in signed and "fail" not in dmarc):
        return Judgement(Verdict.PROVEN)
    for method, said in (("dmarc", dmarc), ("dkim", signed), ("spf", sent)):
        if "fail" in said:
            return Judgement(Verdict.FORGED, method)
    return Judgement(Verdict.NONE)


def _read(value: str, server: str) -> Iterator[_Result]:
    text = value[:_LONGEST]
    # Comments may be nested: from the inside out.
    while (plain := _COMMENT.sub(" ", text)) != text:
        text = plain
    name, _, rest = _QUOTED.sub(lambda found: found[1].replace(";", " "), text).partition(";")
    if name.split()[:1] != [server]:
        return
    for part in rest.split(";"):
        pairs = [(key.lower(), given.lower()) for key, given in _PAIR.findall(part)]
        if pairs:
            (method, result), *properties = pairs
            yield _Result(method.partition("/")[0], result, dict(properties))


def _of(result: _Result, name: str, domain: str) -> bool:
    return result.properties.get(name, "").rpartition("@")[2] == domain


def _signs(result: _Result, domain: str) -> bool:
    """Whether who signed is the sender's domain, or one that it is part of (RFC 7489, section 3.1.1, relaxed)."""
    signer = result.properties.get("header.d") or result.properties.get("header.i", "").rpartition("@")[2]
    return bool(signer) and "." in signer and f".{domain}".endswith(f".{signer}")

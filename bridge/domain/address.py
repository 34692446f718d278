"""Addresses in their canonical form: two strings that reach the same person are the same text."""

from __future__ import annotations

import re

from bridge.domain.customer import Identity, Strength
from bridge.errors import InvalidInput
from pbx import number

_EMAIL_LENGTH = 254  # RFC 5321, section 4.5.3.1.3 with the brackets off
_LOCAL_PART = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_TELEGRAM = re.compile(r"\d{1,20}|@[a-z][a-z0-9_]{3,31}")
_KIND = re.compile(r"[a-z][a-z0-9_]{1,15}")
_OTHER_LENGTH = 128


def canonical_email(raw: str) -> str:
    """Lower case and IDNA; dots and +tags are kept, for some servers tell them apart. Raises InvalidInput."""
    local, at, host = raw.strip().rpartition("@")
    try:
        host = host.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = ""
    address = f"{local.lower()}{at}{host}"
    if len(address) > _EMAIL_LENGTH or not _LOCAL_PART.fullmatch(local) or not _HOST.fullmatch(host):
        raise InvalidInput(f"{raw[:80]!r} is not an e-mail address")
    return address


def canonical_phone(raw: str, region: str) -> tuple[str, str | None]:
    """E.164 and the sub-number, if there is one. Raises InvalidInput for what is no valid public number."""
    parsed = number.parse(raw, region)
    if parsed.e164 is None:
        raise InvalidInput(f"{raw[:80]!r} is not a valid number in {region}")
    return parsed.e164, parsed.extension


def canonical_telegram(raw: str) -> str:
    """The numeric id, or the user name with its @ in lower case. Raises InvalidInput."""
    text = raw.strip().lower()
    address = text if text.isdecimal() or text.startswith("@") else f"@{text}"
    if not _TELEGRAM.fullmatch(address):
        raise InvalidInput(f"{raw[:80]!r} is not a Telegram user")
    return address


def canonical(kind: str, raw: str, region: str, *, strength: Strength = Strength.CLAIMED) -> Identity:
    """The identity that `raw` names. Raises InvalidInput."""
    if kind == "phone":
        return Identity("phone", canonical_phone(raw, region)[0], strength=strength)
    if kind == "email":
        return Identity("email", canonical_email(raw), strength=strength)
    if kind == "telegram":
        return Identity("telegram", canonical_telegram(raw), strength=strength)
    address = raw.strip()
    if not _KIND.fullmatch(kind) or not 0 < len(address) <= _OTHER_LENGTH or not address.isprintable():
        raise InvalidInput(f"{kind[:20]!r} {raw[:80]!r} is not an address")
    return Identity(kind, address, strength=strength)

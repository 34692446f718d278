"""How providers sign: an HMAC of the raw body, or a secret that they show. Compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac

from bridge.errors import Forbidden


def sign(body: bytes, secret: str) -> str:
    """HMAC-SHA256 of the raw body in base64 (RFC 2104, RFC 4648 section 4)."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def sign_hex(body: bytes, secret: str) -> str:
    """The same in hexadecimal, as GitHub and Meta have it."""
    return hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def check(given: str | None, wanted: str) -> None:
    """Raises Forbidden unless they are the same."""
    if not hmac.compare_digest((given or "").encode("utf-8", "replace"), wanted.encode()):
        raise Forbidden("the signature is missing or wrong")


def digest(body: bytes) -> str:
    """What names a body that names itself in no other way."""
    return hashlib.sha256(body).hexdigest()

"""What a browser shows to be the visitor it was, and a site to say who its user is. All keyed by the inbox's secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from typing import Final

from bridge.errors import Forbidden

_MAC: Final = 32


class Keys:
    """Of one inbox. What is signed for one purpose is worth nothing for another."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._visitor = hmac.digest(self._secret, b"visitor", hashlib.sha256)
        self._file = hmac.digest(self._secret, b"file", hashlib.sha256)
        self._code = hmac.digest(self._secret, b"code", hashlib.sha256)

    def sign_visitor(self, visitor_id: str) -> str:
        """The token of a visitor, which only the browser keeps."""
        raw = uuid.UUID(visitor_id).bytes
        return base64.urlsafe_b64encode(raw + hmac.digest(self._visitor, raw, hashlib.sha256)).decode()

    def read_visitor(self, token: str) -> str:
        """The visitor's id. Raises Forbidden for what we have not signed."""
        raw = _decoded(token)
        made = hmac.digest(self._visitor, raw[:-_MAC], hashlib.sha256)
        if len(raw) != _MAC + 16 or not hmac.compare_digest(made, raw[-_MAC:]):
            raise Forbidden("this is no token of ours")
        return str(uuid.UUID(bytes=raw[:-_MAC]))

    def sign_file(self, visitor_id: str, said: bytes) -> str:
        """What the browser shows to have sent a file that is kept: `said` is what is known of it."""
        mac = hmac.digest(self._file, visitor_id.encode() + said, hashlib.sha256)
        return base64.urlsafe_b64encode(said + mac).decode()

    def read_file(self, visitor_id: str, token: str) -> bytes:
        """What is known of a file of this visitor. Raises Forbidden."""
        raw = _decoded(token)
        made = hmac.digest(self._file, visitor_id.encode() + raw[:-_MAC], hashlib.sha256)
        if not hmac.compare_digest(made, raw[-_MAC:]):
            raise Forbidden("this is no token of ours")
        return raw[:-_MAC]

    def hash_code(self, visitor_id: str, code: str) -> str:
        """What is kept of a code: six digits are too few for a hash that anybody can make."""
        return hmac.new(self._code, f"{visitor_id}/{code}".encode(), hashlib.sha256).hexdigest()

    def check_user(self, user: str, signature: str) -> None:
        """The site's word for who its user is: HMAC-SHA256 in hex, keyed by the inbox's secret. Raises Forbidden."""
        made = hmac.new(self._secret, user.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(made.encode(), signature.lower().encode("utf-8", "replace")):
            raise Forbidden("the signature of the user is missing or wrong")


def _decoded(token: str) -> bytes:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError) as error:
        raise Forbidden("this is no token of ours") from error

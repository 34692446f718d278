"""Errors of the bridge, named by what the one who gets them should do.

OmnilineError
├── InvalidInput    what was given is wrong: the message names what, where and what to do
├── NotFound        no such thing, or not for you
├── Forbidden       known, but not allowed
├── Conflict        it changed meanwhile: read again and decide
├── NotAllowed      it may not be written to them there, and why: choose another way to them
├── RateLimited     too often: wait `retry_after` seconds
├── Transient       try again later
├── Rejected        a provider will never take it: the message is the provider's
└── AnswerLost      it was sent, and nobody knows what became of it: only a person may send it again
"""

from __future__ import annotations

from collections.abc import Mapping


class OmnilineError(Exception):
    """Base of all errors that the bridge raises on purpose. The message is fit for the user."""


class InvalidInput(OmnilineError):
    """`where` is the key, column, line or JSON path that is wrong."""

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class NotFound(OmnilineError):
    """No such thing, or not one that the asker may see: the answer is the same."""


class Forbidden(OmnilineError):
    """Known and not allowed."""


class Conflict(OmnilineError):
    """Somebody else changed it first, or something has to be done before. `code` is what, for programs."""

    def __init__(self, message: str, *, code: str = "conflict") -> None:
        super().__init__(message)
        self.code = code


class NotAllowed(OmnilineError):
    """`code` is why, for programs. `others` are the other channels on which the person is known, with their newest
    conversation there, None where there is none."""

    def __init__(self, message: str, *, code: str, others: Mapping[str, str | None]) -> None:
        super().__init__(message)
        self.code = code
        self.others = others


class RateLimited(OmnilineError):
    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Transient(OmnilineError):
    """Not possible now; the same request may succeed later."""


class Rejected(OmnilineError):
    """A provider does not take it, now or later."""


class AnswerLost(OmnilineError):
    """It may have happened or not."""

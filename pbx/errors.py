"""Errors of the PBX half, named by what the one who gets them should do.

PbxError
├── Rejected    it was wrong and stays wrong: change the request (or the configuration)
└── Transient   try again later: Asterisk is away or busy
"""


class PbxError(Exception):
    """Base of all errors that the PBX half raises on purpose."""


class Rejected(PbxError):
    """Refused for good; the message says what to change."""


class Transient(PbxError):
    """Not possible now; the same request may succeed later."""

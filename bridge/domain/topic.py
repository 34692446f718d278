"""What is handed on as work after the transaction that caused it, and to whom: one outbox row per consumer group.

A consumer group does each piece of work once in the end, however many processes it has.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class Topic(enum.StrEnum):
    TRANSCRIBE = "transcribe"
    """A recording is ready. The key is its id."""
    RECEIVE = "receive"
    """Something arrived from outside. The key is the arrival's id."""
    FETCH = "fetch"
    """A message brought a file that is still with its provider. The key is the attachment's id."""
    DELIVER = "deliver"
    """Something was written to a customer. The key is the conversation's id."""


class Group(enum.StrEnum):
    TRANSCRIBER = "transcriber"
    """Turns recordings into words."""
    RECEIVER = "receiver"
    """Makes entries of what arrives."""
    FETCHER = "fetcher"
    """Gets the files of messages from their providers."""
    DELIVERER = "deliverer"
    """Sends what we write."""


GROUPS: Final[Mapping[Topic, tuple[Group, ...]]] = MappingProxyType(
    {
        Topic.TRANSCRIBE: (Group.TRANSCRIBER,),
        Topic.RECEIVE: (Group.RECEIVER,),
        Topic.FETCH: (Group.FETCHER,),
        Topic.DELIVER: (Group.DELIVERER,),
    }
)

"""Identifiers of ours: UUID version 7 as text (RFC 9562, section 5.7), so that ids sort by the time they were made."""

from __future__ import annotations

import os
import threading
import time
import uuid

CHANCE_BYTES = 4096
"""Asked of the system at once: asking it costs several times the rest of an id."""

_lock = threading.Lock()
_last = 0
_chance = b""


def new_id() -> str:
    """A new uuid7, 36 characters, greater than every one this process made before (RFC 9562, section 6.2, method 3)."""
    global _last, _chance
    now = time.time_ns()
    milliseconds, rest = divmod(now, 1_000_000)
    # 12 bits of sub-millisecond time in rand_a keep the order inside one millisecond.
    stamp = (milliseconds << 12) | (rest * 4096 // 1_000_000)
    with _lock:
        _last = stamp = max(stamp, _last + 1)
        if not _chance:
            _chance = os.urandom(CHANCE_BYTES)
        chance, _chance = _chance[:8], _chance[8:]
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62
    value |= int.from_bytes(chance) >> 2
    return str(uuid.UUID(int=value))

"""Asterisk, and the programs of the test phone: the machine's own, else a prefix of this user."""

from __future__ import annotations

from pbx.asterisk.find import find_program, find_system_asterisk
from pbx.asterisk.prefix import find_prefix, install
from setup.say import say, step


def ensure_asterisk() -> None:
    """Fetch the prefix unless it is there, or the machine has all that is in it."""
    if find_prefix() or (find_system_asterisk() and find_program("sipp") and find_program("espeak-ng")):
        return
    with step("Asterisk 22 and its test phone from Debian, for this user alone (about 110 MB)"):
        install(say)

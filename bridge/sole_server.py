"""One server a home: a second one would adopt the first one's Asterisk, and hang its calls up when it leaves."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.errors import InvalidInput


@contextmanager
def sole_server(home: Path) -> Iterator[None]:
    """Holds the home for this process. Raises InvalidInput while another server holds it.

    The lock is on the folder itself: it needs no file, so no free disk, and ends with the process however that ends.
    """
    descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InvalidInput(
                "another Omniline runs from this home: stop it, or set OMNILINE_HOME to another one",
                where=str(home),
            ) from error
        yield
    finally:
        os.close(descriptor)

"""Text from strangers, made fit to be kept: what no database or screen can take is replaced, never guessed."""

from __future__ import annotations

_REPLACED = {0: "\ufffd", **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}


def storable(text: str) -> str:
    """`text` with NUL and broken halves of letters as U+FFFD, and one kind of line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_REPLACED)


def decoded(data: bytes, charset: str | None) -> str:
    """`data` as text: in the charset it names, else as UTF-8, else as Windows-1251, which our customers' old mailers use."""
    for name in (charset, "utf-8", "windows-1251"):
        try:
            return storable(data.decode(name or "utf-8"))
        except (LookupError, UnicodeDecodeError):
            continue
    return storable(data.decode("utf-8", "replace"))

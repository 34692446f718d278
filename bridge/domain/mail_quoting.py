"""What the writer of a mail wrote, apart from what they quote: English, Russian and Ukrainian mailers.

By lines and in linear time: mail comes from strangers, and a pattern over the whole text can be made to run for ever.
"""

from __future__ import annotations

import re

_WROTE = re.compile(
    r"\b(?:wrote|writes|пишет|написал(?:а|\(а\))?|писал(?:а|\(а\))?|пише|написав(?:ла|\(ла\))?|написала|писав|писала)\b",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"[-_* ]{2,}(?:original message|forwarded message|исходное сообщение|пересылаемое сообщение|"
    r"пересланное сообщение|оригінальне повідомлення|переслане повідомлення|початкове повідомлення)[-_* ]*",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"[*> ]{0,4}(?:from|sent|date|to|subject|от|от кого|отправлено|дата|кому|тема|від|від кого|надіслано|відправлено)[*]?:",
    re.IGNORECASE,
)
_LONGEST_ATTRIBUTION = 300


def fold_quotes(text: str) -> tuple[str, str]:
    """(what was written, what was quoted). An answer between the lines of a quotation stays together, unfolded."""
    lines = text.split("\n")
    end = _find_history(lines)
    quoted = _quoted_lines(lines[:end])
    kept = [index for index in range(end) if index not in quoted]
    written = [index for index in kept if lines[index].strip()]
    if not written:
        return text.strip(), ""
    between = any(written[0] < index < written[-1] for index in quoted)
    if between:
        kept, quoted = list(range(end)), set()
    folded = [*(lines[index] for index in sorted(quoted)), *lines[end:]]
    return "\n".join(lines[index] for index in kept).strip(), "\n".join(folded).strip()


def fold_signature(text: str) -> tuple[str, str]:
    """(what was written, what it is signed with), apart at the mark that mailers set (RFC 3676, section 4.3)."""
    written, mark, signature = f"\n{text}".rpartition("\n-- \n")
    return (written.strip(), signature.strip()) if mark and written.strip() else (text, "")


def _find_history(lines: list[str]) -> int:
    """The first line of what a mailer appends whole below the answer (Outlook), or the number of lines."""
    for index, line in enumerate(lines):
        if len(line) > _LONGEST_ATTRIBUTION:
            continue
        if _SEPARATOR.fullmatch(line.strip()):
            return index
        if _HEADER.match(line) and sum(1 for next_ in lines[index : index + 5] if _HEADER.match(next_)) >= 3:
            return index
    return len(lines)


def _quoted_lines(lines: list[str]) -> set[int]:
    """Indexes of "> " lines and of the lines that say who wrote them."""
    quoted = {index for index, line in enumerate(lines) if line.lstrip().startswith(">")}
    for index in sorted(quoted):
        if index - 1 not in quoted:
            quoted.update(_attribution(lines, index))
    return quoted


def _attribution(lines: list[str], first: int) -> list[int]:
    """The one or two lines above a quotation that end in a colon and name a writer or an address."""
    last = first - 1
    while last >= 0 and not lines[last].strip():
        last -= 1
    if last < 0 or not lines[last].rstrip().endswith(":") or len(lines[last]) > _LONGEST_ATTRIBUTION:
        return []
    if _names_writer(lines[last]):
        starts_here = last == 0 or not lines[last - 1].strip() or len(lines[last].split()) > 4
        return [last] if starts_here else [last - 1, last]
    return []


def _names_writer(line: str) -> bool:
    return _WROTE.search(line) is not None or "@" in line

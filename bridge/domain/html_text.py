"""The words of an HTML mail as plain text: nothing of it is ever run, fetched or shown as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote

MOST = 2_000_000
"""Characters of HTML that are read; what follows is left to the attachment that the mail keeps."""

_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object"})
_BREAKING = frozenset(
    {
        "p",
        "div",
        "br",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "hr",
    }
    | {"section", "article", "header", "footer", "dt", "dd"}
)
_SPACES = re.compile(r"[ \t\f\v\xa0]+")
_BLANK_LINES = re.compile(r"\n{3,}")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0
        self.quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        if tag == "blockquote":
            self.quoted += 1
        if tag in _BREAKING:
            self._break()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKING:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        if tag == "blockquote":
            self.quoted = max(0, self.quoted - 1)
        if tag in _BREAKING:
            self._break()

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(_SPACES.sub(" ", data.replace("\n", " ")))

    def _break(self) -> None:
        """A new line; inside a quotation it begins as plain text marks one."""
        self.parts.append("\n" + "> " * min(self.quoted, 9))


def html_to_text(html: str) -> str:
    """Never raises; block elements become lines, `blockquote` lines begin with "> "."""
    words = _Words()
    words.feed(html[:MOST])
    words.close()
    lines = (line.strip() for line in "".join(words.parts).split("\n"))
    return _BLANK_LINES.sub(
        "\n\n", "\n".join("" if line.strip("> ") == "" else line for line in lines)
    ).strip()


class _Pictures(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        source = dict(attrs).get("src") if tag == "img" else None
        if source is not None and (name := own_part(source)):
            self.names.add(name)


def pictures_in(html: str) -> frozenset[str]:
    """The Content-IDs of the parts that it shows as pictures. Never raises."""
    found = _Pictures()
    found.feed(html[:MOST])
    found.close()
    return frozenset(found.names)


def own_part(url: str) -> str:
    """The Content-ID of a part of the same mail (RFC 2392), "" for any other URL."""
    scheme, _, name = url.strip().partition(":")
    return unquote(name) if scheme.lower() == "cid" else ""

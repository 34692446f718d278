"""Which Debian mirror and keyring this machine trusts, read from its own apt sources.

Stdlib only: the set-up runs it with the system's python3, before a virtual environment exists.
Formats: sources.list(5), the one-line style and deb822. No address of ours stands in the code.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pbx.errors import Rejected

DEBIAN_SUITES = frozenset(
    [
        "bullseye",
        "bookworm",
        "trixie",
        "forky",
        "duke",
        "sid",
        "oldstable",
        "stable",
        "testing",
        "unstable",
        "oldoldstable",
    ]
)
FULL_KEYRINGS = tuple(
    Path(f"/usr/share/keyrings/debian-archive-keyring.{ending}") for ending in ("pgp", "gpg")
)


@dataclass(frozen=True, slots=True)
class AptSource:
    """One archive: an address, one suite, its components and the keys it must be signed with.

    `signed_by` is what apt takes: paths, fingerprints or a whole key block; empty for all keys that
    the machine trusts.
    """

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""

    def stanza(self) -> str:
        """The source as deb822, ready for a file of apt's sources.list.d."""
        lines = [
            "Types: deb",
            f"URIs: {self.uri}",
            f"Suites: {self.suite}",
            f"Components: {' '.join(self.components)}",
        ]
        if self.signed_by:
            lines.append("Signed-By: " + self.signed_by.replace("\n", "\n "))
        return "\n".join(lines) + "\n"


def read_sources(folder: Path = Path("/etc/apt")) -> list[AptSource]:
    """Every enabled binary source of the machine, in apt's order."""
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    found: list[AptSource] = []
    for file in files:
        if not file.is_file() or file.suffix not in {".list", ".sources"}:
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        found.extend(parse_deb822(text) if file.suffix == ".sources" else parse_one_line(text))
    return found


def parse_one_line(text: str) -> Iterator[AptSource]:
    """The lines `deb [options] uri suite component…`; others are passed over."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<rest>[^#]+)", line)
        if not match:
            continue
        options = dict(option.split("=", 1) for option in (match["options"] or "").split() if "=" in option)
        uri, suite, *components = [*match["rest"].split(), "", ""][:8]
        yield AptSource(
            uri, suite, tuple(filter(None, components)), options.get("signed-by", "").replace(",", " ")
        )


def parse_deb822(text: str) -> Iterator[AptSource]:
    """The stanzas of a .sources file, one AptSource for each address and suite."""
    for block in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in {" ", "\t"} and name:
                fields[name] += "\n" + line[1:]
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        components = tuple(fields.get("components", "").split())
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield AptSource(uri, suite, components, fields.get("signed-by", ""))


def choose_debian(
    sources: list[AptSource],
    environment: Mapping[str, str] = os.environ,
    keyrings: tuple[Path, ...] = FULL_KEYRINGS,
) -> AptSource:
    """The machine's own Debian archive, in its own suite, component main.

    `OMNILINE_APT_MIRROR` replaces the address. The whole Debian keyring is added to the keys of the
    source, since another suite than the machine's may be signed with other keys of Debian's.
    Raises Rejected when no source names a Debian archive.
    """
    debian = [
        source
        for source in sources
        if source.suite in DEBIAN_SUITES
        and "main" in source.components
        and not source.uri.startswith("cdrom:")
    ]
    debian.sort(key=lambda source: not re.search(r"/debian(\.list)?/?$", source.uri))
    mirror = environment.get("OMNILINE_APT_MIRROR")
    if debian:
        chosen = replace(debian[0], components=("main",))
    elif mirror:
        chosen = AptSource(mirror, "stable", ("main",))
    else:
        raise Rejected(
            "apt's sources on this machine name no Debian archive: set OMNILINE_APT_MIRROR to the address of "
            "a Debian mirror, or install Asterisk 20 or later yourself"
        )
    return replace(chosen, uri=mirror or chosen.uri, signed_by=_widen(chosen.signed_by, keyrings))


def _widen(signed_by: str, keyrings: tuple[Path, ...]) -> str:
    whole = next((str(keyring) for keyring in keyrings if keyring.is_file()), None)
    if whole is None:
        return signed_by
    paths = [word for word in shlex.split(signed_by) if word.startswith("/")] if "\n" not in signed_by else []
    return " ".join(dict.fromkeys([*paths, whole]))

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.asterisk.apt_sources import AptSource, choose_debian, parse_deb822, parse_one_line, read_sources
from pbx.errors import Rejected

DEB822 = """\
# a comment
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""

EMBEDDED = """\
Types: deb
URIs: http://mirror.example/debian
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----
"""


def test_deb822_gives_one_source_for_each_suite_and_none_for_what_is_off() -> None:
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    assert list(parse_deb822(DEB822)) == [
        AptSource("http://mirror.example/debian", suite, ("main", "contrib"), keyring)
        for suite in ("bookworm", "bookworm-updates")
    ]


def test_an_embedded_key_comes_back_as_it_was() -> None:
    (source,) = parse_deb822(EMBEDDED)
    assert source.stanza() == EMBEDDED.replace("Signed-By:\n", "Signed-By: \n")
    assert list(parse_deb822(source.stanza())) == [source]


def test_one_line_format() -> None:
    text = """\
# deb http://commented.example/debian bookworm main
deb http://mirror.example/debian/ bookworm main non-free # why
deb-src http://mirror.example/debian/ bookworm main
deb [arch=amd64 signed-by=/k/a.gpg,/k/b.gpg] https://other.example/x stable main
"""
    assert list(parse_one_line(text)) == [
        AptSource("http://mirror.example/debian/", "bookworm", ("main", "non-free")),
        AptSource("https://other.example/x", "stable", ("main",), "/k/a.gpg /k/b.gpg"),
    ]


def test_read_sources_passes_over_files_that_apt_passes_over(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("deb http://a.example/debian bookworm main\n")
    (tmp_path / "sources.list.d/b.sources.disabled").write_text(DEB822)
    (tmp_path / "sources.list.d/c.sources").write_text(DEB822)
    assert [source.uri for source in read_sources(tmp_path)] == [
        "http://a.example/debian",
        "http://mirror.example/debian",
        "http://mirror.example/debian",
    ]


def test_the_debian_archive_is_told_from_other_archives() -> None:
    sources = [
        AptSource("https://packages.example/", "bookworm", ("main",)),
        AptSource("https://docker.example/linux/debian", "bookworm", ("stable",)),
        AptSource("http://mirror.example/debian-security", "bookworm-security", ("main",)),
        AptSource("cdrom:[Debian 12]/", "bookworm", ("main",)),
        AptSource("mirror+file:/etc/apt/mirrors/debian.list", "bookworm", ("main", "contrib"), "/k/own.gpg"),
    ]
    chosen = choose_debian(sources, {}, keyrings=())
    assert chosen == AptSource(
        "mirror+file:/etc/apt/mirrors/debian.list", "bookworm", ("main",), "/k/own.gpg"
    )


def test_the_whole_debian_keyring_is_added(tmp_path: Path) -> None:
    whole = tmp_path / "debian-archive-keyring.gpg"
    whole.touch()
    source = AptSource("http://mirror.example/debian", "bookworm", ("main",), "/k/stable.gpg")
    assert choose_debian([source], {}, keyrings=(whole,)).signed_by == f"/k/stable.gpg {whole}"
    embedded = AptSource("http://mirror.example/debian", "bookworm", ("main",), "\n-----BEGIN\n-----END")
    assert choose_debian([embedded], {}, keyrings=(whole,)).signed_by == str(whole)
    assert choose_debian([embedded], {}, keyrings=()).signed_by == embedded.signed_by


def test_the_mirror_can_be_named_and_must_be_where_there_is_none() -> None:
    ubuntu = [AptSource("http://archive.example/ubuntu", "noble", ("main",))]
    with pytest.raises(Rejected, match="OMNILINE_APT_MIRROR"):
        choose_debian(ubuntu, {}, keyrings=())
    environment = {"OMNILINE_APT_MIRROR": "http://near.example/debian"}
    assert choose_debian(ubuntu, environment, keyrings=()).uri == "http://near.example/debian"
    debian = [AptSource("http://far.example/debian", "bookworm", ("main",), "/k/a.gpg")]
    assert choose_debian(debian, environment, keyrings=()) == AptSource(
        "http://near.example/debian", "bookworm", ("main",), "/k/a.gpg"
    )

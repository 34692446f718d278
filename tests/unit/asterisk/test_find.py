from __future__ import annotations

from pathlib import Path

import pytest

from pbx.asterisk.find import find_program, find_system_asterisk, get_asterisk
from pbx.asterisk.prefix import LOADERS, Prefix, prefix_folder, unpack
from pbx.errors import Rejected, Transient


def make_system(root: Path, version: str) -> Path:
    program = root / "sbin/asterisk"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'Asterisk {version}'\n")
    program.chmod(0o755)
    (root / "lib/x86_64-linux-gnu/asterisk/modules").mkdir(parents=True)
    (root / "share/asterisk").mkdir(parents=True)
    return program


@pytest.mark.parametrize(
    ("version", "counts"),
    [
        ("22.10.1+dfsg", True),
        ("20.6.0~dfsg", True),
        ("certified-20.7-cert1", True),
        ("18.20.0", False),
        ("?", False),
    ],
)
def test_a_system_asterisk_counts_from_20_on(tmp_path: Path, version: str, counts: bool) -> None:
    program = make_system(tmp_path, version)
    found = find_system_asterisk((tmp_path / "nothing/sbin/asterisk", program))
    assert (found is not None) == counts
    if found:
        assert found.command == (str(program),)
        assert found.modules == tmp_path / "lib/x86_64-linux-gnu/asterisk/modules"
        assert found.data == tmp_path / "share/asterisk"


def test_a_system_asterisk_without_its_modules_does_not_count(tmp_path: Path) -> None:
    program = make_system(tmp_path, "22.1.0")
    (tmp_path / "lib/x86_64-linux-gnu/asterisk/modules").rmdir()
    assert find_system_asterisk((program,)) is None


def test_no_asterisk_at_all_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.asterisk.find.find_system_asterisk", lambda: None)
    with pytest.raises(Rejected, match="make run"):
        get_asterisk({"OMNILINE_PREFIX": str(tmp_path)})
    assert find_program("sipp", {"OMNILINE_PREFIX": str(tmp_path), "PATH": str(tmp_path)}) is None


def test_the_prefix_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    assert prefix_folder({"OMNILINE_PREFIX": str(tmp_path)}) == tmp_path
    forky = prefix_folder({"XDG_CACHE_HOME": str(tmp_path)})
    other = prefix_folder({"XDG_CACHE_HOME": str(tmp_path), "OMNILINE_APT_SUITE": "sid"})
    assert forky.parent == other.parent == tmp_path / "omniline"
    assert forky.name.startswith("asterisk-forky-")
    assert other.name.startswith("asterisk-sid-")


@pytest.mark.parametrize("machine", sorted(LOADERS))
def test_a_program_is_run_by_the_prefixs_own_loader(machine: str) -> None:
    command = Prefix(Path("/p"), machine).command("/usr/sbin/asterisk", "-V")
    assert command[0] == f"/p/{LOADERS[machine][1]}"
    assert command[command.index("--library-path") + 1].startswith(f"/p/usr/lib/{LOADERS[machine][0]}")
    assert command[-2:] == ["/p/usr/sbin/asterisk", "-V"]


def test_a_package_that_is_torn_is_named(tmp_path: Path) -> None:
    archive = tmp_path / "asterisk_22.deb"
    archive.write_bytes(b"!<arch>\n")
    with pytest.raises(Transient, match=r"asterisk_22\.deb \(is the disk full\?\)"):
        unpack([archive], tmp_path / "root", lambda _: None)

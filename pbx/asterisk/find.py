"""Finds the programs of the telephone side, on the machine or in the private prefix.

A system Asterisk counts from version 20 on. Its configuration is never touched: it is started with ours.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.prefix import find_prefix
from pbx.errors import Rejected

OLDEST = 20
SYSTEM_PROGRAMS = (
    Path("/usr/sbin/asterisk"),
    Path("/usr/local/sbin/asterisk"),
    Path("/opt/asterisk/sbin/asterisk"),
)


@dataclass(frozen=True, slots=True)
class Asterisk:
    """An Asterisk that can be started: its command (arguments are appended) and its folders."""

    command: tuple[str, ...]
    modules: Path
    data: Path
    version: str


def find_asterisk(environment: Mapping[str, str] = os.environ) -> Asterisk | None:
    """The machine's own Asterisk if it is recent enough, else the one in the prefix, else None."""
    return find_system_asterisk() or _find_private_asterisk(environment)


def get_asterisk(environment: Mapping[str, str] = os.environ) -> Asterisk:
    """Like `find_asterisk`, but raises Rejected saying what to do when there is none."""
    found = find_asterisk(environment)
    if found is None:
        raise Rejected(
            "there is no Asterisk here: `make run` fetches one for this user, or install Asterisk 20 or later"
        )
    return found


def find_program(name: str, environment: Mapping[str, str] = os.environ) -> list[str] | None:
    """The command of `sipp` or `espeak-ng`: the prefix's, whose version is known, else the machine's, else None."""
    prefix = find_prefix(environment)
    if prefix is not None and (prefix.root / "usr/bin" / name).is_file():
        command = prefix.command(f"/usr/bin/{name}")
        return [*command, "--path", str(prefix.libraries)] if name == "espeak-ng" else command
    path = shutil.which(name, path=environment.get("PATH"))
    return [path] if path else None


def find_system_asterisk(programs: tuple[Path, ...] = SYSTEM_PROGRAMS) -> Asterisk | None:
    """The first of `programs` that is Asterisk 20 or later and whose modules and data are found."""
    for program in programs:
        if not os.access(program, os.X_OK):
            continue
        version = _version((str(program),))
        modules = _first(_module_folders(program))
        data = _first(_data_folders(program))
        if version and int(version.split(".")[0]) >= OLDEST and modules and data:
            return Asterisk((str(program),), modules, data, version)
    return None


def _find_private_asterisk(environment: Mapping[str, str]) -> Asterisk | None:
    prefix = find_prefix(environment)
    if prefix is None:
        return None
    command = tuple(prefix.command("/usr/sbin/asterisk"))
    version = _version(command)
    if version is None:
        raise Rejected(f"the Asterisk in {prefix.root} does not start: remove that folder and run `make run`")
    return Asterisk(
        command, prefix.libraries / "asterisk/modules", prefix.root / "usr/share/asterisk", version
    )


def _version(command: tuple[str, ...]) -> str | None:
    result = subprocess.run([*command, "-V"], capture_output=True, text=True, check=False)
    match = re.match(r"Asterisk (?:certified[/-])?(\d+[\w.]*)", result.stdout)
    return match[1] if match else None


def _module_folders(program: Path) -> list[Path]:
    base = program.parent.parent
    return [
        *sorted((base / "lib").glob("*-linux-gnu/asterisk/modules")),
        base / "lib/asterisk/modules",
        base / "lib64/asterisk/modules",
    ]


def _data_folders(program: Path) -> list[Path]:
    return [program.parent.parent / "share/asterisk", Path("/var/lib/asterisk")]


def _first(folders: list[Path]) -> Path | None:
    return next((folder for folder in folders if folder.is_dir()), None)

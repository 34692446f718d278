"""A prefix: Debian programs unpacked into a folder of the user's, run with their own loader.

A prefix is built beside its final place and renamed into it, so it is there whole or not at all; a lock
keeps two set-ups apart. It is named by the hash of what went in, and shared by all homes of a user:
`${XDG_CACHE_HOME:-~/.cache}/omniline/asterisk-<suite>-<hash>/`, or `OMNILINE_PREFIX`. Stdlib only.

The programs are started as `LOADER --library-path LIBRARIES PROGRAM`: LD_LIBRARY_PATH would be
inherited by what they start and break it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pbx.asterisk.apt_sources import choose_debian, read_sources
from pbx.asterisk.private_apt import PrivateApt, Say, architecture
from pbx.errors import Rejected, Transient

PACKAGES = (
    "asterisk",
    "asterisk-modules",
    "asterisk-config",
    "asterisk-core-sounds-en-gsm",
    "asterisk-core-sounds-ru-gsm",
    "asterisk-moh-opsound-gsm",
    "sip-tester",
    "espeak-ng",
)
"""What the product needs: the PBX with its voices, and the caller and the speaker of `omniline call`."""

RECIPE = 1
"""Raise it when a prefix is to be built in another way: it is part of the prefix's name."""

UNUSED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/lintian",
    "usr/share/perl",
    "var",
)
SOUNDS = {"en": "en_US_f_Allison", "ru": "ru_RU_f_IvrvoiceRU"}
"""The links that the packages' own postinst makes in the sounds folder."""

LOADERS = {
    "amd64": ("x86_64-linux-gnu", "usr/lib64/ld-linux-x86-64.so.2"),
    "arm64": ("aarch64-linux-gnu", "usr/lib/ld-linux-aarch64.so.1"),
}


@dataclass(frozen=True, slots=True)
class Prefix:
    """A folder with unpacked Debian packages. `machine` is Debian's name of its architecture."""

    root: Path
    machine: str

    @property
    def libraries(self) -> Path:
        """Where the shared libraries of this architecture are."""
        return self.root / "usr/lib" / LOADERS[self.machine][0]

    def command(self, program: str, *arguments: str) -> list[str]:
        """The argument list that runs `program` (an absolute path as in its package) out of this prefix."""
        return [
            str(self.root / LOADERS[self.machine][1]),
            "--inhibit-cache",
            "--library-path",
            # libpulsecommon, which espeak-ng is linked with, lies in a folder of its own.
            f"{self.libraries}:{self.libraries}/pulseaudio",
            "--argv0",
            Path(program).name,
            str(self.root / program.lstrip("/")),
            *arguments,
        ]


def prefix_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the private prefix of this user is, or will be."""
    if chosen := environment.get("OMNILINE_PREFIX"):
        return Path(chosen).absolute()
    cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    recipe = f"{RECIPE} {architecture()} {' '.join(PACKAGES)}"
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    return cache / "omniline" / f"asterisk-{_suite(environment)}-{digest}"


def find_prefix(environment: Mapping[str, str] = os.environ) -> Prefix | None:
    """The prefix where it has been built, else None."""
    root = prefix_folder(environment)
    return Prefix(root, architecture()) if (root / "usr/sbin/asterisk").is_file() else None


def install(say: Say, environment: Mapping[str, str] = os.environ) -> Prefix:
    """Build the prefix unless it is there, and return it.

    Raises Rejected when this machine cannot have one (no apt, an unknown architecture, a bad signature),
    Transient when the network or the disk is to blame, OSError when the folder cannot be written.
    """
    machine = architecture()
    if machine not in LOADERS:
        raise Rejected(f"no Asterisk can be fetched for {machine}: install Asterisk 20 or later yourself")
    root = prefix_folder(environment)
    root.parent.mkdir(parents=True, exist_ok=True)
    with _locked(root.with_name(f".{root.name}.lock"), say):
        if found := find_prefix(environment):
            return found
        # Of set-ups that were killed: nobody else builds while the lock is ours.
        for stale in root.parent.glob(f".{root.name}.build-*"):
            shutil.rmtree(stale)
        with tempfile.TemporaryDirectory(prefix=f".{root.name}.build-", dir=root.parent) as build:
            _build(Path(build), environment, say)
            (Path(build) / "root").rename(root)
    say(f"Asterisk is in {root}")
    return Prefix(root, machine)


def fetch_package(package: str, build: Path, say: Say, environment: Mapping[str, str] = os.environ) -> Path:
    """Fetch one package of the machine's own suite, unpack it below `build`, and return that folder."""
    source = choose_debian(read_sources(), environment)
    apt = PrivateApt(build / "apt", source, say)
    apt.update()
    (archive,) = apt.download([package], dependencies=False)
    unpack([archive], build / "root", say)
    return build / "root"


def unpack(archives: Sequence[Path], root: Path, say: Say) -> None:
    """Unpack .deb files into `root`, several at once. Raises Transient for one that cannot be unpacked."""
    root.mkdir(exist_ok=True)
    say(f"unpacking {len(archives)} packages")

    def extract(archive: Path) -> None:
        command = ["dpkg-deb", "--extract", str(archive), str(root)]
        result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if result.returncode:
            raise Transient(f"cannot unpack {archive.name} (is the disk full?): {result.stderr.strip()}")
        archive.unlink()

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        list(pool.map(extract, archives))


def _build(build: Path, environment: Mapping[str, str], say: Say) -> None:
    source = replace(choose_debian(read_sources(), environment), suite=_suite(environment))
    apt = PrivateApt(build / "apt", source, say)
    apt.update()
    root = build / "root"
    unpack(apt.download(PACKAGES, dependencies=True), root, say)
    for unused in UNUSED:
        shutil.rmtree(root / unused, ignore_errors=True)
    sounds = root / "usr/share/asterisk/sounds"
    for language, voice in SOUNDS.items():
        if not (sounds / language).exists():
            (sounds / language).symlink_to(voice)


def _suite(environment: Mapping[str, str]) -> str:
    return environment.get("OMNILINE_APT_SUITE", "forky")


@contextmanager
def _locked(path: Path, say: Say) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work on this, waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""An apt of our own in a folder: fetches Debian packages as an ordinary user and touches nothing of the machine.

It has its own sources, state, cache and an empty package database, and keeps the machine's apt.conf.d (a
proxy may stand there). apt checks the archive's signature and every file's hash. Stdlib only, like
`apt_sources`.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pbx.asterisk.apt_sources import AptSource
from pbx.errors import Rejected, Transient

Say = Callable[[str], None]
"""Takes one line of progress for the person who waits."""

CONFIGURATION = """\
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "1";
pkgCacheFile::Essential "none";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{folder}/sources.list.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
"""


class PrivateApt:
    """One archive, seen through an apt that lives in `folder` (made here; the caller removes it)."""

    def __init__(self, folder: Path, source: AptSource, say: Say) -> None:
        """Raises Rejected where the machine has no apt, or the folder's name would break apt's quoting."""
        if '"' in str(folder) or " " in str(folder):
            raise Rejected(f"apt cannot work in a folder with a blank or a quote in its name: {folder}")
        self._folder = folder
        self._source = source
        self._say = say
        for name in ("state/lists/partial", "cache/archives/partial", "sources.list.d"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "sources.list.d/archive.sources").write_text(source.stanza(), encoding="utf-8")
        (folder / "apt.conf").write_text(
            CONFIGURATION.format(folder=folder, architecture=architecture()), encoding="utf-8"
        )

    def update(self) -> None:
        """Fetch the list of packages. Raises Transient when the mirror cannot be reached, Rejected when its
        signature is not one of Debian's."""
        self._say(f"reading the package list of {self._source.suite} from {self._source.uri}")
        result = self._run("update", "--error-on=any")
        if result.returncode and "is expired" in result.stderr:
            # A mirror that lags has an expired Release file. Its signature is still checked.
            self._say("the mirror's list has expired; taking it all the same, its signature is checked")
            result = self._run("update", "--error-on=any", "-o", "Acquire::Check-Valid-Until=false")
        self._judge(result.returncode, result.stderr)

    def download(self, packages: Sequence[str], *, dependencies: bool) -> list[Path]:
        """Fetch the packages, with all they depend on or alone, and return the .deb files."""
        archives = self._folder / "cache/archives"
        if dependencies:
            self._download_with_dependencies(packages)
        else:
            result = self._run("download", *packages, cwd=archives)
            self._judge(result.returncode, result.stderr)
        return sorted(archives.glob("*.deb"))

    def _download_with_dependencies(self, packages: Sequence[str]) -> None:
        read_end, write_end = os.pipe()
        command = [
            *self._command("install", "--yes", "--download-only"),
            *("-o", f"APT::Status-Fd={write_end}"),
            *packages,
        ]
        with (
            (self._folder / "stderr").open("w+", encoding="utf-8", errors="replace") as errors,
            subprocess.Popen(
                command,
                pass_fds=(write_end,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=_plain_environment(),
            ) as apt,
        ):
            os.close(write_end)
            with os.fdopen(read_end, encoding="utf-8", errors="replace") as progress:
                self._tell_progress(progress)
            code = apt.wait()
            errors.seek(0)
            self._judge(code, errors.read())

    def _tell_progress(self, lines: Iterable[str]) -> None:
        told = -1
        for line in lines:
            match = re.match(r"dlstatus:\d+:([\d.]+):", line)
            if match and (tenth := int(float(match[1])) // 10) > told:
                told = tenth
                self._say(f"downloading packages: {tenth * 10} %")

    def _command(self, *arguments: str) -> list[str]:
        return ["apt-get", "-q", "-c", str(self._folder / "apt.conf"), *arguments]

    def _run(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*arguments),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=_plain_environment(),
        )

    def _judge(self, code: int, stderr: str) -> None:
        if code == 0:
            return
        said = " / ".join(line for line in stderr.splitlines() if line.startswith("E:")) or stderr.strip()
        if re.search(r"NO_PUBKEY|not signed|BADSIG|EXPKEYSIG", stderr):
            raise Rejected(
                f"the mirror {self._source.uri} is not signed by Debian, nothing was taken: {said}"
            )
        if "Unable to locate package" in stderr:
            raise Rejected(f"{self._source.uri} {self._source.suite}: {said}")
        raise Transient(
            f"apt could not fetch from {self._source.uri}: {said}; check the network and the disk, "
            "or set OMNILINE_APT_MIRROR"
        )


def architecture() -> str:
    """Debian's name of this machine's architecture, such as amd64. Raises Rejected where dpkg is absent."""
    try:
        return subprocess.run(
            ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
        ).stdout.strip()
    except FileNotFoundError as error:
        raise Rejected(
            "this machine has no dpkg and no apt: install Asterisk 20 or later yourself"
        ) from error


def _plain_environment() -> dict[str, str]:
    """apt's messages are parsed: they must not be translated."""
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}

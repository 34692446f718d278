"""Disks of a few megabytes that a test fills up."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class SmallDisks:
    """Each is a folder of `folder` for the programs that are begun with `within` before their words, and for no others.

    They are mounted in namespaces of the user's own, which needs no root, and go with the process that holds those:
    when they are closed, or with the tests.
    """

    def __init__(self, folder: Path, megabytes: Mapping[str, int], user: Mapping[str, Any]) -> None:
        self._folder = folder
        self._user = user
        mount = "mkdir {0}/{1} && mount -t tmpfs -o size={2}m,mode=700 none {0}/{1} && "
        mounts = "".join(mount.format(folder, name, size) for name, size in megabytes.items())
        self._holder = subprocess.Popen(
            [
                *("unshare", "--user", "--map-current-user", "--keep-caps", "--mount"),
                *("sh", "-c", f"{mounts} echo mounted && exec cat"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            **user,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline(), "this system lets no user mount a file system of their own"
        self.within = [
            *("nsenter", f"--target={self._holder.pid}", "--user", "--mount", "--preserve-credentials")
        ]

    def fill(self, name: str) -> None:
        """To the last byte; what others give back meanwhile is room for them."""
        self._run(f"cat /dev/zero 2>&1 >>{self._filler(name)} | grep -q 'No space left'")

    def make_room(self, name: str) -> None:
        self._run(f"rm -f {self._filler(name)}")

    def close(self) -> None:
        assert self._holder.stdin is not None
        self._holder.stdin.close()
        self._holder.wait(5)

    def _filler(self, name: str) -> Path:
        return self._folder / name / "filler"

    def _run(self, line: str) -> None:
        subprocess.run([*self.within, "sh", "-c", line], check=True, cwd="/", **self._user)

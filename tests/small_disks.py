"""Disks of a few megabytes that a test fills up."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class SmallDisks:
    """Each is a folder of `folder` for the programs that are begun with `within` before their words.

    They go with the process that holds them: when they are closed, or with the tests. Root mounts them where all see
    them, as nothing else is allowed in a chroot; any other user in namespaces of their own.
    """

    def __init__(self, folder: Path, megabytes: Mapping[str, int], user: Mapping[str, Any]) -> None:
        self._folder = folder
        self._user = user
        is_root = os.geteuid() == 0
        owner = f",uid={pwd.getpwnam(user['user']).pw_uid}" if is_root else ""
        mount = "mkdir {0} && mount -t tmpfs -o size={1}m,mode=700{2} none {0} && "
        mounts = "".join(mount.format(folder / name, size, owner) for name, size in megabytes.items())
        unmount = " ".join(("umount", "--lazy", *(str(folder / name) for name in megabytes)))
        own_namespaces = (
            () if is_root else ("unshare", "--user", "--map-current-user", "--keep-caps", "--mount")
        )
        self._holder = subprocess.Popen(
            [*own_namespaces, "sh", "-c", f"{mounts} echo mounted && cat; {unmount}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            start_new_session=True,  # a Ctrl-C is the tests' business: they close it
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline(), "this system lets no user mount a file system of their own"
        entering = ("nsenter", f"--target={self._holder.pid}", "--user", "--mount", "--preserve-credentials")
        self.within = () if is_root else entering

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

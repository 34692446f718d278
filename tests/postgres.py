"""A real PostgreSQL of the tests' own: Debian's binaries, a temporary folder, a unix socket, no TCP.

The server refuses to run as root; then it runs as the user that Debian's package made. A test gets a database to
itself: a copy of one that is migrated, or one that another test has left, emptied.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bridge.store.migrations import head_revision, upgrade
from tests.small_disks import SmallDisks

OWNER = "omniline"
TEMPLATE = "migrated"
# A test machine's power cut is not what is tested: commits reach the kernel, which outlives a killed server.
FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=60", "autovacuum=off")

# Whatever tables there are; without guards and foreign keys.
_EMPTY = """
DO $$ DECLARE name text; BEGIN
SET LOCAL session_replication_role = replica;
FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', name);
END LOOP;
FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', name);
END LOOP;
END $$"""


def find_binaries() -> Path:
    """The folder of Debian's newest postgres."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    assert found, "no PostgreSQL: 'make test' installs it (setup/debian-packages.txt)"
    return found[-1].parent


def _end_with_parent() -> None:
    """A killed test run leaves no server (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


class PostgresServer:
    """One server; `stop` and `start` may be repeated and keep what is in it."""

    def __init__(self, **small: int) -> None:
        """`data` and `wal` are the megabytes that the disk of its tables, and that of its write-ahead log, is to have."""
        self._folder = Path(tempfile.mkdtemp(prefix="omniline-pg-"))
        self._binaries = find_binaries()
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
            self._user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        self.disks = SmallDisks(self._folder, small, self._user) if small else None
        self._within = self.disks.within if self.disks else ()
        self._data = self._folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._emptied: list[str] = []
        subprocess.run(
            [
                *(*self._within, self._binaries / "initdb", "-D", self._data, "-U", OWNER, "--auth=trust"),
                *("--no-sync", f"--waldir={self._folder / 'wal'}", f"--wal-segsize={1 if small else 16}"),
                # Sorts as people do, unlike SQLite: what relies on the order of bytes is found out.
                *("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"),
            ],
            check=True,
            capture_output=True,
            cwd="/",
            **self._user,
        )
        self.start()
        self._ask(f"CREATE DATABASE {TEMPLATE}")
        upgrade(self.url(TEMPLATE))

    def url(self, database: str) -> str:
        return f"postgresql://{OWNER}@/{database}?host={self._folder}"

    def start(self) -> None:
        """Returns when it takes connections."""
        options = (f"-c{option}" for option in ("listen_addresses=", *FAST))
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._within, self._binaries / "postgres", "-D", self._data, "-k", self._folder, *options],
                stdout=log,
                stderr=log,
                cwd="/",
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it takes no lock
                **self._user,
            )
        deadline = time.monotonic() + 20
        while True:
            try:
                self._ask("SELECT 1")
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self._folder / "log").read_text()
                assert time.monotonic() < deadline, "PostgreSQL does not start"
                time.sleep(0.01)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGINT ends every session and stops; SIGQUIT is a crash: what was committed is recovered at the next start."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(20)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def remove(self) -> None:
        self.stop()
        if self.disks:
            self.disks.close()
        shutil.rmtree(self._folder)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of a migrated database with nothing in it."""
        name = self._emptied.pop() if self._emptied else self._create(TEMPLATE)
        yield self.url(name)
        if self._empty(name):
            self._emptied.append(name)
        else:
            self._drop(name)

    @contextmanager
    def blank_database(self) -> Iterator[str]:
        """The address of a new database without tables."""
        name = self._create("template0")
        yield self.url(name)
        self._drop(name)

    def _create(self, template: str) -> str:
        name = f"test_{uuid.uuid4().hex}"
        self._ask(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def _drop(self, name: str) -> None:
        self._ask(f"DROP DATABASE {name} WITH (FORCE)")

    def _empty(self, name: str) -> bool:
        """Emptied it serves the next test, which takes a tenth of what a copy takes. False when it is no longer as made."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            versions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            connection.execute(_EMPTY)
            return versions == [(head_revision(),)]

    def _ask(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

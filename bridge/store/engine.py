"""How store functions are run: units of work on reader threads and on one writer thread.

A store function is plain and synchronous: `f(connection, …)`. `await db.read(f, …)` runs it in a pool of threads,
each holding an AUTOCOMMIT connection. `await db.write(f, …)` queues it for the writer thread, which drains what is
queued without lingering into one transaction (group commit), each unit in a SAVEPOINT of its own so that one that
fails fails alone; `write` returns after the COMMIT, so whatever follows it follows a durable effect.

Another process (an import, the AGI child) runs the same functions on a connection of its own: `connect_reader`,
`BatchWriter`.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection

from bridge.errors import Transient
from bridge.store.dialect import (
    DRIVER_ERRORS,
    commit,
    reader_engine,
    refused,
    savepoint,
    translated,
    was_lost,
    writer_engine,
)

P = ParamSpec("P")
T = TypeVar("T")

READERS = 4
BATCH = 512
"""Units in one transaction at most: bounds how long the first of them waits for its commit."""
LOCK_SECONDS = 0.05
"""How long a bulk writer keeps the write lock before it lets others in."""
YIELD_SECONDS = 0.005
GATHER_SECONDS = 1.0
"""How long `read_in_all` waits for threads that are busy."""

_log = structlog.get_logger(__name__)


class _Unit:
    """One queued function, and where its result goes."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: Exception | None = None

    def settle(self) -> None:
        """On the loop. The waiter may have gone away meanwhile; the effect stands all the same."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Database:
    """The store of one home, for asyncio. Open it once, share it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._reader = reader_engine(url)
        self._writer = writer_engine(url)
        self._held = threading.local()
        self._connections: list[Connection] = []
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._writing: Connection | None = None
        self._pool: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        """Start the threads. Raises Transient when the database cannot be opened."""
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._thread = threading.Thread(target=self._write_loop, name="store-write", daemon=True)
        self._thread.start()
        await self.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())

    async def close(self) -> None:
        """Finish what is queued, then close every connection."""
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None
        if self._pool is not None:
            await asyncio.to_thread(self._pool.shutdown)
            self._pool = None
        self._drop_writing()
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    async def read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(connection, …)` in a reader thread. Raises what it raises; Transient for a locked or lost database."""
        if self._pool is None:
            raise Transient("the database is closed")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._run_read, lambda c: function(c, *args, **kwargs))

    async def read_in_all(self, function: Callable[[Connection], object]) -> None:
        """Run `function(connection)` in every reader thread at the same time: for what each has to do before it is quick.

        Raises as `read` does.
        """
        together = threading.Barrier(READERS)

        def meet(connection: Connection) -> None:
            # Whoever waits for the others takes no second one. A thread that is busy for long is not waited for.
            with suppress(threading.BrokenBarrierError):
                together.wait(GATHER_SECONDS)
            function(connection)

        await asyncio.gather(*(self.read(meet) for _ in range(READERS)))

    async def write(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `function(connection, …)` in the writer's transaction; returns its result after the commit.

        Raises what it raises (its own effects are then undone, nobody else's), Transient when the
        transaction could not be had or kept: nothing of it happened then.
        """
        if self._thread is None:
            raise Transient("the database is closed")
        unit = _Unit(lambda connection: function(connection, *args, **kwargs))
        self._queue.put(unit)
        result: T = await unit.future
        return result

    @contextmanager
    def _transaction(self) -> Generator[Connection]:
        """On the held connection; after an error a new one is opened next time, for nobody knows the old one's state."""
        try:
            connection = self._begin()
            yield connection
            commit(connection)
        except BaseException:
            self._drop_writing()
            raise

    def _begin(self) -> Connection:
        """The writer's connection, in a transaction. One that the server has ended meanwhile is replaced."""
        if self._writing is not None:
            try:
                self._writing.begin()
                return self._writing
            except DRIVER_ERRORS:
                if not was_lost(self._writing):
                    raise
                self._drop_writing()
        self._writing = self._writer.connect()
        self._writing.begin()
        return self._writing

    def _drop_writing(self) -> None:
        dropped, self._writing = self._writing, None
        if dropped is not None:
            dropped.close()

    def _run_read(self, work: Callable[[Connection], T]) -> T:
        with passing_errors():
            connection: Connection | None = getattr(self._held, "connection", None)
            if connection is not None:
                try:
                    return work(connection)
                except DRIVER_ERRORS:
                    lost = was_lost(connection)
                    self._drop_reading(connection)
                    if not lost:
                        raise
            # The first read of this thread, or the server has ended the connection since the last one.
            connection = self._held.connection = self._reader.connect()
            with self._lock:
                self._connections.append(connection)
            try:
                return work(connection)
            except DRIVER_ERRORS:
                self._drop_reading(connection)
                raise

    def _drop_reading(self, connection: Connection) -> None:
        self._held.connection = None
        with self._lock:
            self._connections.remove(connection)
        connection.invalidate()
        connection.close()

    def _write_loop(self) -> None:
        running = True
        while running:
            batch = [self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get())
            units = [unit for unit in batch if unit is not None]
            running = len(units) == len(batch)
            if units:
                self._commit(units)

    def _commit(self, units: list[_Unit]) -> None:
        try:
            with passing_errors(), self._transaction() as connection:
                for unit in units:
                    _run_unit(connection, unit)
        except Exception as error:  # noqa: BLE001 - whatever it is fails these units and not those to come
            _log.warning("store.commit_failed", units=len(units), error=str(error))
            for unit in units:
                unit.error = error
        for loop in {unit.loop for unit in units}:
            # A loop that is closed has nobody who waits.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, [unit for unit in units if unit.loop is loop])


def connect_reader(url: str, *, busy_seconds: float = 1.0) -> Connection:
    """A reader's connection for a process or thread that has no Database; the caller keeps and closes it."""
    with passing_errors():
        return reader_engine(url, busy_seconds=busy_seconds).connect()


class BatchWriter:
    """Many units from another process than the server's, in transactions of about 50 ms with a gap between them.

    `run` may leave its effects uncommitted until the next `run` or `commit`: what must be durable calls `commit`.
    """

    def __init__(self, url: str) -> None:
        with passing_errors():
            self._connection = writer_engine(url).connect()
        self._began = 0.0

    def run(self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one unit in a SAVEPOINT; raises what it raises with its own effects undone."""
        if self._connection.in_transaction() and time.monotonic() - self._began > LOCK_SECONDS:
            self.commit()
            time.sleep(YIELD_SECONDS)
        with passing_errors():
            if not self._connection.in_transaction():
                self._connection.begin()
                self._began = time.monotonic()
            with savepoint(self._connection):
                return function(self._connection, *args, **kwargs)

    def commit(self) -> None:
        """Make all that ran durable. Raises Transient when that fails: nothing since the last commit happened then."""
        with passing_errors():
            commit(self._connection)

    def close(self) -> None:
        """Drop what is not committed."""
        self._connection.close()


@contextmanager
def batch_writer(url: str) -> Iterator[BatchWriter]:
    """A BatchWriter that commits at the end of the block, and drops its last transaction when the block raises."""
    writer = BatchWriter(url)
    try:
        yield writer
        writer.commit()
    finally:
        writer.close()


@contextmanager
def passing_errors() -> Generator[None]:
    """Turn the driver's words for a lock, a disk or a lost server into Transient, and those for a value that is too
    large into InvalidInput; let mistakes through as they are."""
    try:
        yield
    except DRIVER_ERRORS as error:
        ours = translated(error) or refused(error)
        if ours is None:
            raise
        raise ours from error


def _run_unit(connection: Connection, unit: _Unit) -> None:
    try:
        with savepoint(connection):
            unit.result = unit.work(connection)
    except DRIVER_ERRORS as error:
        # A full disk or a lost server takes the whole transaction with it, not this unit alone.
        if translated(error) is not None:
            raise
        unit.error = refused(error) or error
    except Exception as error:  # noqa: BLE001 - handed to whoever awaits this unit
        unit.error = error


def _settle(units: list[_Unit]) -> None:
    for unit in units:
        unit.settle()

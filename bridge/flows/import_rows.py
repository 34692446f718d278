"""How every import runs: chunks of a file are parsed in a process pool, in order, and stored in short transactions.

Parsing is a pure function, so that bad input stops at a row: each row is good or has a reason. Storing is idempotent,
so that an import can be stopped anywhere and run again. Bad rows are written to a report, JSON lines of
{line, reason} (for a Maildir: {file, line, reason}).
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

import msgspec

from bridge.errors import Conflict, InvalidInput, NotFound, Transient
from bridge.store.engine import BatchWriter, batch_writer

T = TypeVar("T")

POOL_FROM = 256 << 10
"""Bytes from which a file is worth starting processes."""
WORKERS = 2
CHUNK_ROWS = 500
CHUNK_BYTES = 1 << 20
LONGEST_LINE = 16 << 20

Progress = Callable[[int, int, int], None]
"""(bytes done, bytes in all, rows done): called after every chunk."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it was cut out of the file: `data` is bytes or a list of fields. `line` counts from 1."""

    line: int
    data: Any
    file: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str
    file: str = ""

    def reported(self) -> bytes:
        named = {"file": self.file} if self.file else {}
        return msgspec.json.encode({**named, "line": self.line, "reason": self.reason}) + b"\n"


@dataclass(frozen=True, slots=True)
class GoodRow(Generic[T]):
    row: RawRow
    value: T


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that are parsed together; `end` is how far in the file they reach, in bytes."""

    rows: list[RawRow]
    end: int


class Saved(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(slots=True)
class ImportResult:
    """`report` is the file of the rejected rows, None when there are none."""

    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    seconds: float = 0.0
    report: str | None = None

    def count(self, saved: Saved) -> None:
        setattr(self, saved, getattr(self, saved) + 1)


@dataclass(slots=True)
class _Report:
    """The report is made when the first row is rejected; one of an earlier run does not outlive a clean one."""

    path: Path
    file: BinaryIO | None = field(default=None)

    def add(self, bad: BadRow) -> None:
        if self.file is None:
            self.file = self.path.open("wb")
        self.file.write(bad.reported())

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
        else:
            self.path.unlink(missing_ok=True)


def run_import(
    path: Path,
    chunks: Iterable[Chunk],
    parse: Callable[[RawRow], T],
    save: Callable[[BatchWriter, T], Saved],
    *,
    url: str,
    report: Path | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Import a file. `parse` is picklable and raises InvalidInput; `save` runs its units on the writer.

    Raises InvalidInput when the file or the report cannot be used at all, Transient when the database cannot;
    what was stored by then stays, and running it again goes on from there.
    """
    began = time.monotonic()
    result = ImportResult()
    total = _size(path)
    rejected = _Report(report or path.with_name(f"{path.name}.report.jsonl"))
    try:
        with batch_writer(url) as writer:
            for end, rows in _parsed(chunks, partial(_parse_rows, parse), in_pool=total > POOL_FROM):
                for row in rows:
                    _store(writer, row, save, result, rejected)
                if progress is not None:
                    progress(end, total, result.rows)
        rejected.close()
    except OSError as error:
        raise InvalidInput(error.strerror or str(error), where=error.filename or str(path)) from error
    result.seconds = time.monotonic() - began
    result.report = str(rejected.path) if result.rejected else None
    return result


def _store(
    writer: BatchWriter,
    row: GoodRow[T] | BadRow,
    save: Callable[[BatchWriter, T], Saved],
    result: ImportResult,
    rejected: _Report,
) -> None:
    result.rows += 1
    if isinstance(row, GoodRow):
        try:
            result.count(save(writer, row.value))
            return
        except (InvalidInput, Conflict, NotFound) as error:
            row = BadRow(row.row.line, str(error), row.row.file)
    result.rejected += 1
    rejected.add(row)


def _parsed(
    chunks: Iterable[Chunk], parse: Callable[[list[RawRow]], list[Any]], *, in_pool: bool
) -> Iterator[tuple[int, list[Any]]]:
    """Parsed chunks in the order of the file; a few are under way at a time, so that memory stays bounded."""
    if not in_pool:
        for chunk in chunks:
            yield chunk.end, parse(chunk.rows)
        return
    # Not forked: the caller may have threads.
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: deque[tuple[int, Future[list[Any]]]] = deque()
        try:
            for chunk in chunks:
                waiting.append((chunk.end, pool.submit(parse, chunk.rows)))
                if len(waiting) > 2 * WORKERS:
                    end, future = waiting.popleft()
                    yield end, future.result()
            for end, future in waiting:
                yield end, future.result()
        except BrokenProcessPool as error:
            raise Transient("a parsing process died (out of memory?): run the import again") from error


def _parse_rows(parse: Callable[[RawRow], T], rows: list[RawRow]) -> list[GoodRow[T] | BadRow]:
    parsed: list[GoodRow[T] | BadRow] = []
    for row in rows:
        try:
            parsed.append(GoodRow(row, parse(row)))
        except InvalidInput as error:
            parsed.append(BadRow(row.line, str(error), row.file))
    return parsed


def _size(path: Path) -> int:
    """Bytes to read. Raises InvalidInput when there is no such file."""
    try:
        if path.is_dir():
            return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        return path.stat().st_size
    except OSError as error:
        raise InvalidInput(error.strerror or str(error), where=str(path)) from error


def json_lines(path: Path) -> Iterator[Chunk]:
    """The lines of a JSON Lines file, blank ones left out; one longer than 16 MB is cut, and then is no JSON."""
    with path.open("rb") as file:
        rows: list[RawRow] = []
        size = 0
        for line, data in enumerate(_lines(file), 1):
            if data.strip():
                rows.append(RawRow(line, data))
                size += len(data)
            if len(rows) >= CHUNK_ROWS or size >= CHUNK_BYTES:
                yield Chunk(rows, file.tell())
                rows, size = [], 0
        yield Chunk(rows, file.tell())


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while data := file.readline(LONGEST_LINE):
        end = data
        while end and not end.endswith(b"\n"):
            end = file.readline(LONGEST_LINE)
        yield data


def decode_row(row: RawRow, type_: type[T]) -> T:
    """One line of JSON as a Struct. Raises InvalidInput with the JSON path."""
    try:
        return msgspec.json.decode(row.data, type=type_)
    except msgspec.ValidationError as error:
        raise InvalidInput(str(error).replace("$.", "").replace(" - at `$`", "")) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"not valid JSON in UTF-8: {error}") from error

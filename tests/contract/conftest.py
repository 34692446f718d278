"""A store of its own for every test, on every engine that the product runs on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bridge.bus.memory import MemoryBus
from bridge.bus.redis import RedisBus
from bridge.desk import sessions
from bridge.domain.ports import Bus
from bridge.flows import pop_screen
from bridge.store.dialect import writer_engine
from bridge.store.engine import Database
from tests.contract.desk_server import QUICK
from tests.postgres import PostgresServer
from tests.redis_server import RedisServer
from tests.sqlite import migrated


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is hashed here, too: for a new agent, and for a login that nobody has."""
    monkeypatch.setattr(sessions, "_hasher", QUICK)


@pytest.fixture(autouse=True)
def patient_pops(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pop has its card, and is told once, however long this machine stops; tests of the patience set their own."""
    monkeypatch.setattr(pop_screen, "CARD_PATIENCE", 60.0)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return migrated(tmp_path / "omniline.sqlite3")


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty, migrated database."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.blank_database() as address:
        yield address


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def conn(url: str) -> Iterator[Connection]:
    """A connection in a transaction that the test owns."""
    with writer_engine(url).connect() as connection, connection.begin():
        yield connection


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    server = RedisServer()
    yield server
    server.remove()


@pytest.fixture(params=["memory", "redis"])
def bus(request: pytest.FixtureRequest) -> Bus:
    """One end of a bus; whoever is given it runs it."""
    if request.param == "memory":
        return MemoryBus()
    server: RedisServer = request.getfixturevalue("redis_server")
    return RedisBus(server.url)

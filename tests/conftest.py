"""What tests of several folders share: the seeds of the fault tests, a PostgreSQL, and a collector that stops nobody."""

import gc
from collections.abc import Generator, Iterator

import pytest

from tests.postgres import PostgresServer
from tests.soak import (
    chance,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_generate_tests,
    pytest_runtest_makereport,
)

__all__ = [
    "chance",
    "postgres",
    "pytest_addoption",
    "pytest_collection",
    "pytest_collection_modifyitems",
    "pytest_generate_tests",
    "pytest_runtest_makereport",
]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is loaded to collect the tests stays: to look through it for garbage stops a test for 300 ms, as long as a
    call may be held."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Started by the first test that asks for it."""
    server = PostgresServer()
    yield server
    server.remove()

"""What tests of several folders share: the seeds of the fault tests, and a PostgreSQL."""

from collections.abc import Iterator

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
    "pytest_collection_modifyitems",
    "pytest_generate_tests",
    "pytest_runtest_makereport",
]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Started by the first test that asks for it."""
    server = PostgresServer()
    yield server
    server.remove()

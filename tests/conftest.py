"""What all tests share: the seeds of the fault tests."""

from tests.soak import (
    chance,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_generate_tests,
    pytest_runtest_makereport,
)

__all__ = [
    "chance",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_generate_tests",
    "pytest_runtest_makereport",
]

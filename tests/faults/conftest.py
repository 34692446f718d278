"""The stores of the contract tests: what breaks around one breaks on both engines."""

from tests.contract.conftest import bus, db, patient_pops, postgres_url, redis_server, sqlite_url, url

__all__ = ["bus", "db", "patient_pops", "postgres_url", "redis_server", "sqlite_url", "url"]

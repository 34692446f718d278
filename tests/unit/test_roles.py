"""Which roles a home can have as processes of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import InvalidInput
from bridge.settings import BusSettings, Database, Settings
from bridge.wiring.server import ROLES, check_roles

POSTGRES = Database(url="postgresql://omniline@/omniline")
REDIS = BusSettings(url="redis://127.0.0.1/0")


def test_everything_in_one_process_needs_neither(tmp_path: Path) -> None:
    check_roles(tmp_path, Settings(), ())


def test_any_of_them_on_postgresql_and_redis(tmp_path: Path) -> None:
    check_roles(tmp_path, Settings(database=POSTGRES, bus=REDIS), ROLES)


@pytest.mark.parametrize(
    ("settings", "roles", "said"),
    [
        (Settings(bus=REDIS), ("desk",), "database.url: .* need PostgreSQL"),
        (Settings(database=POSTGRES), ("desk", "worker"), "bus.url: .* need a Redis"),
        (Settings(database=POSTGRES, bus=REDIS), ("desk", "cook"), "no role cook: one of asterisk, agi"),
    ],
)
def test_what_cannot_be_is_said(
    tmp_path: Path, settings: Settings, roles: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        check_roles(tmp_path, settings, roles)

"""Two servers of one home would share one Asterisk, and the one that leaves would end the other's calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import InvalidInput
from bridge.sole_server import sole_server


def test_a_home_has_one_server_at_a_time(tmp_path: Path) -> None:
    with (
        sole_server(tmp_path),
        pytest.raises(InvalidInput, match=f"{tmp_path}: another"),
        sole_server(tmp_path),
    ):
        pass
    with sole_server(tmp_path):
        pass


def test_homes_do_not_hold_each_other_up(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with sole_server(tmp_path / "a"), sole_server(tmp_path / "b"):
        pass

"""What every command starts with: the home, its settings, its secrets."""

from __future__ import annotations

from pathlib import Path

from bridge.errors import InvalidInput
from bridge.settings import Settings, home_path, load


def open_home(*, must_exist: bool = True) -> tuple[Path, Settings]:
    """The home and its settings. Raises InvalidInput when there is no company in it and `must_exist`."""
    home = home_path()
    if must_exist and not (home / "omniline.toml").exists():
        raise InvalidInput(f"no company in {home}: run 'omniline init' (or 'omniline sample') first")
    return home, load(home)

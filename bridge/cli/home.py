"""What every command starts with: the home, its settings, its database."""

from __future__ import annotations

from pathlib import Path

from bridge.errors import InvalidInput
from bridge.settings import Settings, database_url, home_path, load


def open_home(*, must_exist: bool = True) -> tuple[Path, Settings]:
    """The home and its settings. Raises InvalidInput when there is no company in it and `must_exist`."""
    home = home_path()
    if must_exist and not (home / "omniline.toml").exists():
        raise InvalidInput(f"no company in {home}: run 'omniline init' (or 'omniline sample') first")
    return home, load(home)


def open_company() -> tuple[Path, Settings, str]:
    """The home, its settings, and the address of its database, whose tables are of this release.

    Raises InvalidInput when there is no company, or its database is another release's; Transient when it is away.
    """
    # Alembic is not for every command to wait for.
    from bridge.store.migrations import require_current

    home, settings = open_home()
    url = database_url(home, settings)
    require_current(url)
    return home, settings, url

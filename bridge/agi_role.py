"""The role agi, composed apart from `wiring`: what is imported here is what a replaced process needs to start."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bridge.directory import StoreDirectory
from bridge.settings import Settings, database_url
from pbx.agi import process

LOOPBACK: Final = "127.0.0.1"


def run_agi(home: Path, settings: Settings) -> None:
    """Serves until its parent's pipe closes, and never returns."""
    url, company = database_url(home, settings), settings.company
    process.run(
        LOOPBACK, settings.agi.port, lambda: StoreDirectory(url, language=company.language), company.region
    )

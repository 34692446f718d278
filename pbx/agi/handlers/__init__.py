"""The handlers: `agi://host:port/<name>` runs `handle` of the module `<name>` here. One handler per file.

A handler may raise `HungUp` and `Rejected`: both end the session, and the dialplan goes on without it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from pbx.agi.lookup import CardLookup
from pbx.agi.session import AgiSession


@dataclass(frozen=True, slots=True)
class Services:
    """What handlers work with. `region` is the company's ("UA"), for numbers when the DID tells none."""

    lookup: CardLookup
    region: str


Handler = Callable[[AgiSession, Services], Coroutine[Any, Any, None]]


def find_handlers() -> Mapping[str, Handler]:
    """Every module of this package, by its name."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return {name: importlib.import_module(f"{__name__}.{name}").handle for name in names}

"""Which channels there are: every module of this package that has a `make_channel`. Without its file there is no channel."""

from __future__ import annotations

import importlib
import pkgutil

from bridge import channels
from bridge.domain.ports import Channel
from bridge.settings import Settings


def make_channels(settings: Settings) -> dict[str, Channel]:
    """Every channel by its name."""
    made: dict[str, Channel] = {}
    for found in pkgutil.iter_modules(channels.__path__):
        module = importlib.import_module(f"{channels.__name__}.{found.name}")
        if hasattr(module, "make_channel"):
            channel: Channel = module.make_channel(settings)
            made[channel.name] = channel
    return made

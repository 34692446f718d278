"""Messages that providers have approved: listed for each inbox, filled in, and how long each channel's window is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from bridge.domain.message import FilledTemplate, Template
from bridge.domain.ports import Windows
from bridge.errors import InvalidInput, NotFound
from bridge.secrets import InboxSecrets, inbox_name

FRESH: Final = timedelta(minutes=1)
_BLANK: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Templates:
    """`channels` by name, of those that have windows; `secrets` by `inbox_name`. What was listed is kept for a minute."""

    def __init__(
        self,
        channels: Mapping[str, Windows],
        secrets: Mapping[str, InboxSecrets],
        clock: Callable[[], datetime],
    ) -> None:
        self._channels = channels
        self._secrets = secrets
        self._clock = clock
        self._listed: dict[str, tuple[datetime, list[Template]]] = {}

    @property
    def windows(self) -> dict[str, timedelta]:
        """How long after a customer's last message may be written freely, by channel."""
        return {name: channel.window for name, channel in self._channels.items()}

    async def list_templates(self, channel: str, inbox: str) -> list[Template]:
        """Raises NotFound where there are none; Transient and the like from the provider."""
        name = inbox_name(channel, inbox)
        if channel not in self._channels or name not in self._secrets:
            raise NotFound("this inbox has no templates")
        now = self._clock()
        known = self._listed.get(name)
        if known is not None and now < known[0] + FRESH:
            return known[1]
        found = await self._channels[channel].list_templates(self._secrets[name].token, inbox)
        self._listed[name] = (now, found)
        return found

    async def fill(self, channel: str, inbox: str, filled: FilledTemplate) -> tuple[Template, str]:
        """The template, and what it says. Raises InvalidInput for an unknown one or wrong values, NotFound, Transient."""
        for each in await self.list_templates(channel, inbox):
            if (each.name, each.language) == (filled.name, filled.language):
                return each, _say(each, filled.values)
        raise InvalidInput("no such template", where="template.name")


def _say(template: Template, values: Mapping[str, str]) -> str:
    if set(values) != set(template.blanks) or not all(text.strip() for text in values.values()):
        blanks = ", ".join(template.blanks) or "nothing"
        raise InvalidInput(f"fill in {blanks}", where="template.values")
    return _BLANK.sub(lambda blank: values[blank[1]], template.text)

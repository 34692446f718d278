"""A chat on the company's own site: docs/howto/site-chat.md. Without this package there is no such channel.

`channel` makes messages of what visitors have written; `front` is the server that their browsers speak with; the widget
itself is in bridge/desk/web/src/widget.
"""

from __future__ import annotations

from bridge.channels.chat.channel import ChatChannel
from bridge.channels.chat.front import ChatFront
from bridge.channels.fronts import Front, FrontNeeds
from bridge.domain.ports import Channel
from bridge.settings import Settings


def make_channel(settings: Settings) -> Channel:
    return ChatChannel(settings.company.language)


def make_front(needs: FrontNeeds) -> Front:
    return ChatFront(needs)

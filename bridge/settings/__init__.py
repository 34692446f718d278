"""Settings: defaults that work on a laptop with none given, `omniline.toml` in the home, the environment on top.

`OMNILINE_HTTP__PORT=8081` overrides `http.port`. An unknown key is an error that names its path.
The text below each key is its line in docs/reference/settings.md. The tables are in a file for each subject.
"""

from bridge.settings.channels import (
    Chat,
    Mailbox,
    Shop,
    Telegram,
    Webhooks,
    WhatsApp,
    WhatsAppAddress,
)
from bridge.settings.company import Desk
from bridge.settings.loading import NOT_SETTINGS, PREFIX, home_path, load
from bridge.settings.server import BusSettings, Database, Retention
from bridge.settings.settings import Settings, database_url, desk_url
from bridge.settings.telephony import Did, Models, Phone, Queue, Transcripts

__all__ = [
    "NOT_SETTINGS",
    "PREFIX",
    "BusSettings",
    "Chat",
    "Database",
    "Desk",
    "Did",
    "Mailbox",
    "Models",
    "Phone",
    "Queue",
    "Retention",
    "Settings",
    "Shop",
    "Telegram",
    "Transcripts",
    "Webhooks",
    "WhatsApp",
    "WhatsAppAddress",
    "database_url",
    "desk_url",
    "home_path",
    "load",
]

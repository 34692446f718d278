"""All settings by their keys, and what follows from them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bridge.settings.channels import (
    Chat,
    Conversations,
    Mailbox,
    Shop,
    Simulators,
    Telegram,
    Webhooks,
    WhatsApp,
)
from bridge.settings.company import Admin, Company, Desk
from bridge.settings.server import BusSettings, Database, Http, Retention
from bridge.settings.telephony import (
    Agi,
    Ami,
    Asterisk,
    Did,
    Phone,
    Queue,
    QueueDefaults,
    Sip,
    Transcripts,
)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    http: Http = Http()
    sip: Sip = Sip()
    asterisk: Asterisk = Asterisk()
    agi: Agi = Agi()
    ami: Ami = Ami()
    database: Database = Database()
    bus: BusSettings = BusSettings()
    company: Company = Company()
    admin: Admin = Admin()
    desk: Desk = Desk()
    queue: QueueDefaults = QueueDefaults()
    dids: tuple[Did, ...] = ()
    queues: tuple[Queue, ...] = ()
    phones: tuple[Phone, ...] = ()
    transcripts: Transcripts = Transcripts()
    conversations: Conversations = Conversations()
    retention: Retention = Retention()
    shop: Shop = Shop()
    telegram: Telegram = Telegram()
    webhooks: Webhooks = Webhooks()
    mailboxes: tuple[Mailbox, ...] = ()
    whatsapp: WhatsApp = WhatsApp()
    simulators: Simulators = Simulators()
    chats: tuple[Chat, ...] = ()


def database_url(home: Path, settings: Settings) -> str:
    """`database.url`, by default the SQLite file of the home."""
    return settings.database.url or f"sqlite:///{home / 'omniline.sqlite3'}"


def desk_url(settings: Settings) -> str:
    """`http.url` without a slash at its end, by default where the desk listens."""
    http = settings.http
    host = f"[{http.host}]" if ":" in http.host else http.host
    return http.url.rstrip("/") or f"http://{host}:{http.port}"

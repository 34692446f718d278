"""The composition root: the only module that builds adapters and puts them together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bridge.domain.agent import Agent
from bridge.errors import InvalidInput
from bridge.secrets import Secrets
from bridge.settings import Settings
from pbx.ami.facts import EVENTS
from pbx.asterisk.config import AgentPhone, DidConfig, PbxConfig, QueueConfig


def database_url(home: Path, settings: Settings) -> str:
    """`database.url`, by default the SQLite file of the home."""
    return settings.database.url or f"sqlite:///{home / 'omniline.sqlite3'}"


def pbx_config(home: Path, settings: Settings, secrets: Secrets, agents: Sequence[Agent]) -> PbxConfig:
    """What Asterisk's configuration is rendered from.

    Raises InvalidInput for an agent without a phone's secrets, Rejected for what Asterisk cannot take.
    """
    phones = []
    for agent in agents:
        if agent.extension is None:
            continue
        if agent.extension not in secrets.phones:
            raise InvalidInput(f"extension {agent.extension} has no password", where=str(home / "secrets.toml"))
        phone = secrets.phones[agent.extension]
        phones.append(
            AgentPhone(agent.extension, agent.name, phone.sip_password, agent.language, phone.voicemail_pin)
        )
    return PbxConfig(
        ami_secret=secrets.ami_secret,
        recordings=home / "recordings",
        voicemail=home / "voicemail",
        agents=tuple(phones),
        queues=tuple(
            QueueConfig(q.name, q.members, settings.queue.ring_seconds, settings.queue.wait_seconds)
            for q in settings.queues
        ),
        dids=tuple(DidConfig(did.number, did.queue, did.language) for did in settings.dids),
        name=settings.asterisk.name,
        sip_host=settings.sip.host,
        sip_port=settings.sip.port,
        rtp_start=settings.sip.rtp_start,
        rtp_end=settings.sip.rtp_end,
        http_port=settings.asterisk.http_port,
        ami_port=settings.ami.port,
        agi_port=settings.agi.port,
        ami_events=tuple(sorted(EVENTS)),
    )

"""Asterisk and the process that it asks who is calling, as a home's settings want them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bridge.domain.agent import Agent
from bridge.domain.phone import BROWSER, Rung, phone_rungs
from bridge.errors import InvalidInput
from bridge.secrets import Secrets
from bridge.settings import Settings, desk_url
from bridge.wiring.ground import LOOPBACK, Ground
from pbx.agi.probe import passes_self_test
from pbx.ami.facts import EVENTS
from pbx.asterisk.config import AgentPhone, DidConfig, PbxConfig, QueueConfig
from pbx.asterisk.find import Asterisk
from pbx.asterisk.keeper import AsteriskKeeper
from pbx.asterisk.ports import find_own_address
from pbx.asterisk.process import AsteriskProcess
from pbx.asterisk.render import copy_shipped, render


def pbx_config(home: Path, settings: Settings, secrets: Secrets, agents: Sequence[Agent]) -> PbxConfig:
    """What Asterisk's configuration is rendered from.

    Raises InvalidInput for an agent without a phone's secrets, Rejected for what Asterisk cannot take.
    """
    phones = []
    for agent in agents:
        if agent.extension is None:
            continue
        if agent.extension not in secrets.phones:
            raise InvalidInput(
                f"extension {agent.extension} has no password", where=str(home / "secrets.toml")
            )
        phone = secrets.phones[agent.extension]
        make = phone_rungs(settings, agent.extension)
        phones.append(
            AgentPhone(
                agent.extension,
                agent.name,
                phone.sip_password,
                agent.language,
                phone.voicemail_pin,
                call_info=Rung.CALL_INFO in make.rungs,
                card_header=Rung.CARD_HEADER in make.rungs,
                browser=make.profile == BROWSER,
            )
        )
    return PbxConfig(
        ami_secret=secrets.ami_secret,
        recordings=home / "recordings",
        voicemail=home / "voicemail",
        agents=tuple(phones),
        queues=tuple(
            QueueConfig(
                q.name, q.members, settings.queue.ring_seconds, settings.queue.wait_seconds, q.strategy
            )
            for q in settings.queues
        ),
        dids=tuple(DidConfig(did.number, did.queue, did.language) for did in settings.dids),
        name=settings.asterisk.name,
        sip_host=settings.sip.host,
        sip_port=settings.sip.port,
        own_address=find_own_address(),
        rtp_start=settings.sip.rtp_start,
        rtp_end=settings.sip.rtp_end,
        http_port=settings.asterisk.http_port,
        ami_port=settings.ami.port,
        agi_port=settings.agi.port,
        ami_events=tuple(sorted(EVENTS)),
        pop_key=secrets.pop_key,
        desk_url=desk_url(settings),
    )


async def start_asterisk(
    ground: Ground, config: PbxConfig, process: AsteriskProcess, asterisk: Asterisk
) -> None:
    """Render its configuration, start or adopt it and keep it."""
    await asyncio.to_thread(copy_shipped, ground.home)
    await asyncio.to_thread(render, ground.home, config, asterisk)
    keeper = ground.keeper = AsteriskKeeper(process, ground.say)
    ground.metrics.watch(
        "asterisk_restarts", "Times that Asterisk died and was started again", lambda: keeper.restarts
    )
    await keeper.start()


async def agi_fault(port: int) -> str | None:
    """What is wrong with the process that identifies callers, None when it answers."""
    passed = port and await passes_self_test(LOOPBACK, port)
    return None if passed else "the AGI process does not answer its self-test"

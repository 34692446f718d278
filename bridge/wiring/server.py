"""The composition root: which parts share this process, and what they are connected by. The only place that knows.

Each part is loaded by who has it, when it is started: a role is smaller for it, and the AGI process loads beside the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.domain.health import PARTS
from bridge.errors import InvalidInput, Transient
from bridge.secrets import Secrets
from bridge.settings import Settings, database_url
from bridge.sole_server import sole_server
from bridge.wiring.ground import Ground
from bridge.wiring.pbx import agi_fault, pbx_config, start_asterisk
from pbx.agi.child import AgiChild
from pbx.asterisk.config import PbxConfig
from pbx.asterisk.find import get_asterisk
from pbx.asterisk.process import AsteriskProcess

if TYPE_CHECKING:
    from bridge.desk.services import ReadinessCheck


class Server:
    """The parts of one home that run in this process, and their children."""

    def __init__(
        self,
        home: Path,
        settings: Settings,
        roles: Iterable[str],
        *,
        agi_command: Sequence[str],
        say: Callable[[str], None],
    ) -> None:
        """All parts in one process where no roles are given, else those, connected to the others by the bus.

        `agi_command` starts the process that identifies callers; `say` tells the person at the terminal. Raises
        InvalidInput for roles that this home cannot have.
        """
        self._roles = tuple(dict.fromkeys(roles))
        check_roles(home, settings, self._roles)
        self._home = home
        self._settings = settings
        self._agi_command = agi_command
        self._say = say
        self._ground: Ground | None = None

    async def start(self) -> None:
        """Start all of it. Raises what says what to change: a port or the home in use, no Asterisk, a full disk."""
        ground = self._ground = Ground(self._home, self._settings, self._say)
        if not self._roles or "asterisk" in self._roles:
            ground.stack.enter_context(sole_server(self._home))
        await ground.open()
        config = pbx_config(self._home, self._settings, ground.secrets, ground.people)
        if not self._roles:
            await _start_embedded(ground, config, AgiChild(self._agi_command))
        for role in self._roles:
            await _PARTS[role](ground, config, self._agi_command)
        ground.watch_loop()

    @property
    def secrets(self) -> Secrets:
        return self._get_ground().secrets

    @property
    def adopted(self) -> bool:
        """Whether Asterisk ran before we came."""
        keeper = self._ground.keeper if self._ground is not None else None
        return keeper is not None and keeper.adopted

    async def wait_broken(self) -> str:
        """Waits for what cannot be mended while running, and says what it was."""
        return await self._get_ground().wait_broken()

    async def stop(self, *, leave_asterisk: bool = False) -> None:
        """Stop all of it, Asterisk first so that the ends of its calls are still heard and kept."""
        if self._ground is None:
            return
        if self._ground.keeper is not None:
            await self._ground.keeper.stop(leave_running=leave_asterisk)
        await self._ground.stack.aclose()

    def _get_ground(self) -> Ground:
        assert self._ground is not None, "not started"
        return self._ground


async def _start_embedded(ground: Ground, config: PbxConfig, child: AgiChild) -> None:
    ground.stack.push_async_callback(child.stop)
    # The first step of it makes the process, which takes as long to load as all of ours, on another core.
    await asyncio.gather(child.start(), _start_beside(ground, config, child))


async def _start_beside(ground: Ground, config: PbxConfig, child: AgiChild) -> None:
    from bridge.agi_metrics import AgiCollector
    from bridge.flows.telephony import HereTelephony
    from bridge.wiring.channels import start_channels
    from bridge.wiring.desk import make_hub, start_desk
    from bridge.wiring.simulators import start_simulators
    from bridge.wiring.watch import Watch
    from bridge.wiring.work import start_minding, start_relay, start_transcriber

    asterisk = await asyncio.to_thread(get_asterisk)
    process = AsteriskProcess(ground.home, config, asterisk)
    hub = make_hub(ground)
    ground.metrics.add(AgiCollector(child))
    watch = Watch(ground, config, process.command, hub.emit, asterisk.version)
    readiness = {
        "ami": watch.find_ami_fault,
        "agi": lambda: agi_fault(child.port),
        "database": watch.calls.find_database_fault,
    }
    await start_simulators(ground)
    await start_desk(ground, hub, HereTelephony(watch.calls, watch.read_vitals), readiness, hub.emit)
    await start_asterisk(ground, config, process, asterisk)
    start_relay(ground)
    start_minding(ground)
    start_channels(ground)
    await start_transcriber(ground)
    await watch.start()


async def _start_asterisk_role(ground: Ground, config: PbxConfig, _: Sequence[str]) -> None:
    asterisk = await asyncio.to_thread(get_asterisk)
    await start_asterisk(ground, config, AsteriskProcess(ground.home, config, asterisk), asterisk)


async def _start_agi_role(ground: Ground, _: PbxConfig, agi_command: Sequence[str]) -> None:
    child = AgiChild(agi_command)
    ground.stack.push_async_callback(child.stop)
    await child.start()


async def _start_ami_role(ground: Ground, config: PbxConfig, _: Sequence[str]) -> None:
    from bridge.wiring.watch import watch_when_leased

    ground.run(watch_when_leased(ground, config), "ami")


async def _start_desk_role(ground: Ground, _: PbxConfig, __: Sequence[str]) -> None:
    from bridge.bus.far_telephony import FarTelephony
    from bridge.wiring.desk import make_hub, start_desk

    hub = make_hub(ground)
    telephony = FarTelephony(ground.bus, hub.emit)
    ground.run(telephony.run(), "far-telephony")

    async def find_fault(part: str) -> str | None:
        try:
            return (await telephony.read_vitals()).missing.get(part)
        except Transient as error:
            # The database is asked by the desk itself as well.
            return None if part == "database" else str(error)

    readiness: Mapping[str, ReadinessCheck] = {part: partial(find_fault, part) for part in PARTS}
    await start_desk(ground, hub, telephony, readiness, telephony.emit)


async def _start_worker_role(ground: Ground, _: PbxConfig, __: Sequence[str]) -> None:
    from bridge.wiring.work import start_minding, start_relay

    start_relay(ground)
    start_minding(ground)


async def _start_channels_role(ground: Ground, _: PbxConfig, __: Sequence[str]) -> None:
    from bridge.wiring.channels import start_channels

    start_channels(ground)


async def _start_transcribe_role(ground: Ground, _: PbxConfig, __: Sequence[str]) -> None:
    from bridge.wiring.work import start_transcriber

    await start_transcriber(ground)


_PARTS = {
    "asterisk": _start_asterisk_role,
    "agi": _start_agi_role,
    "ami": _start_ami_role,
    "desk": _start_desk_role,
    "worker": _start_worker_role,
    "transcribe": _start_transcribe_role,
    "channels": _start_channels_role,
}
ROLES = tuple(_PARTS)


def check_roles(home: Path, settings: Settings, roles: Sequence[str]) -> None:
    """Raises InvalidInput."""
    unknown = [role for role in roles if role not in _PARTS]
    if unknown:
        raise InvalidInput(f"no role {unknown[0]}: one of {', '.join(ROLES)}", where="--role")
    if not roles:
        return
    if not database_url(home, settings).startswith("postgresql"):
        raise InvalidInput(
            "roles in processes of their own need PostgreSQL; without --role everything runs in one process",
            where="database.url",
        )
    if settings.bus.url == Settings().bus.url:
        raise InvalidInput(
            "roles in processes of their own need a Redis; without --role everything runs in one process",
            where="bus.url",
        )

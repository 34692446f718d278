"""All simulators of a home at once, on this machine alone, and a way to have people write: what `omniline simulate` asks.

Whoever may read `simulators.json` in the home knows the address of the controls; nobody else can guess it.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import structlog
from aiohttp import web

from bridge.channels.simulators import FILE, INBOXES, SHOP, WHATSAPP
from bridge.channels.simulators.faults import Fault, deliver
from bridge.channels.simulators.shop import ShopSimulator
from bridge.channels.simulators.telegram import TelegramSimulator
from bridge.channels.simulators.whatsapp import Sent, WhatsAppSimulator
from bridge.secrets import InboxSecrets, inbox_name, new_password

MOMENT: Final = 0.5
"""Seconds until a phone has a message, and as many until it is read."""

log = structlog.get_logger()


class Say(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`texts` that a person writes. Each comes `repeat` times, up to `delay` seconds apart; `shuffle`: in another order,
    and a share of `drop` of our answers is lost on the way, so that they come again."""

    channel: Literal["telegram", "whatsapp"]
    person: Annotated[str, msgspec.Meta(pattern=r"^(\d{3,15}|[A-Z]{2}\.[A-Za-z0-9]{1,128})$")]
    name: str
    texts: Annotated[list[str], msgspec.Meta(min_length=1)]
    repeat: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    delay: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0
    shuffle: bool = False
    drop: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0


class Trouble(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to the next message or order that is sent there."""

    channel: Literal["telegram", "whatsapp", "shop"]
    fault: Fault


class Stage:
    """`desk` is how the desk is reached from here; `secrets` by `inbox_name`, with those of INBOXES."""

    def __init__(self, home: Path, desk: str, secrets: Mapping[str, InboxSecrets]) -> None:
        self._file = home / FILE
        names = [inbox_name(channel, key) for channel, key in INBOXES]
        telegram, whatsapp, shop = (secrets[name] for name in names)
        hooks = [f"{desk}/hooks/{name}" for name in names]
        self.telegram = TelegramSimulator(telegram.token, secret=telegram.hook_secret, hook=hooks[0])
        self.whatsapp = WhatsAppSimulator(WHATSAPP, whatsapp.token, whatsapp.hook_secret, hook=hooks[1])
        self.shop = ShopSimulator(SHOP, shop.hook_secret, hook=hooks[2])
        self.whatsapp.heard = self._heard
        self._runner: web.AppRunner | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def start(self) -> None:
        """Serve on a free port of this machine, and say where in the home."""
        app, key = web.Application(), new_password(32)
        self.telegram.add_routes(app, "/telegram")
        self.whatsapp.add_routes(app, "/whatsapp")
        self.shop.add_routes(app, "/shop")
        app.router.add_post(f"/{key}/say", _taking(Say, self._say))
        app.router.add_post(f"/{key}/order", self._order)
        app.router.add_post(f"/{key}/fault", _taking(Trouble, self._trouble))
        app.router.add_get(f"/{key}/got", self._got)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        self.telegram.url, self.whatsapp.url, self.shop.url = (
            f"{self.url}/{name}" for name in ("telegram", "whatsapp", "shop")
        )
        self._file.unlink(missing_ok=True)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode({"url": f"{self.url}/{key}"}))
        log.info("simulators_run", url=self.url)

    async def close(self) -> None:
        self._file.unlink(missing_ok=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    async def _say(self, say: Say) -> None:
        disorder = random.Random(0) if say.shuffle else None
        how: dict[str, Any] = {"repeat": say.repeat, "delay": say.delay, "drop": say.drop}
        post: Callable[[bytes], Awaitable[int]]
        if say.channel == "telegram":
            person = int(say.person) if say.person.isdecimal() else 0
            bodies: Sequence[bytes] = [self.telegram.write(person, say.name, text) for text in say.texts]
            post = self.telegram.post
        else:
            bodies = [self.whatsapp.write(say.person, say.name, text) for text in say.texts]
            post = self.whatsapp.post
        await deliver(post, bodies, disorder=disorder, **how)

    async def _trouble(self, trouble: Trouble) -> None:
        getattr(self, trouble.channel).faults.append(trouble.fault)

    async def _order(self, request: web.Request) -> web.StreamResponse:
        """The JSON of an order, as in docs/howto/connect-a-shop.md; what is left out stays as it was."""
        line = msgspec.json.decode(await request.read(), type=dict[str, Any])
        body = self.shop.change(str(line.pop("order")), str(line.pop("status")), **line)
        return web.Response(status=await self.shop.post(body))

    async def _got(self, _: web.Request) -> web.StreamResponse:
        """What people have got from us, in order."""
        telegram = [
            {"channel": "telegram", "to": str(each.chat_id), "text": each.text} for each in self.telegram.sent
        ]
        whatsapp = [{"channel": "whatsapp", "to": each.to, "text": each.text} for each in self.whatsapp.sent]
        orders = [
            {"channel": "shop", "to": number, "text": order["status"]}
            for number, order in self.shop.orders.items()
        ]
        return web.json_response(telegram + whatsapp + orders)

    def _heard(self, sent: Sent) -> None:
        task = asyncio.create_task(self._receive(sent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _receive(self, sent: Sent) -> None:
        for state in ("delivered", "read"):
            await asyncio.sleep(MOMENT)
            await deliver(self.whatsapp.post, [self.whatsapp.tell(sent, state)])


def _taking(
    kind: type[Any], do: Callable[[Any], Awaitable[None]]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            asked = msgspec.json.decode(await request.read(), type=kind)
        except msgspec.DecodeError as error:
            return web.Response(status=422, text=str(error))
        try:
            await do(asked)
        except (ConnectionError, OSError) as error:
            return web.Response(status=502, text=str(error))
        return web.Response(status=204)

    return handle

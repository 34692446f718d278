"""What visitors' browsers speak with: POST /chat/{inbox}/… and a WebSocket, for the sites that the inbox is shown on.

What is written comes by POST and is an arrival before it is answered for, under the browser's own key. What is new goes out
over the WebSocket, or to a long poll where there is none: both give the same updates from the same cursor.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from aiohttp import WSMsgType, web

from bridge.channels.chat import bodies, cursor
from bridge.channels.chat.accounts import Accounts
from bridge.channels.chat.channel import NAME, Written
from bridge.channels.chat.files import give, keep, read_tokens
from bridge.channels.chat.limits import Limits
from bridge.channels.chat.origins import address_of, allow_origin, check_origin
from bridge.channels.chat.pages import Pages
from bridge.channels.chat.rooms import PAGE, Listener, Rooms
from bridge.channels.chat.tokens import Keys
from bridge.channels.fronts import FrontNeeds
from bridge.domain.address import canonical_email
from bridge.domain.delivery import DeliveryState
from bridge.domain.ids import new_id
from bridge.domain.live import EVERYONE, LiveMessage
from bridge.domain.texts import storable
from bridge.domain.times import iso
from bridge.errors import Forbidden, InvalidInput, NotFound, OmnilineError
from bridge.flows.confirm_reading import confirm
from bridge.secrets import inbox_name
from bridge.settings import Chat
from bridge.store import arrivals, attachments, inboxes, threads, visitors
from bridge.store.feed import FeedRow
from bridge.store.inboxes import Inbox
from bridge.store.threads import Said
from bridge.store.visitors import Visitor

BODY_LIMIT: Final = 128 * 1024
POLL_SECONDS: Final = 25.0
HELLO_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be answered: `site` is how the inbox is shown, `address` who asks."""

    request: web.Request
    inbox: Inbox
    site: Chat
    keys: Keys
    address: str


_Handler = Callable[[Asked], Awaitable[web.StreamResponse]]


class ChatFront:
    """Implements `Front`."""

    def __init__(self, needs: FrontNeeds) -> None:
        self._needs = needs
        self._db = needs.db
        self._sites = {site.inbox: site for site in needs.settings.chats}
        self._rooms = Rooms(needs)
        self._limits = Limits(needs.monotonic)
        self._accounts = Accounts(needs, self._limits)
        self._pages = Pages(needs)

    def mount(self, app: web.Application) -> None:
        self._pages.mount(app)
        posts: dict[str, _Handler] = {
            "open": self._open,
            "messages": self._write,
            "earlier": self._read_earlier,
            "poll": self._poll,
            "reached": self._note_reached,
            "typing": self._tell_typing,
            "files": self._keep_file,
            "code": self._ask_code,
            "sign_in": self._sign_in,
            "continue": self._continue,
        }
        for name, handler in posts.items():
            app.router.add_post(f"/chat/{{inbox}}/{name}", self._guarded(handler))
        app.router.add_get("/chat/{inbox}/socket", self._guarded(self._follow))
        app.router.add_get("/chat/{inbox}/files/{id}", self._guarded(self._read_file))
        app.router.add_options("/chat/{inbox}/{name:.+}", self._guarded(_allow))
        app.on_response_prepare.append(allow_origin)
        app.on_shutdown.append(self._close)

    def publish(self, rows: Sequence[FeedRow]) -> None:
        self._rooms.publish(rows)

    async def run(self) -> None:
        await self._rooms.run()

    async def _close(self, _app: web.Application) -> None:
        self._rooms.close()

    def _guarded(self, handler: _Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guard(request: web.Request) -> web.StreamResponse:
            key = request.match_info["inbox"]
            secret = self._needs.secrets.get(inbox_name(NAME, key))
            inbox = await self._db.read(inboxes.find_inbox, NAME, key) if secret else None
            if inbox is None or secret is None or inbox.state != "active":
                raise NotFound("no such inbox")
            site = self._sites.get(key, Chat(inbox=key))
            check_origin(request, site.origins)
            address = address_of(request, self._needs.settings.http.proxies)
            return await handler(Asked(request, inbox, site, Keys(secret.hook_secret), address))

        return guard

    async def _open(self, asked: Asked) -> web.Response:
        """Who the visitor is, how the chat looks, what was said last."""
        body = await bodies.read_body(asked.request, bodies.Open)
        self._limits.enter("open", asked.address)
        try:
            visitor_id = asked.keys.read_visitor(body.token)
        except Forbidden:
            visitor_id = new_id()
        if body.user:
            asked.keys.check_user(body.user, body.signature)
            visitor_id = await self._accounts.know_user(asked.inbox, visitor_id, body.user)
        visitor = await self._db.read(visitors.get_visitor, asked.inbox.id, visitor_id)
        said = await self._db.read(threads.read_newest, asked.inbox.id, visitor.threads, most=PAGE)
        return bodies.answer(
            bodies.Opened(
                token=asked.keys.sign_visitor(visitor_id),
                title=asked.site.title or self._needs.settings.company.name,
                colour=asked.site.colour,
                there=self._needs.is_anybody_there(),
                sign_in=self._accounts.can_sign_in,
                account=bool(visitor.account),
                email=visitor.email,
                lines=self._lines_of(said),
                earlier=len(said) == PAGE,
                cursor=cursor.text_of(cursor.advance((), (each.id for each in said))),
            )
        )

    def _lines_of(self, said: Sequence[Said]) -> list[bodies.Line]:
        return [bodies.line_of(each, self._needs.settings.company.name) for each in said]

    async def _visitor(self, asked: Asked) -> Visitor:
        """Raises Forbidden."""
        scheme, _, token = asked.request.headers.get("Authorization", "").partition(" ")
        visitor_id = asked.keys.read_visitor(token if scheme.lower() == "bearer" else "")
        return await self._db.read(visitors.get_visitor, asked.inbox.id, visitor_id)

    async def _write(self, asked: Asked) -> web.Response:
        """204 once it is kept. 422 for what is no message, 429 for too many."""
        body = await bodies.read_body(asked.request, bodies.Write)
        visitor = await self._visitor(asked)
        self._limits.enter("write", asked.address, visitor.id)
        text = storable(body.text).strip()
        if not text and not body.files:
            raise InvalidInput("the message is empty", where="text")
        written = Written(
            visitor=visitor.thread,
            key=body.key,
            text=text,
            email=visitor.email or (canonical_email(body.email) if body.email else ""),
            proven=bool(visitor.email),
            name=visitor.name,
            context=body.context,
            files=read_tokens(asked.keys, visitor.id, body.files),
        )
        raw, at = msgspec.json.encode(written), self._needs.clock()
        if await self._db.write(arrivals.keep, asked.inbox.id, written.source_key, raw, at):
            self._needs.committed()
        return bodies.answer(None)

    async def _keep_file(self, asked: Asked) -> web.Response:
        """A file that is about to be sent with a message: the raw body, its name in X-File-Name, percent-encoded."""
        visitor = await self._visitor(asked)
        self._limits.enter("file", asked.address, visitor.id)
        return bodies.answer(await keep(asked.request, self._needs.attachments, asked.keys, visitor.id))

    async def _read_file(self, asked: Asked) -> web.StreamResponse:
        visitor, file_id = await self._visitor(asked), asked.request.match_info["id"]
        self._limits.enter("signal", asked.address, visitor.id)
        if not await self._db.read(threads.find_file, asked.inbox.id, visitor.threads, file_id):
            raise NotFound("no such file")
        file = await self._db.read(attachments.get_attachment, file_id)
        return give(self._needs.attachments, file)

    async def _read_earlier(self, asked: Asked) -> web.Response:
        body = await bodies.read_body(asked.request, bodies.Earlier)
        visitor = await self._visitor(asked)
        self._limits.enter("signal", asked.address, visitor.id)
        said = await self._db.read(
            threads.read_newest, asked.inbox.id, visitor.threads, before=body.before, most=PAGE
        )
        return bodies.answer(bodies.Lines(self._lines_of(said), len(said) == PAGE))

    async def _note_reached(self, asked: Asked) -> web.Response:
        body = await bodies.read_body(asked.request, bodies.Reached)
        visitor = await self._visitor(asked)
        self._limits.enter("signal", asked.address, visitor.id)
        for up_to, state in ((body.delivered, DeliveryState.DELIVERED), (body.read, DeliveryState.READ)):
            behind = await self._db.read(threads.list_behind, asked.inbox.id, visitor.threads, up_to, state)
            if behind:
                at = self._needs.clock()
                await self._db.write(confirm, asked.inbox.id, visitor.threads, up_to, state, at)
                self._needs.committed()
        return bodies.answer(None)

    async def _tell_typing(self, asked: Asked) -> web.Response:
        visitor = await self._visitor(asked)
        self._limits.enter("signal", asked.address, visitor.id)
        known = await self._db.read(threads.list_conversations, asked.inbox.id, [visitor.thread])
        if known:
            said = {"code": "typing", "conversation_id": known[-1]}
            at = iso(self._needs.clock())
            self._needs.emit((EVERYONE,), LiveMessage(type="notice", id=new_id(), at=at, data=said))
        return bodies.answer(None)

    async def _ask_code(self, asked: Asked) -> web.Response:
        visitor = await self._visitor(asked)
        body = await bodies.read_body(asked.request, bodies.AskCode)
        await self._accounts.ask_code(asked.inbox, asked.keys, visitor.id, body, asked.address)
        return bodies.answer(None)

    async def _sign_in(self, asked: Asked) -> web.Response:
        visitor = await self._visitor(asked)
        body = await bodies.read_body(asked.request, bodies.TryCode)
        token = await self._accounts.try_code(asked.inbox, asked.keys, visitor.id, body, asked.address)
        return bodies.answer(bodies.Signed(token))

    async def _continue(self, asked: Asked) -> web.Response:
        """What a continue-link is worth to this visitor, who reads more from now on where it is worth something."""
        visitor = await self._visitor(asked)
        body = await bodies.read_body(asked.request, bodies.Continue)
        fate = await self._accounts.follow(asked.inbox, visitor.id, body.link, asked.address)
        self._needs.committed()
        return bodies.answer(bodies.Continued(fate))

    async def _poll(self, asked: Asked) -> web.Response:
        """The next update; 204 when nothing was new for a while."""
        body = await bodies.read_body(asked.request, bodies.Follow)
        listener = Listener(asked.inbox.id, await self._visitor(asked), cursor.parse(body.cursor), body.there)
        self._limits.enter("follow", asked.address)
        self._rooms.enter(listener)
        try:
            return bodies.answer(await self._rooms.next_update(listener, POLL_SECONDS))
        finally:
            self._rooms.leave(listener)

    async def _follow(self, asked: Asked) -> web.WebSocketResponse:
        """Updates as they come. The browser says first who it is and what it has: a token belongs into no address."""
        self._limits.enter("follow", asked.address)
        socket = web.WebSocketResponse(timeout=1.0, heartbeat=20.0, compress=False, max_msg_size=16 * 1024)
        await socket.prepare(asked.request)
        listener = None
        try:
            listener = await self._greet(asked, socket)
            self._rooms.enter(listener)
        except (OmnilineError, TimeoutError, TypeError):
            await socket.close(code=4403)
            return socket
        sender = asyncio.create_task(self._send_updates(socket, listener))
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
        finally:
            self._rooms.leave(listener)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    async def _greet(self, asked: Asked, socket: web.WebSocketResponse) -> Listener:
        """Raises TimeoutError, TypeError (not text), OmnilineError."""
        async with asyncio.timeout(HELLO_SECONDS):
            hello = bodies.decode(await socket.receive_str(), bodies.Follow)
        visitor_id = asked.keys.read_visitor(hello.token)
        visitor = await self._db.read(visitors.get_visitor, asked.inbox.id, visitor_id)
        return Listener(asked.inbox.id, visitor, cursor.parse(hello.cursor), there=None)

    async def _send_updates(self, socket: web.WebSocketResponse, listener: Listener) -> None:
        with contextlib.suppress(ConnectionResetError):
            while not socket.closed and not self._rooms.is_closing:
                update = await self._rooms.next_update(listener, POLL_SECONDS)
                if update is not None:
                    await socket.send_str(msgspec.json.encode(update).decode())
        await socket.close(code=1001)


async def _allow(_asked: Asked) -> web.Response:
    """A browser asks whether a page of another site may ask."""
    return web.Response(status=204)

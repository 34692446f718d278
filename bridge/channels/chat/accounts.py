"""Visitors who say who they are: by a code sent to their address, by the site's word for its user, or by a continue-link."""

from __future__ import annotations

import secrets
from datetime import timedelta

from bridge.channels.chat import bodies
from bridge.channels.chat.limits import Limits
from bridge.channels.chat.tokens import Keys
from bridge.channels.fronts import FrontNeeds
from bridge.domain.address import canonical_email
from bridge.domain.continuing import Fate
from bridge.domain.texts import storable
from bridge.errors import Conflict, Forbidden, NotFound
from bridge.flows.follow_to_chat import follow_to_chat
from bridge.flows.sign_in_visitor import Account, Tried, ask_code, sign_in, try_code
from bridge.store import visitors
from bridge.store.inboxes import Inbox


class Accounts:
    def __init__(self, needs: FrontNeeds, limits: Limits) -> None:
        self._needs = needs
        self._limits = limits

    @property
    def can_sign_in(self) -> bool:
        """Whether there is anything to send a code with."""
        return self._needs.codes is not None

    async def ask_code(
        self, inbox: Inbox, keys: Keys, visitor_id: str, body: bodies.AskCode, address: str
    ) -> None:
        """Whoever reads the address gets a code. Raises InvalidInput, RateLimited, Transient, Rejected."""
        if self._needs.codes is None:
            raise NotFound("nobody can sign in here")
        email = canonical_email(body.email)
        self._limits.enter("code", address, visitor_id)
        self._limits.write_to(email)
        code = f"{secrets.randbelow(10**6):06}"
        code_hash = keys.hash_code(visitor_id, code)
        await self._needs.db.write(
            ask_code, inbox.id, visitor_id, email=email, code_hash=code_hash, at=self._needs.clock()
        )
        await self._needs.codes.send_code(email, code, body.language)

    async def try_code(
        self, inbox: Inbox, keys: Keys, visitor_id: str, body: bodies.TryCode, address: str
    ) -> str:
        """The token from now on. Raises Forbidden for a wrong code, Conflict where another one has to be asked for."""
        self._limits.enter("try", address, visitor_id)
        code_hash = keys.hash_code(visitor_id, body.code)
        tried, visitor_id = await self._needs.db.write(
            try_code, inbox, visitor_id, code_hash=code_hash, at=self._needs.clock()
        )
        if tried is Tried.WRONG:
            raise Forbidden("this is not the code")
        if tried is Tried.OVER:
            raise Conflict("this code is over: ask for another one")
        return keys.sign_visitor(visitor_id)

    async def know_user(self, inbox: Inbox, visitor_id: str, user: str) -> str:
        """The visitor's id from now on; `user` is what the site has signed. Raises InvalidInput."""
        said = bodies.decode(user, bodies.User)
        account = Account(
            key=f"user:{storable(said.id)}",
            email=canonical_email(said.email) if said.email else "",
            name=storable(said.name).strip(),
        )
        visitor = await self._needs.db.read(visitors.get_visitor, inbox.id, visitor_id)
        if visitor.account == account.key:
            return visitor_id
        return await self._needs.db.write(sign_in, inbox, visitor_id, account, self._needs.clock())

    async def follow(self, inbox: Inbox, visitor_id: str, token: str, address: str) -> Fate:
        """What the continue-link is worth: who has it is known from now on, and reads what they have written here."""
        self._limits.enter("try", address, visitor_id)
        return await self._needs.db.write(
            follow_to_chat,
            inbox,
            visitor_id,
            token,
            ways=self._needs.ways,
            reopen=timedelta(hours=self._needs.settings.conversations.reopen_hours),
            at=self._needs.clock(),
        )

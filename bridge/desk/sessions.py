"""Desk sessions: passwords with argon2id, random tokens stored only as their SHA-256, a CSRF token for each session.

A session ends 12 hours after it was last used and 7 days after login whatever happens; every login makes a new
token, so none can be planted beforehand. A wrong password and an unknown login get the same answer after the same work.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import argon2
import structlog

from bridge.desk.login_throttle import LoginThrottle
from bridge.desk.problems import NotLoggedIn
from bridge.domain.agent import Agent
from bridge.store import agents
from bridge.store.engine import Database

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)
"""A session's last use is written down no more often than this."""

log = structlog.get_logger()

_hasher = argon2.PasswordHasher()
_WRONG = "wrong login or password"


def hash_password(password: str) -> str:
    """argon2id (RFC 9106) with the library's parameters; about 64 MiB and some ten milliseconds."""
    return _hasher.hash(password)


def hash_token(token: str) -> str:
    """SHA-256: enough for a secret of 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class DeskSession:
    """`id` is the token's hash; at `ends_at` it is over however busy it is."""

    id: str
    agent: Agent
    csrf: str
    ends_at: datetime


class Sessions:
    """`clock` tells the time, `monotonic` the seconds between tries to log in."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._clock = clock
        self._logins = LoginThrottle(free=5, longest=60.0, clock=monotonic)
        self._addresses = LoginThrottle(free=20, longest=60.0, clock=monotonic)
        # By address and SIP user: a phone with an old key, which asks at every ring, is in nobody else's way.
        self._phones = LoginThrottle(free=20, longest=60.0, clock=monotonic)
        # Each hashing takes 64 MiB and a core.
        self._hashing = asyncio.Semaphore(2)

    async def log_in(self, login: str, password: str, address: str) -> tuple[str, DeskSession]:
        """A new token and its session. Raises NotLoggedIn, or RateLimited after too many failures."""
        self._logins.enter(login)
        self._addresses.enter(address)
        found = await self._db.read(agents.find_login, login)
        if not await self._matches(found.password_hash if found else None, password) or not found:
            log.info("login_refused")
            raise NotLoggedIn(_WRONG)
        self._logins.clear(login)
        self._addresses.clear(address)
        token, csrf, now = secrets.token_urlsafe(32), secrets.token_urlsafe(32), self._clock()
        session = DeskSession(hash_token(token), found.agent, csrf, now + LONGEST)
        await self._db.write(
            agents.add_session, session.id, found.agent.id, csrf=csrf, now=now, expires=now + IDLE
        )
        log.info("logged_in", agent_id=found.agent.id)
        return token, session

    async def get(self, token: str) -> DeskSession:
        """The live session of a token. Raises NotLoggedIn."""
        now = self._clock()
        found = await self._db.read(agents.find_session, hash_token(token), now)
        if found is None or found.created_at + LONGEST < now:
            raise NotLoggedIn("the session is over: log in")
        if now - found.seen_at > SEEN_EVERY:
            await self._db.write(agents.touch_session, found.token_hash, now, now + IDLE)
        return DeskSession(found.token_hash, found.agent, found.csrf, found.created_at + LONGEST)

    async def log_out(self, session_id: str) -> None:
        await self._db.write(agents.remove_session, session_id)

    async def get_phone_owner(self, sip_user: str, phone_key: str, address: str) -> Agent:
        """The agent of a phone that shows its key. Raises NotLoggedIn, or RateLimited after too many failures."""
        phone = f"{address} {sip_user[:40]}"
        self._phones.enter(phone)
        key_hash = hash_token(phone_key)
        found = await self._db.read(agents.find_phone_owner, sip_user.removeprefix("agent-"), key_hash)
        if found is None or not sip_user.startswith("agent-"):
            raise NotLoggedIn("wrong SIP user or phone key", ("Basic",))
        self._phones.clear(phone)
        return found

    async def _matches(self, password_hash: str | None, password: str) -> bool:
        async with self._hashing:
            return await asyncio.to_thread(verify_password, password_hash, password)


@functools.cache
def _hash_of_nobody() -> str:
    return hash_password(secrets.token_urlsafe(16))


def verify_password(password_hash: str | None, password: str) -> bool:
    """For an unknown login as much work as for a known one."""
    try:
        return _hasher.verify(password_hash or _hash_of_nobody(), password)
    except argon2.exceptions.VerifyMismatchError:
        return False

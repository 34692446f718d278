"""The people of the company, and their desk sessions. Passwords, tokens and phone keys are here as hashes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bridge.domain.agent import Agent, Role
from bridge.domain.ids import new_id
from bridge.errors import NotFound
from bridge.store.prepared import Prepared
from bridge.store.schema import agent, desk_session


@dataclass(frozen=True, slots=True)
class Login:
    agent: Agent
    password_hash: str


@dataclass(frozen=True, slots=True)
class StoredSession:
    token_hash: str
    agent: Agent
    csrf: str
    created_at: datetime
    seen_at: datetime


_active = agent.c.disabled_at.is_(None)
_columns = (agent.c.id, agent.c.login, agent.c.name, agent.c.role, agent.c.extension, agent.c.language)
_all = (
    select(*_columns).where(_active).order_by(agent.c.extension.is_(None), agent.c.extension, agent.c.login)
)
_by_id = select(*_columns).where(agent.c.id == bindparam("id"))
_by_extension = select(*_columns).where(_active, agent.c.extension == bindparam("extension"))
_AT_EXTENSION = Prepared(_by_extension)
_by_login = select(*_columns, agent.c.password_hash).where(_active, agent.c.login == bindparam("login"))
_by_phone_key = _by_extension.where(agent.c.phone_key_hash == bindparam("key_hash"))
_update = (
    update(agent)
    .where(agent.c.login == bindparam("of_login"))
    .values(
        name=bindparam("name"),
        role=bindparam("role"),
        extension=bindparam("extension"),
        language=bindparam("language"),
        password_hash=bindparam("password_hash"),
        phone_key_hash=bindparam("phone_key_hash"),
        disabled_at=None,
    )
)
_session = (
    select(
        *_columns,
        desk_session.c.token_hash,
        desk_session.c.csrf,
        desk_session.c.created_at,
        desk_session.c.seen_at,
    )
    .join(agent, agent.c.id == desk_session.c.agent_id)
    .where(
        _active,
        desk_session.c.token_hash == bindparam("token_hash"),
        desk_session.c.expires_at > bindparam("now"),
    )
)
_touch = (
    update(desk_session)
    .where(desk_session.c.token_hash == bindparam("hash"))
    .values(seen_at=bindparam("now"), expires_at=bindparam("expires"))
)
_remove = delete(desk_session).where(desk_session.c.token_hash == bindparam("hash"))
_remove_expired = delete(desk_session).where(desk_session.c.expires_at <= bindparam("now"))


def _agent(row: Any) -> Agent:
    return Agent(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        extension=row.extension,
        language=row.language,
    )


def list_agents(connection: Connection) -> list[Agent]:
    """Those who may log in, by extension."""
    return [_agent(row) for row in connection.execute(_all)]


def get_agent(connection: Connection, agent_id: str) -> Agent:
    """Also one who may no longer log in. Raises NotFound."""
    row = connection.execute(_by_id, {"id": agent_id}).one_or_none()
    if row is None:
        raise NotFound("no such agent")
    return _agent(row)


def find_at_extension(connection: Connection, extension: str) -> Agent | None:
    rows = _AT_EXTENSION.rows(connection, extension=extension)
    return _agent(rows[0]) if rows else None


def find_login(connection: Connection, login: str) -> Login | None:
    row = connection.execute(_by_login, {"login": login}).one_or_none()
    return None if row is None else Login(_agent(row), row.password_hash)


def find_phone_owner(connection: Connection, extension: str, key_hash: str) -> Agent | None:
    """Who works at `extension`, if the SHA-256 of the shown phone key is theirs."""
    values = {"extension": extension, "key_hash": key_hash}
    row = connection.execute(_by_phone_key, values).one_or_none()
    return None if row is None else _agent(row)


def save_agent(
    connection: Connection,
    *,
    login: str,
    name: str,
    role: Role,
    extension: str | None,
    language: str,
    password_hash: str,
    phone_key_hash: str | None,
    at: datetime,
) -> Agent:
    """Make the agent of this login, or change and enable the one there is."""
    values = {
        "name": name,
        "role": role.value,
        "extension": extension,
        "language": language,
        "password_hash": password_hash,
        "phone_key_hash": phone_key_hash,
    }
    if connection.execute(_update, {"of_login": login, **values}).rowcount == 0:
        connection.execute(insert(agent).values(id=new_id(), login=login, created_at=at, **values))
    return _agent(connection.execute(_by_login, {"login": login}).one())


def add_session(
    connection: Connection, token_hash: str, agent_id: str, *, csrf: str, now: datetime, expires: datetime
) -> None:
    """Also drops the sessions that have expired."""
    connection.execute(_remove_expired, {"now": now})
    connection.execute(
        insert(desk_session).values(
            token_hash=token_hash,
            agent_id=agent_id,
            csrf=csrf,
            created_at=now,
            seen_at=now,
            expires_at=expires,
        )
    )


def find_session(connection: Connection, token_hash: str, now: datetime) -> StoredSession | None:
    """None when there is none, it has expired, or its agent may no longer log in."""
    row = connection.execute(_session, {"token_hash": token_hash, "now": now}).one_or_none()
    if row is None:
        return None
    return StoredSession(row.token_hash, _agent(row), row.csrf, row.created_at, row.seen_at)


def touch_session(connection: Connection, token_hash: str, now: datetime, expires: datetime) -> None:
    connection.execute(_touch, {"hash": token_hash, "now": now, "expires": expires})


def remove_session(connection: Connection, token_hash: str) -> None:
    connection.execute(_remove, {"hash": token_hash})

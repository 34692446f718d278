"""The admin's login and password are settings (admin.login, admin.password): what they say now is what logs in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bridge.desk.sessions import hash_password, verify_password
from bridge.domain.agent import Role
from bridge.secrets import Secrets
from bridge.settings import Settings
from bridge.store import agents


def save_admin(connection: Connection, settings: Settings, secrets: Secrets, at: datetime) -> None:
    """Make the admin, or change the password; untouched when it is as the settings say. Some ten milliseconds of hashing."""
    password = settings.admin.password or secrets.admin_password
    found = agents.find_login(connection, settings.admin.login)
    if (
        found is not None
        and found.agent.role is Role.ADMIN
        and verify_password(found.password_hash, password)
    ):
        return
    agents.save_agent(
        connection,
        login=settings.admin.login,
        name="Administrator",
        role=Role.ADMIN,
        extension=None,
        language=settings.company.language,
        password_hash=hash_password(password),
        phone_key_hash=None,
        at=at,
    )

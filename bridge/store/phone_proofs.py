"""What admins have seen agents' phones show at a test call: the newest answer for each rung."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from bridge.store.schema import agent, phone_proof


@dataclass(frozen=True, slots=True)
class PhoneProof:
    """`by` is an admin's name."""

    extension: str
    rung: str
    profile: str
    shown: bool
    at: datetime
    by: str


_all = select(
    phone_proof.c.extension,
    phone_proof.c.rung,
    phone_proof.c.profile,
    phone_proof.c.shown,
    phone_proof.c.at,
    agent.c.name,
).join(agent, agent.c.id == phone_proof.c.by_id)
_forget = delete(phone_proof).where(
    phone_proof.c.extension == bindparam("of_extension"), phone_proof.c.rung == bindparam("of_rung")
)


def list_proofs(connection: Connection) -> list[PhoneProof]:
    return [PhoneProof(*row) for row in connection.execute(_all)]


def save_proof(
    connection: Connection, extension: str, rung: str, profile: str, *, shown: bool, by_id: str, at: datetime
) -> None:
    """The newest answer stays."""
    connection.execute(_forget, {"of_extension": extension, "of_rung": rung})
    new = {"extension": extension, "rung": rung, "profile": profile, "shown": shown, "at": at, "by_id": by_id}
    connection.execute(insert(phone_proof), new)

"""Visitors of a site who have signed in, and the codes that they asked for."""

import sqlalchemy as sa
from alembic import op

from bridge.store.types import Id, UtcTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    _create_visitor()
    _create_sign_in_code()


def _create_visitor() -> None:
    op.create_table(
        "visitor",
        sa.Column("id", Id, nullable=False),
        sa.Column("inbox_id", Id, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_visitor_inbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitor")),
    )
    op.create_index(op.f("ix_visitor_account"), "visitor", ["inbox_id", "account", "id"])


def _create_sign_in_code() -> None:
    op.create_table(
        "sign_in_code",
        sa.Column("visitor_id", Id, nullable=False),
        sa.Column("inbox_id", Id, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_sign_in_code_inbox_id")),
        sa.PrimaryKeyConstraint("visitor_id", name=op.f("pk_sign_in_code")),
    )

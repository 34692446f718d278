"""Carts that may be left behind."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_IS_LIVE_CART = sa.text("status = 'cart' AND shop <> ''")


def upgrade() -> None:
    op.create_index(
        op.f("ix_shop_order_cart"),
        "shop_order",
        ["status_at"],
        sqlite_where=_IS_LIVE_CART,
        postgresql_where=_IS_LIVE_CART,
    )

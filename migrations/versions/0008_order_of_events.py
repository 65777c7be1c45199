"""The place of each event in the feed, how far the broker has been told, and letters that are sent again."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0008"
down_revision = "0007"

MYSQL = ("mysql", "mariadb")


def uuid16() -> sa.types.TypeEngine[Any]:
    """Return the type of an id: 16 bytes."""
    return sa.LargeBinary(16).with_variant(mysql.BINARY(16), *MYSQL)


def moment() -> sa.types.TypeEngine[Any]:
    """Return the type of a time in UTC, to the microsecond."""
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *MYSQL)


def exact(length: int) -> sa.types.TypeEngine[Any]:
    """Return the type of a text whose order and equality are those of its bytes."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), *MYSQL)


def upgrade() -> None:
    """Add columns that the release before leaves empty, and a table that it does not know."""
    op.add_column("outbox", sa.Column("position", sa.BigInteger(), nullable=True))
    op.create_index("uq_outbox_position", "outbox", ["position"], unique=True)
    op.create_index("ix_outbox_type_position", "outbox", ["type", "position"], unique=False)
    op.add_column("letters", sa.Column("revived_at", moment(), nullable=True))
    op.create_table(
        "broker_relay",
        sa.Column("name", exact(64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", exact(64), nullable=True),
        sa.Column("next_attempt_at", moment(), nullable=False),
        sa.Column("leased_by", uuid16(), nullable=True),
        sa.Column("leased_until", moment(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_broker_relay")),
    )


def downgrade() -> None:
    """Take them away; the events themselves stay."""
    op.drop_table("broker_relay")
    op.drop_column("letters", "revived_at")
    op.drop_index("ix_outbox_type_position", table_name="outbox")
    op.drop_index("uq_outbox_position", table_name="outbox")
    op.drop_column("outbox", "position")

"""Webhooks, and what each of them was or is to be told."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0009"
down_revision = "0008"

MYSQL = ("mysql", "mariadb")


def uuid16() -> sa.types.TypeEngine[Any]:
    """Return the type of an id: 16 bytes."""
    return sa.LargeBinary(16).with_variant(mysql.BINARY(16), *MYSQL)


def moment() -> sa.types.TypeEngine[Any]:
    """Return the type of a time in UTC, to the microsecond."""
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *MYSQL)


def octets(length: int) -> sa.types.TypeEngine[Any]:
    """Return the type of some bytes, compared as bytes."""
    return sa.LargeBinary().with_variant(mysql.VARBINARY(length), *MYSQL)


def blob() -> sa.types.TypeEngine[Any]:
    """Return the type of bytes of some size."""
    return sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), *MYSQL)


def exact(length: int) -> sa.types.TypeEngine[Any]:
    """Return the type of a text whose order and equality are those of its bytes."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), *MYSQL)


def upgrade() -> None:
    """Make both tables; the release before knows of neither."""
    op.create_table(
        "webhooks",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("url", exact(2048), nullable=False),
        sa.Column("events", exact(512), nullable=False),
        sa.Column("description", exact(255), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", exact(16), nullable=True),
        sa.Column("sealed_secret", octets(512), nullable=False),
        sa.Column("sealed_old_secret", octets(512), nullable=True),
        sa.Column("old_secret_until", moment(), nullable=True),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("deleted_at", moment(), nullable=True),
        sa.CheckConstraint("is_active IN (0, 1)", name=op.f("ck_webhooks_is_active")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.create_index("ix_webhooks_created_at_id", ["created_at", "id"], unique=False)

    op.create_table(
        "webhook_deliveries",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("webhook_id", uuid16(), nullable=False),
        sa.Column("event_id", uuid16(), nullable=False),
        sa.Column("event_type", exact(64), nullable=False),
        sa.Column("subject_id", uuid16(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("body", blob(), nullable=False),
        sa.Column("state", exact(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("response_status", sa.SmallInteger(), nullable=True),
        sa.Column("response_bytes", sa.Integer(), nullable=True),
        sa.Column("problem", exact(64), nullable=True),
        sa.Column("took_ms", sa.Integer(), nullable=True),
        sa.Column("attempted_at", moment(), nullable=True),
        sa.Column("next_attempt_at", moment(), nullable=True),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("settled_at", moment(), nullable=True),
        sa.Column("leased_by", uuid16(), nullable=True),
        sa.Column("leased_until", moment(), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_state")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("webhook_id", "event_id", name=op.f("uq_webhook_deliveries_webhook_id_event_id")),
    )
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_deliveries_due", ["webhook_id", "state", "next_attempt_at"], unique=False)
        batch_op.create_index(
            "ix_webhook_deliveries_order", ["webhook_id", "subject_id", "state", "position"], unique=False
        )
        batch_op.create_index("ix_webhook_deliveries_listed", ["webhook_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_webhook_deliveries_settled_at", ["settled_at"], unique=False)


def downgrade() -> None:
    """Drop both tables; the indexes go with them."""
    for table in ("webhook_deliveries", "webhooks"):
        op.drop_table(table)

"""Remembered browsers, their tokens, and when the person of a session last proved who they are."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"

MYSQL = ("mysql", "mariadb")


def uuid16() -> sa.types.TypeEngine[Any]:
    """Return the type of an id: 16 bytes."""
    return sa.LargeBinary(16).with_variant(mysql.BINARY(16), *MYSQL)


def sha256() -> sa.types.TypeEngine[Any]:
    """Return the type of a digest."""
    return sa.LargeBinary(32).with_variant(mysql.VARBINARY(32), *MYSQL)


def moment() -> sa.types.TypeEngine[Any]:
    """Return the type of a time in UTC, to the microsecond."""
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *MYSQL)


def exact(length: int) -> sa.types.TypeEngine[Any]:
    """Return the type of a text whose order and equality are those of its bytes."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), *MYSQL)


def upgrade() -> None:
    """Add two tables, and two columns that the release before leaves empty: its sessions prove nothing."""
    op.create_table(
        "remembered_browsers",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("account_id", uuid16(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("last_seen_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=False),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("user_agent", exact(255), nullable=True),
        sa.Column("ip", exact(45), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_remembered_browsers_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remembered_browsers")),
    )
    op.create_index("ix_remembered_browsers_account_id", "remembered_browsers", ["account_id"])
    op.create_index("ix_remembered_browsers_expires_at", "remembered_browsers", ["expires_at"])
    op.create_table(
        "remember_tokens",
        sa.Column("token_hash", sha256(), nullable=False),
        sa.Column("browser_id", uuid16(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("used_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["browser_id"], ["remembered_browsers.id"], name=op.f("fk_remember_tokens_browser_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_remember_tokens")),
    )
    op.create_index("ix_remember_tokens_browser_id", "remember_tokens", ["browser_id"])
    op.add_column("sessions", sa.Column("remembered_id", uuid16(), nullable=True))
    op.add_column("sessions", sa.Column("proven_at", moment(), nullable=True))
    op.create_index("ix_sessions_remembered_id", "sessions", ["remembered_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_sessions_remembered_id", table_name="sessions")
    op.drop_column("sessions", "proven_at")
    op.drop_column("sessions", "remembered_id")
    op.drop_table("remember_tokens")
    op.drop_table("remembered_browsers")

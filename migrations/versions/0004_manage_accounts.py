"""Managing accounts: when one was disabled for good, and turns to take."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"

MYSQL = ("mysql", "mariadb")


def moment() -> sa.types.TypeEngine[Any]:
    """Return the type of a time in UTC, to the microsecond."""
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *MYSQL)


def exact(length: int) -> sa.types.TypeEngine[Any]:
    """Return the type of a text whose order and equality are those of its bytes."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), *MYSQL)


def upgrade() -> None:
    """Add a column that the release before leaves alone, a table, and the index that lists are read by."""
    op.add_column("accounts", sa.Column("deleted_at", moment(), nullable=True))
    op.create_index("ix_accounts_created_at_id", "accounts", ["created_at", "id"])
    op.create_table(
        "turns",
        sa.Column("name", exact(64), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_turns")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("turns")
    op.drop_index("ix_accounts_created_at_id", table_name="accounts")
    op.drop_column("accounts", "deleted_at")

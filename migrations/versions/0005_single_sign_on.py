"""Single sign-on: who an account is to a provider, and sessions whose second factor the provider saw to."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"

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
    """Add a table, and a column that the release before fills by its default."""
    op.create_table(
        "account_identities",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("account_id", uuid16(), nullable=False),
        sa.Column("issuer", exact(255), nullable=False),
        sa.Column("subject", exact(255), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("last_used_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_account_identities_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_account_identities_issuer_subject")),
        sa.UniqueConstraint("account_id", "issuer", name=op.f("uq_account_identities_account_id_issuer")),
    )
    op.add_column("sessions", sa.Column("is_vouched", sa.Boolean(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("sessions", "is_vouched")
    op.drop_table("account_identities")

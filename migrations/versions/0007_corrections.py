"""Corrections: what one person asks to have changed in a record, until another one decides."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0007"
down_revision = "0006"

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


def sealed() -> sa.types.TypeEngine[Any]:
    """Return the type of what the vault has sealed."""
    return sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), *MYSQL)


def upgrade() -> None:
    """Add a table, of which the release before knows nothing."""
    op.create_table(
        "corrections",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("record_id", uuid16(), nullable=False),
        sa.Column("field", exact(32), nullable=False),
        sa.Column("sealed", sealed(), nullable=False),
        sa.Column("status", exact(16), nullable=False),
        sa.Column("requested_by", uuid16(), nullable=False),
        sa.Column("requested_at", moment(), nullable=False),
        sa.Column("decided_by", uuid16(), nullable=True),
        sa.Column("decided_at", moment(), nullable=True),
        sa.Column("record_version", uuid16(), nullable=True),
        sa.CheckConstraint(
            "field IN ('aadhaar', 'pan', 'date_of_birth', 'place_of_birth')", name=op.f("ck_corrections_field")
        ),
        sa.CheckConstraint(
            "(status = 'pending' AND decided_by IS NULL AND decided_at IS NULL AND record_version IS NULL)"
            " OR (status = 'approved' AND decided_by IS NOT NULL AND decided_by <> requested_by"
            " AND decided_at IS NOT NULL AND record_version IS NOT NULL)"
            " OR (status = 'rejected' AND decided_by IS NOT NULL AND decided_by <> requested_by"
            " AND decided_at IS NOT NULL AND record_version IS NULL)",
            name=op.f("ck_corrections_two_people"),
        ),
        sa.ForeignKeyConstraint(["record_id"], ["user_records.id"], name=op.f("fk_corrections_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index("ix_corrections_record_id_status", "corrections", ["record_id", "status"])
    op.create_index("ix_corrections_requested_at", "corrections", ["requested_at", "id"])
    op.create_index("ix_corrections_status_requested_at", "corrections", ["status", "requested_at", "id"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("corrections")

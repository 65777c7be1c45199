"""Letters that wait to be mailed, and the links in them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"

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


def exact(length: int) -> sa.types.TypeEngine[Any]:
    """Return the type of a text whose order and equality are those of its bytes."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), *MYSQL)


def upgrade() -> None:
    """Make the queue of letters and the table of links."""
    op.create_table(
        "letters",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("kind", exact(32), nullable=False),
        sa.Column("subject_id", uuid16(), nullable=True),
        sa.Column("sealed", octets(2048), nullable=True),
        sa.Column("state", exact(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("problem", exact(64), nullable=True),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("next_attempt_at", moment(), nullable=False),
        sa.Column("leased_by", uuid16(), nullable=True),
        sa.Column("leased_until", moment(), nullable=True),
        sa.Column("settled_at", moment(), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'sent', 'dropped', 'failed')", name=op.f("ck_letters_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
    )
    with op.batch_alter_table("letters", schema=None) as batch_op:
        batch_op.create_index("ix_letters_state_next_attempt_at", ["state", "next_attempt_at"], unique=False)
        batch_op.create_index("ix_letters_subject_id_kind", ["subject_id", "kind"], unique=False)

    op.create_table(
        "mail_links",
        sa.Column("purpose", exact(32), nullable=False),
        sa.Column("subject_id", uuid16(), nullable=False),
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("secret_hash", octets(32), nullable=False),
        sa.Column("bound_to", octets(32), nullable=False),
        sa.Column("expires_at", moment(), nullable=False),
        sa.Column("used_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("purpose", "subject_id", name=op.f("pk_mail_links")),
        sa.UniqueConstraint("id", name=op.f("uq_mail_links_id")),
    )
    with op.batch_alter_table("mail_links", schema=None) as batch_op:
        batch_op.create_index("ix_mail_links_expires_at", ["expires_at"], unique=False)


def downgrade() -> None:
    """Drop both tables; the indexes go with them."""
    for table in ("mail_links", "letters"):
        op.drop_table(table)

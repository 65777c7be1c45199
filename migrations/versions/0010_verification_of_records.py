"""Proving a record's address and number: which address a proof is for, codes, reminders, and messages in the queue."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"

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
    """Add columns and tables that the release before leaves alone; what it queues is mail."""
    op.add_column("user_records", sa.Column("email_version", uuid16(), nullable=True))
    op.add_column("user_records", sa.Column("mobile_version", uuid16(), nullable=True))
    op.add_column("letters", sa.Column("channel", exact(8), nullable=False, server_default="mail"))
    op.create_index("ix_letters_channel_state_next_attempt_at", "letters", ["channel", "state", "next_attempt_at"])
    op.create_table(
        "mobile_codes",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("record_id", uuid16(), nullable=False),
        sa.Column("number_digest", octets(32), nullable=False),
        sa.Column("asked_by", uuid16(), nullable=True),
        sa.Column("bound_to", octets(32), nullable=False),
        sa.Column("code_hash", octets(32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=False),
        sa.Column("used_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mobile_codes")),
    )
    with op.batch_alter_table("mobile_codes", schema=None) as batch_op:
        batch_op.create_index("ix_mobile_codes_record_id", ["record_id", "id"], unique=False)
        batch_op.create_index("ix_mobile_codes_number_digest", ["number_digest", "created_at"], unique=False)
        batch_op.create_index("ix_mobile_codes_asked_by", ["asked_by", "created_at"], unique=False)
        batch_op.create_index("ix_mobile_codes_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "verification_reminders",
        sa.Column("record_id", uuid16(), nullable=False),
        sa.Column("bound_to", octets(32), nullable=False),
        sa.Column("reminded_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "bound_to", name=op.f("pk_verification_reminders")),
    )


def downgrade() -> None:
    """Take them away. Messages that still wait go with them: the release before would hold them for mails."""
    op.drop_table("verification_reminders")
    op.drop_table("mobile_codes")
    op.execute("DELETE FROM letters WHERE channel = 'sms'")
    op.drop_index("ix_letters_channel_state_next_attempt_at", table_name="letters")
    op.drop_column("letters", "channel")
    op.drop_column("user_records", "mobile_version")
    op.drop_column("user_records", "email_version")

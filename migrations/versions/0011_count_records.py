"""Keep the number of records, so that a list need not count them to say how many there are."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table and count what is there; what the release before writes meanwhile, `records recount` mends."""
    op.create_table(
        "record_counts",
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "shard", name=op.f("pk_record_counts")),
    )
    op.execute(
        "INSERT INTO record_counts (kind, shard, amount)"
        " SELECT is_deleted * 8 + is_active * 4 + email_verified * 2 + mobile_verified, 0, COUNT(*)"
        " FROM user_records GROUP BY is_deleted, is_active, email_verified, mobile_verified"
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("record_counts")

"""Keep the numbers of common searches, so that a search need not count what it finds to say how much that is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0013"
down_revision = "0012"

MYSQL = ("mysql", "mariadb")


def exact(length: int) -> sa.types.TypeEngine[str]:
    """Return the type of a text whose order and equality are those of its bytes."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), *MYSQL)


def upgrade() -> None:
    """Make the table; the numbers go to `record_counts`, and begin with the first search for a text."""
    op.create_table(
        "kept_searches",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("text", exact(48), nullable=False),
        sa.Column("marks", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_searches")),
        sa.UniqueConstraint("text", name=op.f("uq_kept_searches_text")),
    )


def downgrade() -> None:
    """Take it away, and from the numbers what is not of all records."""
    op.drop_table("kept_searches")
    op.execute("DELETE FROM record_counts WHERE kind < 0 OR kind > 15")

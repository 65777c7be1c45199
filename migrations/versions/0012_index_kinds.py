"""Index records by the flags that lists are filtered by, in each order of a list: few of a kind are found at once."""

from alembic import op

revision = "0012"
down_revision = "0011"

KIND = ["is_deleted", "is_active", "email_verified", "mobile_verified"]
ORDERS = {"created_at": "created_at", "updated_at": "updated_at", "name": "name_folded", "email": "email"}


def upgrade() -> None:
    """Make the indexes; MySQL and MariaDB let others write meanwhile."""
    for name, column in ORDERS.items():
        op.create_index(f"ix_user_records_kind_{name}", "user_records", [*KIND, column, "id"], unique=False)


def downgrade() -> None:
    """Take them away."""
    for name in ORDERS:
        op.drop_index(f"ix_user_records_kind_{name}", table_name="user_records")

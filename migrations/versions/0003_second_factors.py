"""Second factors: authenticator apps, recovery codes, passkeys, and the steps of a sign-in."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"

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
    """Make the tables of second factors."""
    op.create_table(
        "totp_secrets",
        sa.Column("account_id", uuid16(), nullable=False),
        sa.Column("sealed", octets(128), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("confirmed_at", moment(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_totp_secrets_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_totp_secrets")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("digest", octets(32), nullable=False),
        sa.Column("account_id", uuid16(), nullable=False),
        sa.Column("used_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recovery_codes_account_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recovery_codes")),
    )
    op.create_index("ix_recovery_codes_account_id", "recovery_codes", ["account_id"])
    op.create_table(
        "passkeys",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("account_id", uuid16(), nullable=False),
        sa.Column("name", exact(100), nullable=False),
        sa.Column("credential_id", octets(1023), nullable=False),
        sa.Column("public_key", octets(2048), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("last_used_at", moment(), nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_passkeys_name")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_passkeys_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index("ix_passkeys_account_id", "passkeys", ["account_id"])
    op.create_table(
        "sign_in_steps",
        sa.Column("token_hash", octets(32), nullable=False),
        sa.Column("purpose", exact(16), nullable=False),
        sa.Column("account_id", uuid16(), nullable=True),
        sa.Column("address_digest", octets(32), nullable=True),
        sa.Column("password_digest", octets(32), nullable=True),
        sa.Column("nonce", octets(64), nullable=True),
        sa.Column("expires_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sign_in_steps_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_steps")),
    )
    op.create_index("ix_sign_in_steps_account_id", "sign_in_steps", ["account_id"])
    op.create_index("ix_sign_in_steps_expires_at", "sign_in_steps", ["expires_at"])


def downgrade() -> None:
    """Take them away."""
    for name in ("sign_in_steps", "passkeys", "recovery_codes", "totp_secrets"):
        op.drop_table(name)

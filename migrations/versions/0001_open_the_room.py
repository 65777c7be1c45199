"""Open the room: accounts, records, the trail, the outbox and idempotency keys."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

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


def blob() -> sa.types.TypeEngine[Any]:
    """Return the type of many bytes."""
    return sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), *MYSQL)


def exact(length: int) -> sa.types.TypeEngine[Any]:
    """Return the type of a text whose order and equality are those of its bytes."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), *MYSQL)


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "accounts",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("username", exact(100), nullable=True),
        sa.Column("full_name", exact(255), nullable=True),
        sa.Column("bio", exact(1000), nullable=True),
        sa.Column("password_hash", exact(255), nullable=True),
        sa.Column("role", exact(16), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("email_verified", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("last_login_at", moment(), nullable=True),
        sa.CheckConstraint("email = lower(email) AND email LIKE '_%@_%'", name=op.f("ck_accounts_email")),
        sa.CheckConstraint(
            "role IN ('member', 'viewer', 'editor', 'supervisor', 'admin')", name=op.f("ck_accounts_role")
        ),
        sa.CheckConstraint("username = lower(username) AND username NOT LIKE '%@%'", name=op.f("ck_accounts_username")),
        sa.CheckConstraint("email_verified IN (0, 1)", name=op.f("ck_accounts_email_verified")),
        sa.CheckConstraint("is_active IN (0, 1)", name=op.f("ck_accounts_is_active")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
        sa.UniqueConstraint("username", name=op.f("uq_accounts_username")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index("ix_accounts_role_is_active", ["role", "is_active"], unique=False)

    op.create_table(
        "audit_entries",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("occurred_at", moment(), nullable=False),
        sa.Column("action", exact(64), nullable=False),
        sa.Column("outcome", exact(16), nullable=False),
        sa.Column("actor_id", uuid16(), nullable=True),
        sa.Column("actor_type", exact(16), nullable=False),
        sa.Column("subject_type", exact(32), nullable=False),
        sa.Column("subject_id", uuid16(), nullable=True),
        sa.Column("subject_version", uuid16(), nullable=True),
        sa.Column("channel", exact(16), nullable=False),
        sa.Column("ip", exact(45), nullable=True),
        sa.Column("request_id", exact(64), nullable=True),
        sa.Column("fields", exact(512), nullable=False),
        sa.Column("details_digest", octets(32), nullable=False),
        sa.Column("stream", uuid16(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("previous", octets(32), nullable=False),
        sa.Column("seal", octets(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("stream", "seq", name=op.f("uq_audit_entries_stream_seq")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entries_occurred_at_id", ["occurred_at", "id"], unique=False)
        batch_op.create_index("ix_audit_entries_subject", ["subject_id", "occurred_at", "id"], unique=False)
        batch_op.create_index("ix_audit_entries_version", ["subject_id", "subject_version"], unique=False)

    op.create_table(
        "audit_values",
        sa.Column("entry_id", uuid16(), nullable=False),
        sa.Column("sealed", blob(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_values")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("id", octets(32), nullable=False),
        sa.Column("fingerprint", octets(32), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("sealed_answer", blob(), nullable=True),
        sa.Column("expires_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index("ix_idempotency_keys_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "identity_vault",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("aadhaar_sealed", octets(128), nullable=False),
        sa.Column("aadhaar_index", octets(32), nullable=False),
        sa.Column("pan_sealed", octets(128), nullable=False),
        sa.Column("pan_index", octets(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_vault")),
        sa.UniqueConstraint("aadhaar_index", name=op.f("uq_identity_vault_aadhaar_index")),
        sa.UniqueConstraint("pan_index", name=op.f("uq_identity_vault_pan_index")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("type", exact(64), nullable=False),
        sa.Column("subject_id", uuid16(), nullable=False),
        sa.Column("occurred_at", moment(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_subject_id_occurred_at", ["subject_id", "occurred_at"], unique=False)

    op.create_table(
        "record_drafts",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("account_id", uuid16(), nullable=False),
        sa.Column("sealed", blob(), nullable=False),
        sa.Column("expires_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_drafts")),
    )
    with op.batch_alter_table("record_drafts", schema=None) as batch_op:
        batch_op.create_index("ix_record_drafts_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "record_views",
        sa.Column("account_id", uuid16(), nullable=False),
        sa.Column("record_id", uuid16(), nullable=False),
        sa.Column("noted_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "record_id", name=op.f("pk_record_views")),
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("address_digest", octets(32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", moment(), nullable=False),
        sa.Column("locked_until", moment(), nullable=True),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_sign_in_attempts_failures")),
        sa.PrimaryKeyConstraint("address_digest", name=op.f("pk_sign_in_attempts")),
    )
    with op.batch_alter_table("sign_in_attempts", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_attempts_last_failed_at", ["last_failed_at"], unique=False)

    op.create_table(
        "api_keys",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("account_id", uuid16(), nullable=False),
        sa.Column("name", exact(100), nullable=False),
        sa.Column("prefix", exact(16), nullable=False),
        sa.Column("secret_hash", octets(32), nullable=False),
        sa.Column("scopes", exact(512), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=True),
        sa.Column("last_used_at", moment(), nullable=True),
        sa.Column("revoked_at", moment(), nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_api_keys_name")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_api_keys_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_keys_secret_hash")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index("ix_api_keys_account_id", ["account_id"], unique=False)

    op.create_table(
        "refresh_families",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("account_id", uuid16(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("last_seen_at", moment(), nullable=False),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("user_agent", exact(255), nullable=True),
        sa.Column("ip", exact(45), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_refresh_families_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_families")),
    )
    with op.batch_alter_table("refresh_families", schema=None) as batch_op:
        batch_op.create_index("ix_refresh_families_account_id", ["account_id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("account_id", uuid16(), nullable=False),
        sa.Column("token_hash", octets(32), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("last_seen_at", moment(), nullable=False),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("user_agent", exact(255), nullable=True),
        sa.Column("ip", exact(45), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index("ix_sessions_account_id", ["account_id"], unique=False)

    op.create_table(
        "user_records",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("reference", exact(11), nullable=False),
        sa.Column("identity_id", uuid16(), nullable=True),
        sa.Column("name", exact(255), nullable=False),
        sa.Column("name_folded", exact(700), nullable=False),
        sa.Column("email", exact(254), nullable=False),
        sa.Column("primary_mobile", exact(10), nullable=False),
        sa.Column("secondary_mobile", exact(10), nullable=True),
        sa.Column("aadhaar_mask", exact(12), nullable=False),
        sa.Column("pan_mask", exact(10), nullable=False),
        sa.Column("date_of_birth", sa.Date(), nullable=False),
        sa.Column("place_of_birth", exact(255), nullable=False),
        sa.Column("current_address", exact(1000), nullable=False),
        sa.Column("permanent_address", exact(1000), nullable=False),
        sa.Column("email_verified", sa.Boolean(), nullable=False),
        sa.Column("mobile_verified", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("created_by", uuid16(), nullable=True),
        sa.Column("updated_by", uuid16(), nullable=True),
        sa.Column("version", uuid16(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", moment(), nullable=True),
        sa.Column("deleted_by", uuid16(), nullable=True),
        sa.Column("deletion_reason", exact(500), nullable=True),
        sa.Column("was_active", sa.Boolean(), nullable=True),
        sa.Column(
            "alive",
            sa.SmallInteger(),
            sa.Computed("CASE WHEN is_deleted = 0 THEN 1 END", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("aadhaar_mask LIKE 'XXXXXXXX____'", name=op.f("ck_user_records_aadhaar_masked")),
        sa.CheckConstraint("date_of_birth >= '1900-01-01'", name=op.f("ck_user_records_date_of_birth_range")),
        sa.CheckConstraint("email = lower(email) AND email LIKE '_%@_%'", name=op.f("ck_user_records_email_shape")),
        sa.CheckConstraint(
            "length(primary_mobile) = 10 AND primary_mobile BETWEEN '6000000000' AND '9999999999'",
            name=op.f("ck_user_records_primary_mobile_shape"),
        ),
        sa.CheckConstraint("pan_mask LIKE 'XXXXX____X'", name=op.f("ck_user_records_pan_masked")),
        sa.CheckConstraint(
            "secondary_mobile IS NULL OR (length(secondary_mobile) = 10 AND secondary_mobile <> primary_mobile"
            " AND secondary_mobile BETWEEN '6000000000' AND '9999999999')",
            name=op.f("ck_user_records_secondary_mobile_shape"),
        ),
        sa.CheckConstraint(
            "(is_deleted = 0 AND deleted_at IS NULL AND deleted_by IS NULL)"
            " OR (is_deleted = 1 AND deleted_at IS NOT NULL AND is_active = 0)",
            name=op.f("ck_user_records_deletion_is_whole"),
        ),
        sa.CheckConstraint("length(current_address) >= 10", name=op.f("ck_user_records_current_address_length")),
        sa.CheckConstraint("length(permanent_address) >= 10", name=op.f("ck_user_records_permanent_address_length")),
        sa.CheckConstraint(
            "length(name) = length(trim(name)) AND length(name) >= 2", name=op.f("ck_user_records_name_not_blank")
        ),
        sa.CheckConstraint(
            "is_active IN (0, 1) AND email_verified IN (0, 1) AND mobile_verified IN (0, 1)",
            name=op.f("ck_user_records_flags"),
        ),
        sa.ForeignKeyConstraint(["identity_id"], ["identity_vault.id"], name=op.f("fk_user_records_identity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_records")),
        sa.UniqueConstraint("email", "alive", name=op.f("uq_user_records_email_alive")),
        sa.UniqueConstraint("identity_id", name=op.f("uq_user_records_identity_id")),
        sa.UniqueConstraint("primary_mobile", "alive", name=op.f("uq_user_records_primary_mobile_alive")),
        sa.UniqueConstraint("reference", name=op.f("uq_user_records_reference")),
    )
    with op.batch_alter_table("user_records", schema=None) as batch_op:
        batch_op.create_index("ix_user_records_created_at", ["is_deleted", "created_at", "id"], unique=False)
        batch_op.create_index("ix_user_records_deleted_at", ["is_deleted", "deleted_at", "id"], unique=False)
        batch_op.create_index("ix_user_records_email", ["is_deleted", "email", "id"], unique=False)
        batch_op.create_index("ix_user_records_name", ["is_deleted", "name_folded", "id"], unique=False)
        batch_op.create_index("ix_user_records_secondary_mobile", ["secondary_mobile"], unique=False)
        batch_op.create_index("ix_user_records_updated_at", ["is_deleted", "updated_at", "id"], unique=False)

    op.create_table(
        "record_suffixes",
        sa.Column("suffix", octets(48), nullable=False),
        sa.Column("record_id", uuid16(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["user_records.id"], name=op.f("fk_record_suffixes_record_id")),
        sa.PrimaryKeyConstraint("suffix", "record_id", name=op.f("pk_record_suffixes")),
    )
    with op.batch_alter_table("record_suffixes", schema=None) as batch_op:
        batch_op.create_index("ix_record_suffixes_record_id", ["record_id"], unique=False)

    op.create_table(
        "refresh_tokens",
        sa.Column("id", uuid16(), nullable=False),
        sa.Column("family_id", uuid16(), nullable=False),
        sa.Column("token_hash", octets(32), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=False),
        sa.Column("used_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["family_id"], ["refresh_families.id"], name=op.f("fk_refresh_tokens_family_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_refresh_tokens_token_hash")),
    )
    with op.batch_alter_table("refresh_tokens", schema=None) as batch_op:
        batch_op.create_index("ix_refresh_tokens_family_id", ["family_id"], unique=False)


def downgrade() -> None:
    """Drop every table; the indexes go with them."""
    for table in (
        "refresh_tokens",
        "record_suffixes",
        "user_records",
        "sessions",
        "refresh_families",
        "api_keys",
        "sign_in_attempts",
        "record_views",
        "record_drafts",
        "outbox",
        "identity_vault",
        "idempotency_keys",
        "audit_values",
        "audit_entries",
        "accounts",
    ):
        op.drop_table(table)

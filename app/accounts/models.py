"""Accounts and what they sign in with. Secrets are stored as digests only."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit import Audited
from app.core.database import BinaryUuid, Bytes, Text, UtcDateTime, new_id, utc_now
from app.core.identity import ROLES
from app.extensions import Base

_ROLE_LIST = ", ".join(f"'{role}'" for role in ROLES)
UNSEEN = {"audit": False}


class Account(Audited, Base):
    """Somebody or something that signs in."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("email"),
        UniqueConstraint("username"),
        CheckConstraint("email = lower(email) AND email LIKE '_%@_%'", name="email"),
        CheckConstraint("username = lower(username) AND username NOT LIKE '%@%'", name="username"),
        CheckConstraint(f"role IN ({_ROLE_LIST})", name="role"),
        CheckConstraint("is_active IN (0, 1)", name="is_active"),
        CheckConstraint("email_verified IN (0, 1)", name="email_verified"),
        Index("ix_accounts_role_is_active", "role", "is_active"),
        Index("ix_accounts_created_at_id", "created_at", "id"),
    )
    audit_subject: ClassVar[str] = "account"

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True, default=new_id, info=UNSEEN)
    email: Mapped[str] = mapped_column(Text(254))
    username: Mapped[str | None] = mapped_column(Text(100))
    full_name: Mapped[str | None] = mapped_column(Text(255))
    bio: Mapped[str | None] = mapped_column(Text(1000))
    password_hash: Mapped[str | None] = mapped_column(Text(255), info=UNSEEN)
    role: Mapped[str] = mapped_column(Text(16))
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    email_verified: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, info=UNSEEN)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=UNSEEN)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=UNSEEN)


class BrowserSession(Base):
    """A sign-in by the page. The cookie holds the token, the table its SHA-256.

    `is_vouched`: a provider of single sign-on says that a second factor was shown there. `remembered_id`: the
    remembered browser that it came with or of. `proven_at`: when its person last showed who they are; None for a
    session that began without a proof.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("ix_sessions_account_id", "account_id"),
        Index("ix_sessions_remembered_id", "remembered_id"),
    )

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("accounts.id"))
    token_hash: Mapped[bytes] = mapped_column(Bytes(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    user_agent: Mapped[str | None] = mapped_column(Text(255))
    ip: Mapped[str | None] = mapped_column(Text(45))
    is_vouched: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("0"))
    remembered_id: Mapped[UUID | None] = mapped_column(BinaryUuid)
    proven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RefreshFamily(Base):
    """A sign-in by the API: all access and refresh tokens that came of it live and die together."""

    __tablename__ = "refresh_families"
    __table_args__ = (Index("ix_refresh_families_account_id", "account_id"),)

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    user_agent: Mapped[str | None] = mapped_column(Text(255))
    ip: Mapped[str | None] = mapped_column(Text(45))


class RefreshToken(Base):
    """One refresh token of a family; it is good for one use."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_refresh_tokens_family_id", "family_id"))

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True, default=new_id)
    family_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("refresh_families.id"))
    token_hash: Mapped[bytes] = mapped_column(Bytes(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiKey(Audited, Base):
    """A machine's credential that belongs to an account, with scopes of its own."""

    __tablename__ = "api_keys"
    __table_args__ = (
        UniqueConstraint("secret_hash"),
        Index("ix_api_keys_account_id", "account_id"),
        CheckConstraint("name <> ''", name="name"),
    )
    audit_subject: ClassVar[str] = "api_key"

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True, default=new_id, info=UNSEEN)
    account_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(Text(100))
    prefix: Mapped[str] = mapped_column(Text(16))
    secret_hash: Mapped[bytes] = mapped_column(Bytes(32), info=UNSEEN)
    scopes: Mapped[str] = mapped_column(Text(512))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, info=UNSEEN)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=UNSEEN)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInAttempts(Base):
    """The wrong sign-ins with one typed address, known by its keyed digest only, whether or not it exists."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        Index("ix_sign_in_attempts_last_failed_at", "last_failed_at"),
        CheckConstraint("failures >= 0", name="failures"),
    )

    address_digest: Mapped[bytes] = mapped_column(Bytes(32), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_failed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

"""Second factors, and the steps on the way to a sign-in. Secrets are sealed, or stored as digests only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import BinaryUuid, Bytes, Text, UtcDateTime, new_id
from app.extensions import Base


class Totp(Base):
    """The authenticator app of an account: in force once a first code has confirmed it."""

    __tablename__ = "totp_secrets"

    account_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("accounts.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(Bytes(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int | None] = mapped_column(Integer)


class RecoveryCode(Base):
    """One of the codes that stand in for a lost second factor, known by its keyed digest; good for one use."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("ix_recovery_codes_account_id", "account_id"),)

    digest: Mapped[bytes] = mapped_column(Bytes(32), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("accounts.id"))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Passkey(Base):
    """A key pair of somebody's device (WebAuthn); we hold the public half."""

    __tablename__ = "passkeys"
    __table_args__ = (
        UniqueConstraint("credential_id"),
        Index("ix_passkeys_account_id", "account_id"),
        CheckConstraint("name <> ''", name="name"),
    )

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(Text(100))
    credential_id: Mapped[bytes] = mapped_column(Bytes(1023))
    public_key: Mapped[bytes] = mapped_column(Bytes(2048))
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInStep(Base):
    """What somebody has begun and has yet to prove. Its token is good for some minutes and one success.

    `password_digest` is that of the account's password hash: another password voids the step.
    `nonce` is what a passkey has to sign.
    """

    __tablename__ = "sign_in_steps"
    __table_args__ = (
        Index("ix_sign_in_steps_account_id", "account_id"),
        Index("ix_sign_in_steps_expires_at", "expires_at"),
    )

    token_hash: Mapped[bytes] = mapped_column(Bytes(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(Text(16))
    account_id: Mapped[UUID | None] = mapped_column(BinaryUuid, ForeignKey("accounts.id"))
    address_digest: Mapped[bytes | None] = mapped_column(Bytes(32))
    password_digest: Mapped[bytes | None] = mapped_column(Bytes(32))
    nonce: Mapped[bytes | None] = mapped_column(Bytes(64))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

"""The tables of a person's record."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.accounts.models import Account
from app.core.audit import Audited
from app.core.database import BinaryUuid, Blob, Bytes, Text, UtcDateTime, new_id, utc_now
from app.core.soft_delete import SoftDeletes
from app.core.versioning import Versioned
from app.extensions import Base

HIDDEN = {"audit": False}
FOLDED_LENGTH = 700
SUFFIX_BYTES = 48
KEPT_LENGTH = 48
KIND = ("is_deleted", "is_active", "email_verified", "mobile_verified")
ORDERS = {"created_at": "created_at", "updated_at": "updated_at", "name": "name_folded", "email": "email"}


class IdentityVault(Base):
    """Aadhaar and PAN of one person, sealed; the record knows only this row's random id.

    The indexes are keyed (blind), so a number is unique and found without being
    readable, and the same number gets another row id after erasure.
    """

    __tablename__ = "identity_vault"
    __table_args__ = (UniqueConstraint("aadhaar_index"), UniqueConstraint("pan_index"))

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    aadhaar_sealed: Mapped[bytes] = mapped_column(Bytes(128))
    aadhaar_index: Mapped[bytes] = mapped_column(Bytes(32))
    pan_sealed: Mapped[bytes] = mapped_column(Bytes(128))
    pan_index: Mapped[bytes] = mapped_column(Bytes(32))


class UserRecord(Audited, Versioned, SoftDeletes, Base):
    """One person's record."""

    __tablename__ = "user_records"
    audit_subject: ClassVar[str] = "record"

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True, default=new_id, info=HIDDEN)
    reference: Mapped[str] = mapped_column(Text(11), info=HIDDEN)
    identity_id: Mapped[UUID | None] = mapped_column(BinaryUuid, ForeignKey("identity_vault.id"), info=HIDDEN)
    name: Mapped[str] = mapped_column(Text(255))
    name_folded: Mapped[str] = mapped_column(Text(FOLDED_LENGTH), info=HIDDEN)
    email: Mapped[str] = mapped_column(Text(254))
    primary_mobile: Mapped[str] = mapped_column(Text(10))
    secondary_mobile: Mapped[str | None] = mapped_column(Text(10))
    aadhaar_mask: Mapped[str] = mapped_column(Text(12), info={"audit": "aadhaar"})
    pan_mask: Mapped[str] = mapped_column(Text(10), info={"audit": "pan"})
    date_of_birth: Mapped[date] = mapped_column(Date)
    place_of_birth: Mapped[str] = mapped_column(Text(255))
    current_address: Mapped[str] = mapped_column(Text(1000))
    permanent_address: Mapped[str] = mapped_column(Text(1000))
    email_verified: Mapped[bool] = mapped_column(Boolean, default=False)
    mobile_verified: Mapped[bool] = mapped_column(Boolean, default=False)
    email_version: Mapped[UUID | None] = mapped_column(BinaryUuid, info=HIDDEN)
    mobile_version: Mapped[UUID | None] = mapped_column(BinaryUuid, info=HIDDEN)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, info=HIDDEN)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, info=HIDDEN)
    created_by: Mapped[UUID | None] = mapped_column(BinaryUuid, info=HIDDEN)
    updated_by: Mapped[UUID | None] = mapped_column(BinaryUuid, info=HIDDEN)
    if TYPE_CHECKING:
        last_login_at: Mapped[datetime | None]

    __table_args__: Any = (
        UniqueConstraint("reference"),
        UniqueConstraint("identity_id"),
        UniqueConstraint("email", "alive"),
        UniqueConstraint("primary_mobile", "alive"),
        Index("ix_user_records_created_at", "is_deleted", "created_at", "id"),
        Index("ix_user_records_updated_at", "is_deleted", "updated_at", "id"),
        Index("ix_user_records_name", "is_deleted", "name_folded", "id"),
        Index("ix_user_records_email", "is_deleted", "email", "id"),
        *(Index(f"ix_user_records_kind_{name}", *KIND, column, "id") for name, column in ORDERS.items()),
        Index("ix_user_records_secondary_mobile", "secondary_mobile"),
        Index("ix_user_records_deleted_at", "is_deleted", "deleted_at", "id"),
        # Lengths, because on MariaDB a text equals itself with blanks at its end.
        CheckConstraint("length(name) = length(trim(name)) AND length(name) >= 2", name="name_not_blank"),
        CheckConstraint("is_active IN (0, 1) AND email_verified IN (0, 1) AND mobile_verified IN (0, 1)", name="flags"),
        CheckConstraint("email = lower(email) AND email LIKE '_%@_%'", name="email_shape"),
        CheckConstraint(
            "length(primary_mobile) = 10 AND primary_mobile BETWEEN '6000000000' AND '9999999999'",
            name="primary_mobile_shape",
        ),
        CheckConstraint(
            "secondary_mobile IS NULL OR (length(secondary_mobile) = 10 AND secondary_mobile <> primary_mobile"
            " AND secondary_mobile BETWEEN '6000000000' AND '9999999999')",
            name="secondary_mobile_shape",
        ),
        CheckConstraint("aadhaar_mask LIKE 'XXXXXXXX____'", name="aadhaar_masked"),
        CheckConstraint("pan_mask LIKE 'XXXXX____X'", name="pan_masked"),
        CheckConstraint("date_of_birth >= '1900-01-01'", name="date_of_birth_range"),
        CheckConstraint("length(current_address) >= 10", name="current_address_length"),
        CheckConstraint("length(permanent_address) >= 10", name="permanent_address_length"),
        CheckConstraint(
            "(is_deleted = 0 AND deleted_at IS NULL AND deleted_by IS NULL)"
            " OR (is_deleted = 1 AND deleted_at IS NOT NULL AND is_active = 0)",
            name="deletion_is_whole",
        ),
    )


UserRecord.last_login_at = column_property(
    select(Account.last_login_at)
    .where(Account.email == UserRecord.email, Account.email_verified)
    .correlate_except(Account)
    .scalar_subquery()
)


class RecordSuffix(Base):
    """One ending of a word in a name or an e-mail address; what a search begins with finds the record.

    It holds plain pieces of names, so it is guarded and destroyed as the name is.
    """

    __tablename__ = "record_suffixes"
    __table_args__ = (Index("ix_record_suffixes_record_id", "record_id"),)

    suffix: Mapped[bytes] = mapped_column(Bytes(SUFFIX_BYTES), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("user_records.id"), primary_key=True)


class RecordCount(Base):
    """How many records of one kind there are, in parts: the sum over the shards counts, a part alone says nothing."""

    __tablename__ = "record_counts"

    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    amount: Mapped[int] = mapped_column(BigInteger)


class KeptSearch(Base):
    """A text so many records hold that how many is kept; `marks` are the late changes when it was counted last."""

    __tablename__ = "kept_searches"
    __table_args__ = (UniqueConstraint("text"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text(KEPT_LENGTH))
    marks: Mapped[int | None] = mapped_column(BigInteger)


class RecordView(Base):
    """When an account last had a look at a record that was noted."""

    __tablename__ = "record_views"

    account_id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    record_id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecordDraft(Base):
    """What a clerk typed and has not saved yet, sealed; gone when saved or after an hour."""

    __tablename__ = "record_drafts"
    __table_args__ = (Index("ix_record_drafts_expires_at", "expires_at"),)

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(BinaryUuid)
    sealed: Mapped[bytes] = mapped_column(Blob())
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

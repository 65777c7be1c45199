"""The tables of codes that were sent, and of reminders."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import BinaryUuid, Bytes, UtcDateTime
from app.extensions import Base


class MobileCode(Base):
    """A code that was sent to a record's mobile; of several the newest counts. Its id is the message's.

    The number is known by a keyed digest, the code by another one that only this row's id makes sense of.
    """

    __tablename__ = "mobile_codes"
    __table_args__ = (
        Index("ix_mobile_codes_record_id", "record_id", "id"),
        Index("ix_mobile_codes_number_digest", "number_digest", "created_at"),
        Index("ix_mobile_codes_asked_by", "asked_by", "created_at"),
        Index("ix_mobile_codes_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    record_id: Mapped[UUID] = mapped_column(BinaryUuid)
    number_digest: Mapped[bytes] = mapped_column(Bytes(32))
    asked_by: Mapped[UUID | None] = mapped_column(BinaryUuid)
    bound_to: Mapped[bytes] = mapped_column(Bytes(32))
    code_hash: Mapped[bytes] = mapped_column(Bytes(32))
    tries: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VerificationReminder(Base):
    """That somebody was reminded once to prove an address; another address is another reminder."""

    __tablename__ = "verification_reminders"

    record_id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    bound_to: Mapped[bytes] = mapped_column(Bytes(32), primary_key=True)
    reminded_at: Mapped[datetime] = mapped_column(UtcDateTime)

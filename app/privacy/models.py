"""The table of corrections."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import BinaryUuid, Blob, Text, UtcDateTime, new_id, utc_now
from app.extensions import Base

PENDING, APPROVED, REJECTED = STATES = ("pending", "approved", "rejected")


class Correction(Base):
    """What somebody asks to have changed in a record, and what somebody else decided.

    The value and the reasons are sealed (`contents.py`); once it is decided, no number is left in them. What the
    record said before stands in the trail alone. Whoever erases a record destroys its corrections with it.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        Index("ix_corrections_record_id_status", "record_id", "status"),
        Index("ix_corrections_requested_at", "requested_at", "id"),
        Index("ix_corrections_status_requested_at", "status", "requested_at", "id"),
        CheckConstraint("field IN ('aadhaar', 'pan', 'date_of_birth', 'place_of_birth')", name="field"),
        CheckConstraint(
            "(status = 'pending' AND decided_by IS NULL AND decided_at IS NULL AND record_version IS NULL)"
            " OR (status = 'approved' AND decided_by IS NOT NULL AND decided_by <> requested_by"
            " AND decided_at IS NOT NULL AND record_version IS NOT NULL)"
            " OR (status = 'rejected' AND decided_by IS NOT NULL AND decided_by <> requested_by"
            " AND decided_at IS NOT NULL AND record_version IS NULL)",
            name="two_people",
        ),
    )

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True, default=new_id)
    record_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("user_records.id"))
    field: Mapped[str] = mapped_column(Text(32))
    sealed: Mapped[bytes] = mapped_column(Blob())
    status: Mapped[str] = mapped_column(Text(16), default=PENDING)
    requested_by: Mapped[UUID] = mapped_column(BinaryUuid)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    decided_by: Mapped[UUID | None] = mapped_column(BinaryUuid)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    record_version: Mapped[UUID | None] = mapped_column(BinaryUuid)

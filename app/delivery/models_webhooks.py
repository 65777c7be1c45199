"""Webhooks: where other systems want to be told, and what each of them was or is to be told."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit import Audited
from app.core.database import BinaryUuid, Blob, Bytes, Text, UtcDateTime, new_id, utc_now
from app.extensions import Base

URL_LENGTH = 2048
DESCRIPTION_LENGTH = 255
PENDING, DELIVERED, FAILED = STATES = ("pending", "delivered", "failed")
GONE = "gone"
"""Why a webhook is off that nobody switched off: its receiver answered 410."""

UNSEEN = {"audit": False}


class Webhook(Audited, Base):
    """An address that is told of events. Its secrets are sealed, bound to the row."""

    __tablename__ = "webhooks"
    __table_args__ = (
        CheckConstraint("is_active IN (0, 1)", name="is_active"),
        Index("ix_webhooks_created_at_id", "created_at", "id"),
    )
    audit_subject: ClassVar[str] = "webhook"

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True, default=new_id, info=UNSEEN)
    url: Mapped[str] = mapped_column(Text(URL_LENGTH))
    events: Mapped[str] = mapped_column(Text(512))
    description: Mapped[str | None] = mapped_column(Text(DESCRIPTION_LENGTH))
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    disabled_reason: Mapped[str | None] = mapped_column(Text(16))
    sealed_secret: Mapped[bytes] = mapped_column(Bytes(512), info=UNSEEN)
    sealed_old_secret: Mapped[bytes | None] = mapped_column(Bytes(512), info=UNSEEN)
    old_secret_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, info=UNSEEN)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, info=UNSEEN)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def event_names(self) -> list[str]:
        """The types of event it wants, or `*` for all."""
        return self.events.split()


class Delivery(Base):
    """One event for one webhook. `tries` counts the attempts of this round, `attempts` all that were ever made.

    `position` is the event's place in the feed; deliveries without one (tests, and what is sent again) wait for
    nothing and hold up nothing.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        Index("ix_webhook_deliveries_due", "webhook_id", "state", "next_attempt_at"),
        Index("ix_webhook_deliveries_order", "webhook_id", "subject_id", "state", "position"),
        Index("ix_webhook_deliveries_listed", "webhook_id", "created_at", "id"),
        Index("ix_webhook_deliveries_settled_at", "settled_at"),
        CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    webhook_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("webhooks.id"))
    event_id: Mapped[UUID] = mapped_column(BinaryUuid)
    event_type: Mapped[str] = mapped_column(Text(64))
    subject_id: Mapped[UUID] = mapped_column(BinaryUuid)
    position: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[bytes] = mapped_column(Blob())
    state: Mapped[str] = mapped_column(Text(16))
    attempts: Mapped[int] = mapped_column(Integer)
    tries: Mapped[int] = mapped_column(Integer)
    response_status: Mapped[int | None] = mapped_column(SmallInteger)
    response_bytes: Mapped[int | None] = mapped_column(Integer)
    problem: Mapped[str | None] = mapped_column(Text(64))
    took_ms: Mapped[int | None] = mapped_column(Integer)
    attempted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_by: Mapped[UUID | None] = mapped_column(BinaryUuid)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

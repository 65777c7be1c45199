"""Events, written in the transaction of the change they tell of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index
from sqlalchemy.orm import Mapped, Session, mapped_column, scoped_session

from app.core.database import BinaryUuid, Text, UtcDateTime, table_of
from app.core.statements import send_rows
from app.core.unit import Message, require_work
from app.extensions import Base, db


class OutboxMessage(Base):
    """A fact for other systems: ids and names of fields, never a person's data.

    Its position in the feed is given to it once it is committed (`delivery/arranging.py`); before that it has none.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_subject_id_occurred_at", "subject_id", "occurred_at"),
        Index("uq_outbox_position", "position", unique=True),
        Index("ix_outbox_type_position", "type", "position"),
    )

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True)
    type: Mapped[str] = mapped_column(Text(64))
    subject_id: Mapped[UUID] = mapped_column(BinaryUuid)
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    position: Mapped[int | None] = mapped_column(BigInteger)


def publish(
    type_: str, *, subject_id: UUID, version: UUID | None = None, changed_fields: Sequence[str] | None = None
) -> None:
    """Announce a fact once the transaction in hand is committed, and not otherwise."""
    data: dict[str, Any] = {}
    if version is not None:
        data["version"] = str(version)
    if changed_fields is not None:
        data["changed_fields"] = sorted(changed_fields)
    require_work(db.session).messages.append(Message(type_, subject_id, data))


def write(session: Session | scoped_session[Any], messages: Sequence[Message]) -> None:
    """Insert what was published."""
    rows = [
        {"id": m.id, "type": m.type, "subject_id": m.subject_id, "occurred_at": m.occurred_at, "data": m.data}
        for m in messages
    ]
    send_rows(table_of(OutboxMessage), rows)

"""How far the broker has been told of the feed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import BinaryUuid, Text, UtcDateTime
from app.extensions import Base


class BrokerRelay(Base):
    """The one row of the relay: the last position that the broker confirmed, and who may send what follows.

    Only who holds the lease sends; `attempts` counts those in a row that failed, `problem` says why.
    """

    __tablename__ = "broker_relay"

    name: Mapped[str] = mapped_column(Text(64), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer)
    problem: Mapped[str | None] = mapped_column(Text(64))
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_by: Mapped[UUID | None] = mapped_column(BinaryUuid)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

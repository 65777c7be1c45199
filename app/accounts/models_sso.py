"""Who an account is to a provider of single sign-on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import BinaryUuid, Text, UtcDateTime, new_id
from app.extensions import Base


class AccountIdentity(Base):
    """The person a provider knows as `subject`, for good, whatever their address becomes."""

    __tablename__ = "account_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("account_id", "issuer"))

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("accounts.id"))
    issuer: Mapped[str] = mapped_column(Text(255))
    subject: Mapped[str] = mapped_column(Text(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)

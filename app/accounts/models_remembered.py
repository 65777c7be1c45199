"""Browsers that sign somebody in again by themselves. Tokens are stored as digests only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import BinaryUuid, Bytes, Text, UtcDateTime, new_id
from app.extensions import Base


class RememberedBrowser(Base):
    """A browser whose owner asked to be kept signed in. Its tokens follow each other and live and die together."""

    __tablename__ = "remembered_browsers"
    __table_args__ = (
        Index("ix_remembered_browsers_account_id", "account_id"),
        Index("ix_remembered_browsers_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(BinaryUuid, primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    user_agent: Mapped[str | None] = mapped_column(Text(255))
    ip: Mapped[str | None] = mapped_column(Text(45))


class RememberToken(Base):
    """What the cookie of a remembered browser holds; it is good for one use."""

    __tablename__ = "remember_tokens"
    __table_args__ = (Index("ix_remember_tokens_browser_id", "browser_id"),)

    token_hash: Mapped[bytes] = mapped_column(Bytes(32), primary_key=True)
    browser_id: Mapped[UUID] = mapped_column(BinaryUuid, ForeignKey("remembered_browsers.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

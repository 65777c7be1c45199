"""Deletion that can be undone: the row stays, and leaves every list."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, SmallInteger
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.schema import Computed

from app.core.database import BinaryUuid, Text, UtcDateTime


class SoftDeletes:
    """A row that can be deleted and restored; `alive` is 1 or NULL, for indexes that are unique among the living."""

    @declared_attr
    def is_active(cls) -> Mapped[bool]:  # noqa: N805 - SQLAlchemy hands over the class
        """Tell whether the row is in use."""
        return mapped_column(Boolean, default=True)

    @declared_attr
    def is_deleted(cls) -> Mapped[bool]:  # noqa: N805 - SQLAlchemy hands over the class
        """Tell whether the row is deleted."""
        return mapped_column(Boolean, default=False, info={"audit": False})

    @declared_attr
    def deleted_at(cls) -> Mapped[datetime | None]:  # noqa: N805 - SQLAlchemy hands over the class
        """Say when it was deleted."""
        return mapped_column(UtcDateTime, info={"audit": False})

    @declared_attr
    def deleted_by(cls) -> Mapped[UUID | None]:  # noqa: N805 - SQLAlchemy hands over the class
        """Say who deleted it."""
        return mapped_column(BinaryUuid, info={"audit": False})

    @declared_attr
    def deletion_reason(cls) -> Mapped[str | None]:  # noqa: N805 - SQLAlchemy hands over the class
        """Say why it was deleted."""
        return mapped_column(Text(500), info={"audit": False})

    @declared_attr
    def was_active(cls) -> Mapped[bool | None]:  # noqa: N805 - SQLAlchemy hands over the class
        """Remember `is_active` from before the deletion."""
        return mapped_column(Boolean, info={"audit": False})

    @declared_attr
    def alive(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy hands over the class
        """Be 1 or NULL, as the database works it out."""
        formula = Computed("CASE WHEN is_deleted = 0 THEN 1 END", persisted=True)
        return mapped_column(SmallInteger, formula, deferred=True, info={"audit": False})

    def delete(self: Any, *, at: datetime, by: UUID | None, reason: str | None) -> None:
        """Take the row out of every list, and remember how it was."""
        self.was_active, self.is_active = self.is_active, False
        self.is_deleted, self.deleted_at, self.deleted_by, self.deletion_reason = True, at, by, reason

    def undelete(self: Any) -> None:
        """Bring the row back as it was."""
        self.is_active, self.was_active = bool(self.was_active), None
        self.is_deleted, self.deleted_at, self.deleted_by, self.deletion_reason = False, None, None, None

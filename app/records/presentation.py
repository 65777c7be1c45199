"""A record as it leaves the store: every field of the contract, identifiers masked, never more."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID


def present(row: Any, *, restored: bool = False) -> dict[str, Any]:
    """Turn a row or a record into the JSON object of the API.

    The row names the columns of the table, and `last_login_at` where the query brought it along.
    """
    shown = {
        "id": str(row.id),
        "reference": row.reference,
        "version": str(row.version),
        "name": row.name,
        "email": row.email,
        "primary_mobile": row.primary_mobile,
        "secondary_mobile": row.secondary_mobile,
        "aadhaar": row.aadhaar_mask,
        "pan": row.pan_mask,
        "date_of_birth": row.date_of_birth.isoformat(),
        "place_of_birth": row.place_of_birth,
        "current_address": row.current_address,
        "permanent_address": row.permanent_address,
        "is_active": bool(row.is_active),
        "email_verified": bool(row.email_verified),
        "mobile_verified": bool(row.mobile_verified),
        "created_at": utc_text(row.created_at),
        "updated_at": utc_text(row.updated_at),
        "created_by": _id_text(row.created_by),
        "updated_by": _id_text(row.updated_by),
        "is_deleted": bool(row.is_deleted),
        "deleted_at": _moment_text(row.deleted_at),
        "deleted_by": _id_text(row.deleted_by),
        "last_login_at": _moment_text(getattr(row, "last_login_at", None)),
    }
    return {**shown, "restored": True} if restored else shown


def utc_text(moment: datetime) -> str:
    """Spell a moment by RFC 3339 in UTC, always to the microsecond: 2026-11-20T09:30:00.000000Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _moment_text(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)


def _id_text(value: UUID | None) -> str | None:
    return None if value is None else str(value)

"""Reading what was sent to prove a record's address and number, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, false, select

from app.core.database import table_of
from app.core.links import MailLink
from app.extensions import db
from app.records.models import UserRecord
from app.verification.models import MobileCode, VerificationReminder

RECORD_EMAIL_LINK = "record.email"

_records, _codes, _links = table_of(UserRecord), table_of(MobileCode), table_of(MailLink)
_reminders = table_of(VerificationReminder)


def get_contact(record_id: UUID) -> Any:
    """Return address, number and version of each, and the flags, of a record."""
    names = ("id", "email", "email_version", "email_verified", "primary_mobile", "mobile_version", "mobile_verified")
    return db.session.execute(select(*(_records.c[name] for name in names)).where(_records.c.id == record_id)).one()


def find_code(record_id: UUID) -> Any:
    """Find the newest code of a record, used or late as it may be."""
    newest = select(_codes).where(_codes.c.record_id == record_id).order_by(_codes.c.id.desc()).limit(1)
    return db.session.execute(newest).first()


def get_code(code_id: UUID) -> Any:
    """Return a code by its id."""
    return db.session.execute(select(_codes).where(_codes.c.id == code_id)).one()


def list_silent(ended_before: datetime, limit: int) -> Sequence[UUID]:
    """List live, active records whose link ended unused before a moment and who were not reminded of that address."""
    told = exists().where(_reminders.c.record_id == _records.c.id, _reminders.c.bound_to == _links.c.bound_to)
    silent = (
        select(_records.c.id)
        .join(_links, (_links.c.subject_id == _records.c.id) & (_links.c.purpose == RECORD_EMAIL_LINK))
        .where(_links.c.expires_at <= ended_before, _links.c.used_at.is_(None))
        .where(_records.c.email_verified == false(), _records.c.is_deleted == false(), _records.c.is_active, ~told)
    )
    return db.session.scalars(silent.order_by(_links.c.expires_at).limit(limit)).all()


def was_reminded(record_id: UUID, bound_to: bytes) -> bool:
    """Tell whether somebody was reminded of an address already."""
    mine = (_reminders.c.record_id == record_id) & (_reminders.c.bound_to == bound_to)
    return db.session.scalar(select(_reminders.c.reminded_at).where(mine)) is not None

"""Reading what was sent to prove a record's address and number, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, exists, false, select

from app.core.actions import Action
from app.core.audit import AuditEntry
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


def moments_sent_to(number_digest: bytes, since: datetime) -> list[datetime]:
    """Tell when codes were sent to a number, oldest first."""
    return _moments(_codes.c.number_digest, number_digest, since)


def moments_asked_by(account_id: UUID | None, since: datetime) -> list[datetime]:
    """Tell when an account had codes sent, oldest first."""
    return [] if account_id is None else _moments(_codes.c.asked_by, account_id, since)


def _moments(column: Column[Any], value: object, since: datetime) -> list[datetime]:
    sent = select(_codes.c.created_at).where(column == value, _codes.c.created_at > since)
    return list(db.session.scalars(sent.order_by(_codes.c.created_at)))


def find_proven_at(record_id: UUID, action: Action) -> datetime | None:
    """Find when an address or number of a record was last proven."""
    entries = table_of(AuditEntry)
    proven = select(entries.c.occurred_at).where(entries.c.subject_id == record_id, entries.c.action == str(action))
    return db.session.scalar(proven.order_by(entries.c.occurred_at.desc()).limit(1))


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

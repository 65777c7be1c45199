"""Reminding people, once, of an address they were asked to prove and did not."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import insert

from app.core import letters, transaction
from app.core.database import table_of, utc_now
from app.extensions import db
from app.records import queries as records
from app.records.errors import RecordNotFound
from app.verification import queries
from app.verification.bonds import email_bond
from app.verification.correspondence import RECORD_REMINDER, link_lifetime
from app.verification.models import VerificationReminder

AT_ONCE = 200


def remind(days: int) -> int:
    """Have a new link mailed to whoever got one so many days ago and never used it; return to how many.

    Nobody is written to who was not before, and nobody twice about one address.
    """
    now = utc_now()
    ended_before = min(now, now - timedelta(days=days) + link_lifetime())
    silent = queries.list_silent(ended_before, AT_ONCE)
    db.session.remove()
    return sum(transaction.run(partial(_remind, record_id, now)) for record_id in silent)


def _remind(record_id: UUID, now: datetime) -> bool:
    try:
        record = records.get_for_change(record_id)
    except RecordNotFound:
        return False
    bond = email_bond(record)
    if record.email_verified or queries.was_reminded(record_id, bond):
        return False
    row = {"record_id": record_id, "bound_to": bond, "reminded_at": now}
    db.session.execute(insert(table_of(VerificationReminder)).values(row))
    letters.post(RECORD_REMINDER, subject_id=record_id, to=record.email)
    return True

"""Proving that a record's address is the person's: by a link that is good once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core import letters, links, outbox, transaction
from app.core.actions import Action
from app.core.database import utc_now
from app.core.identity import Actor
from app.core.links import Link, LinkVoid
from app.core.transaction import command
from app.extensions import db
from app.records import queries as records
from app.records.errors import RecordNotFound
from app.records.models import UserRecord
from app.verification.bonds import email_bond
from app.verification.correspondence import RECORD_EMAIL
from app.verification.errors import SentOften
from app.verification.limits import again_at
from app.verification.queries import RECORD_EMAIL_LINK
from app.verification.queries_states import links_filled_at


@dataclass(frozen=True, slots=True)
class Proven:
    """Whose address was proven, and when."""

    record_id: UUID
    at: datetime


def send_link(record_id: UUID) -> bool:
    """Have a link mailed to a record's address; False when that is proven already and nothing is mailed.

    Raises RecordNotFound, SentOften.
    """
    return transaction.run(lambda: _send(record_id))


def _send(record_id: UUID) -> bool:
    record = records.get_for_change(record_id)  # held, so that two at once count each other
    if record.email_verified:
        return False
    if later := links_again_at(record_id):
        raise SentOften("links", later)
    letters.post(RECORD_EMAIL, subject_id=record_id, to=record.email)
    return True


def links_again_at(record_id: UUID) -> datetime | None:
    """Return when the next link may be mailed; None when it may be now."""
    return again_at(links_filled_at(record_id))


def find_link(token: str) -> tuple[Link, UserRecord]:
    """Return a link that can still prove an address, and whose it is; nothing changes. Raises LinkVoid, LinkLate."""
    link = links.find(RECORD_EMAIL_LINK, token)
    record = db.session.get(UserRecord, link.subject_id)
    if record is None or record.is_deleted:
        raise LinkVoid
    links.judge(link, bound_to=email_bond(record))
    return link, record


def verify_email(token: str, *, actor: Actor) -> Proven:
    """Use a link up and note that the address is proven. Raises LinkVoid, LinkLate."""
    link, _record = find_link(token)
    return _verify(link, actor=actor)


@command(Action.RECORD_EMAIL_VERIFIED)
def _verify(link: Link, *, actor: Actor) -> Proven:
    try:
        record = records.get_for_change(link.subject_id)
    except RecordNotFound:
        raise LinkVoid from None
    links.judge(link, bound_to=email_bond(record))
    links.use_up(link)
    now = utc_now()
    if not record.email_verified:
        record.email_verified, record.updated_at = True, now
        db.session.flush()
        outbox.publish(
            "record.email_verified", subject_id=record.id, version=record.version, changed_fields=["email_verified"]
        )
    return Proven(record.id, now)

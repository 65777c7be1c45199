"""What is written to people to prove a record's address or number."""

from datetime import timedelta

from flask import Flask

from app.core import letters, links
from app.core.database import utc_now
from app.core.letters import Draft, Letter
from app.core.presenting import clock, moment
from app.core.settings import settings
from app.records import queries as records
from app.records.errors import RecordNotFound
from app.verification import queries
from app.verification.bonds import email_bond, mobile_bond
from app.verification.queries import RECORD_EMAIL_LINK

RECORD_EMAIL, RECORD_REMINDER, MOBILE_CODE = "record_email", "record_reminder", "mobile_code"
LINK_LETTERS = (RECORD_EMAIL, RECORD_REMINDER)


def link_lifetime() -> timedelta:
    """Return how long a link is good after it went out."""
    return timedelta(hours=settings().verification_link_hours)


def write_link(letter: Letter) -> Draft | None:
    """Write the mail with the link that proves a record's address, unless that was proven or changed meanwhile."""
    try:
        record = records.get_for_change(letter.subject_id) if letter.subject_id is not None else None
    except RecordNotFound:
        return None
    if record is None or record.email_verified or record.email != letter.to:
        return None
    token = links.renew(RECORD_EMAIL_LINK, letter, bound_to=email_bond(record), lifetime=link_lifetime())
    if token is None:
        return None
    context = {
        "url": f"{settings().base_url}/verify-email?token={token}",
        "until": moment(utc_now() + link_lifetime()),
        "reference": record.reference,
    }
    return Draft(letter.kind, context)


def write_code(letter: Letter) -> Draft | None:
    """Write the message with a code, while it is the newest and good for this number."""
    code = queries.find_code(letter.subject_id) if letter.subject_id is not None else None
    if code is None or code.id != letter.id or code.used_at is not None or code.expires_at <= utc_now():
        return None
    if mobile_bond(queries.get_contact(code.record_id)) != code.bound_to:
        return None
    return Draft(letter.kind, {"until": clock(code.expires_at)})


def init_app(app: Flask) -> None:
    """Have these letters and messages written here."""
    for kind in LINK_LETTERS:
        letters.use_writer(app, kind, write_link)
    letters.use_writer(app, MOBILE_CODE, write_code)

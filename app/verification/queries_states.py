"""How far the proofs of a record are: read in one statement, because its page asks whenever it is opened.

A limit is told by the moment that fills it: the fifth newest of five, where as many were sent within the hour.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, ScalarSelect, bindparam, case, or_, select

from app.core.actions import Action
from app.core.audit import AuditEntry
from app.core.database import table_of, utc_now
from app.core.letters import QueuedLetter
from app.core.links import MailLink
from app.core.quick_reads import fetch, fetch_value
from app.records.models import UserRecord
from app.verification.correspondence import LINK_LETTERS, RECORD_EMAIL
from app.verification.limits import CODES_FOR_A_NUMBER, CODES_FOR_AN_ACCOUNT, LINKS_FOR_A_RECORD, WINDOW
from app.verification.models import MobileCode
from app.verification.queries import RECORD_EMAIL_LINK

_records, _letters, _codes = table_of(UserRecord), table_of(QueuedLetter), table_of(MobileCode)
_trail = table_of(AuditEntry)
_letter, _code_letter = _letters.alias("letter"), _letters.alias("code_letter")
_link, _code = table_of(MailLink).alias("link"), _codes.alias("code")


def _mine(column: Column[Any]) -> ColumnElement[bool]:
    return column == bindparam("record_id", type_=column.type)


def _filled_at(sent_at: Column[Any], at_most: int, *mine: ColumnElement[bool]) -> ScalarSelect[Any]:
    within = select(sent_at).where(*mine, sent_at > bindparam("since", type_=sent_at.type))
    return within.order_by(sent_at.desc()).limit(1).offset(at_most - 1).scalar_subquery()


def _newest(identity: Column[Any], *mine: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select(identity).where(*mine).order_by(identity.desc()).limit(1).scalar_subquery()


def _proven_at(flag: Column[Any], action: Action) -> ColumnElement[Any]:
    entries = select(_trail.c.occurred_at).where(_mine(_trail.c.subject_id), _trail.c.action == str(action))
    return case((flag, entries.order_by(_trail.c.occurred_at.desc()).limit(1).scalar_subquery()))


_links_filled_at = _filled_at(
    _letters.c.created_at, LINKS_FOR_A_RECORD, _mine(_letters.c.subject_id), _letters.c.kind == RECORD_EMAIL
)
_number_filled_at = _filled_at(
    _codes.c.created_at, CODES_FOR_A_NUMBER, _codes.c.number_digest == bindparam("number_digest")
)
_account_filled_at = _filled_at(_codes.c.created_at, CODES_FOR_AN_ACCOUNT, _codes.c.asked_by == bindparam("account_id"))
_newest_letter = _newest(
    _letters.c.id, _mine(_letters.c.subject_id), or_(*(_letters.c.kind == kind for kind in LINK_LETTERS))
)
_newest_code = _newest(_codes.c.id, _mine(_codes.c.record_id))

LINKS_FILLED = select(_links_filled_at)
CODES_FILLED = select(_number_filled_at, _account_filled_at)
STATE = (
    select(
        *(_records.c[name] for name in ("id", "email", "email_version", "email_verified")),
        *(_records.c[name] for name in ("primary_mobile", "mobile_version", "mobile_verified")),
        *(_letter.c[name].label(f"letter_{name}") for name in ("id", "state", "problem", "created_at", "settled_at")),
        *(_link.c[name].label(f"link_{name}") for name in ("id", "bound_to", "expires_at", "used_at")),
        *(_code.c[name].label(f"code_{name}") for name in ("id", "bound_to", "expires_at", "used_at")),
        *(_code.c[name].label(f"code_{name}") for name in ("tries", "created_at")),
        *(_code_letter.c[name].label(f"code_letter_{name}") for name in ("state", "problem")),
        _links_filled_at.label("links_filled_at"),
        _number_filled_at.label("number_filled_at"),
        _account_filled_at.label("account_filled_at"),
        _proven_at(_records.c.email_verified, Action.RECORD_EMAIL_VERIFIED).label("email_proven_at"),
        _proven_at(_records.c.mobile_verified, Action.RECORD_MOBILE_VERIFIED).label("mobile_proven_at"),
    )
    .select_from(_records)
    .outerjoin(_letter, (_letter.c.subject_id == _records.c.id) & (_letter.c.id == _newest_letter))
    .outerjoin(_link, (_link.c.subject_id == _records.c.id) & (_link.c.purpose == RECORD_EMAIL_LINK))
    .outerjoin(_code, (_code.c.record_id == _records.c.id) & (_code.c.id == _newest_code))
    .outerjoin(_code_letter, _code_letter.c.id == _code.c.id)
    .where(_mine(_records.c.id))
)


def find_state(record_id: UUID, number_digest: bytes, account_id: UUID | None) -> Any:
    """Return what is known of a record's address and number, of what was sent there last, and of the limits."""
    given = {"number_digest": number_digest, "account_id": account_id, "since": utc_now() - WINDOW}
    (found,) = fetch(STATE, {"record_id": record_id, **given})
    return found


def links_filled_at(record_id: UUID) -> datetime | None:
    """Return the moment that fills the limit of links for a record; None while there is room."""
    found: datetime | None = fetch_value(LINKS_FILLED, {"record_id": record_id, "since": utc_now() - WINDOW})
    return found


def codes_filled_at(number_digest: bytes, account_id: UUID | None) -> tuple[datetime | None, datetime | None]:
    """Return the moments that fill the limits of codes for a number and for an account."""
    given = {"number_digest": number_digest, "account_id": account_id, "since": utc_now() - WINDOW}
    ((of_number, of_account),) = fetch(CODES_FILLED, given)
    return of_number, of_account

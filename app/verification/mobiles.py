"""Proving that a record's mobile is the person's: by six digits that they tell the clerk."""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from app.core import letters, outbox, purging, transaction
from app.core.actions import Action
from app.core.database import table_of, utc_now, write_rows
from app.core.identity import Actor
from app.core.transaction import command
from app.core.vault import vault
from app.extensions import db
from app.records import queries as records
from app.records.models import UserRecord
from app.records.service import complete_record
from app.verification import queries
from app.verification.bonds import mobile_bond
from app.verification.correspondence import MOBILE_CODE
from app.verification.errors import CodeOver, NoCode, SentOften, WrongCode
from app.verification.limits import again_at
from app.verification.models import MobileCode
from app.verification.queries_states import codes_filled_at

CODE_DIGITS = 6
CODE_LIVES = timedelta(minutes=10)
TRIES = 5
KEPT_FOR = timedelta(days=1)
"""How long whoever types an old code is told that it is late, and not that there is none."""

_CODES = table_of(MobileCode)


def send_code(record_id: UUID, *, actor: Actor) -> bool:
    """Have a code sent to a record's mobile; False when that is proven already and nothing is sent.

    A newer code voids the older. Raises RecordNotFound, SentOften.
    """
    return transaction.run(lambda: _send(record_id, actor))


def _send(record_id: UUID, actor: Actor) -> bool:
    record = records.get_for_change(record_id)  # held, so that two at once count each other
    if record.mobile_verified:
        return False
    if later := codes_again_at(record.primary_mobile, actor):
        raise SentOften("codes", later)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    message_id = letters.text(MOBILE_CODE, subject_id=record_id, to=record.primary_mobile, secret=code)
    now = utc_now()
    row = {
        "id": message_id,
        "record_id": record_id,
        "number_digest": digest_of(record.primary_mobile),
        "asked_by": actor.account_id,
        "bound_to": mobile_bond(record),
        "code_hash": _hash(message_id, code),
        "tries": 0,
        "created_at": now,
        "expires_at": now + CODE_LIVES,
    }
    db.session.execute(insert(_CODES).values(row))
    return True


def codes_again_at(number: str, actor: Actor) -> datetime | None:
    """Return when the next code may be sent to a number by this account; None when it may be now."""
    return again_at(*codes_filled_at(digest_of(number), actor.account_id))


def verify_mobile(record_id: UUID, code: str, *, actor: Actor) -> UserRecord:
    """Note that a record's mobile is proven, by the code that was sent to it.

    A try is counted before the code is looked at, in a transaction of its own. Raises RecordNotFound, NoCode,
    CodeOver, WrongCode.
    """
    sent = transaction.run(lambda: _count_try(record_id))
    if not hmac.compare_digest(sent.code_hash, _hash(sent.id, code)):
        raise WrongCode(TRIES - sent.tries)
    return _verify(record_id, sent.id, actor=actor)


def _count_try(record_id: UUID) -> Any:
    records.get_version(record_id)
    sent = queries.find_code(record_id)
    if sent is None or sent.used_at is not None or sent.bound_to != mobile_bond(queries.get_contact(record_id)):
        raise NoCode
    if sent.expires_at <= utc_now():
        raise CodeOver
    left = update(_CODES).where(_CODES.c.id == sent.id, _CODES.c.tries < TRIES, _CODES.c.used_at.is_(None))
    counted = write_rows(left.values(tries=_CODES.c.tries + 1)) == 1
    sent = queries.get_code(sent.id)
    if not counted:
        raise CodeOver if sent.used_at is None else NoCode  # somebody may have used it meanwhile
    return sent


@command(Action.RECORD_MOBILE_VERIFIED)
def _verify(record_id: UUID, code_id: UUID, *, actor: Actor) -> UserRecord:
    record = records.get_for_change(record_id)
    sent, now = queries.get_code(code_id), utc_now()
    unused = update(_CODES).where(_CODES.c.id == code_id, _CODES.c.used_at.is_(None))
    if sent.bound_to != mobile_bond(record) or write_rows(unused.values(used_at=now)) != 1:
        raise NoCode
    if not record.mobile_verified:
        record.mobile_verified, record.updated_at, record.updated_by = True, now, actor.account_id
        db.session.flush()
        outbox.publish(
            "record.mobile_verified", subject_id=record.id, version=record.version, changed_fields=["mobile_verified"]
        )
    return complete_record(record)


def purge(now: datetime) -> int:
    """Remove the codes that ended a day ago."""
    return purging.remove(_CODES, _CODES.c.expires_at < now - KEPT_FOR)


def digest_of(number: str) -> bytes:
    """Return the keyed digest that codes know a number by."""
    return vault().mac("mobile-code-number", number.encode())


def _hash(code_id: UUID, code: str) -> bytes:
    return vault().mac("mobile-code", code_id.bytes + code.encode("utf-8", "surrogatepass"))

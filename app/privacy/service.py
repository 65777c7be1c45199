"""Corrections by two people: one asks for what no update changes, another one looks and decides."""

from typing import Final
from uuid import UUID

from app.core import audit, transaction
from app.core.actions import Action
from app.core.checks import Checks
from app.core.database import new_id, utc_now
from app.core.errors import FieldError, ValidationFailed
from app.core.identity import Actor
from app.core.rules import RuleBroken
from app.core.transaction import command
from app.core.unit import Change, Subject
from app.extensions import db
from app.privacy import queries
from app.privacy.contents import Content, content_for, seal, shown_now, unseal
from app.privacy.errors import AlreadyDecided, OwnCorrection
from app.privacy.models import APPROVED, PENDING, REJECTED, Correction
from app.privacy.schemas import canonical
from app.records import correcting, disclosure
from app.records import queries as records
from app.records.correcting import NewValue

RECORD: Final = "record"


@command(Action.CORRECTION_REQUESTED)
def request_correction(
    record_id: UUID, wanted: NewValue, *, reason: str, tells_taken: bool = True, actor: Actor
) -> Correction:
    """Ask for a correction, which somebody else has to approve.

    A number that another record has is refused at once, unless `tells_taken` is false: a person who asks for their
    own record is not told whom else the room knows. Raises RecordNotFound, ValidationFailed, Duplicate.
    """
    record = records.get_record(record_id)
    correcting.check_is_new(record, wanted)
    duplicate = correcting.find_duplicate(wanted, actor) if tells_taken else None
    if duplicate is not None:
        raise duplicate
    content = content_for(wanted.field, wanted.value, reason)
    correction = _new(record_id, wanted.field, content, actor)
    db.session.add(correction)
    change = Change(wanted.field, shown_now(wanted.field, record), content.shown)
    audit.note(Action.CORRECTION_REQUESTED, subject=(RECORD, record_id), reason=reason, changes=[change])
    return correction


def approve_correction(correction_id: UUID, *, checks: Checks, actor: Actor) -> Correction:
    """Make a correction somebody else asked for; the record gets a new version.

    The value is judged again, by the rules of the day and against the other records. Raises CorrectionNotFound,
    OwnCorrection, AlreadyDecided, ValidationFailed, Duplicate.
    """
    return transaction.run(lambda: _approve(correction_id, checks, actor))


def _approve(correction_id: UUID, checks: Checks, actor: Actor) -> Correction:
    correction, content = _in_hand(correction_id, actor)
    try:
        value = canonical(correction.field, content.value, checks)
    except RuleBroken as broken:
        raise ValidationFailed([FieldError("value", broken.code, broken.message)]) from None
    wanted = NewValue(correction.field, value)
    record = correcting.correct_record(correction.record_id, wanted, reason=content.reason, actor=actor)
    _decide(correction, APPROVED, content.after_decision(correction.field), actor)
    correction.record_version = record.version
    return correction


@command(Action.CORRECTION_REJECTED)
def reject_correction(correction_id: UUID, *, reason: str, actor: Actor) -> Correction:
    """Leave the record as it is, and say why. Raises CorrectionNotFound, OwnCorrection, AlreadyDecided."""
    correction, content = _in_hand(correction_id, actor)
    record = records.get_record(correction.record_id)
    _decide(correction, REJECTED, content.after_decision(correction.field, reason), actor)
    change = Change(correction.field, shown_now(correction.field, record), content.shown)
    subject: Subject = (RECORD, correction.record_id)
    audit.note(Action.CORRECTION_REJECTED, subject=subject, reason=reason, changes=[change])
    return correction


def reveal_correction(correction_id: UUID, *, reason: str, actor: Actor) -> tuple[str, str]:
    """Return the number a record has and the one that is asked for, in full, and put on record who saw them and why.

    Raises CorrectionNotFound, AlreadyDecided.
    """
    return transaction.run(lambda: _reveal(correction_id, reason, actor))


def _reveal(correction_id: UUID, reason: str, actor: Actor) -> tuple[str, str]:
    correction = queries.get_correction(correction_id).correction
    content, kind = unseal(correction.sealed, correction.id), correction.field
    if content.value is None:
        raise AlreadyDecided
    held = disclosure.reveal_numbers(correction.record_id, [kind], reason=reason, actor=actor)
    return held[kind], content.value


def _new(record_id: UUID, field: str, content: Content, actor: Actor) -> Correction:
    if actor.account_id is None:
        raise OwnCorrection("Only somebody with an account asks for a correction.")
    correction_id = new_id()
    return Correction(
        id=correction_id,
        record_id=record_id,
        field=field,
        sealed=seal(content, correction_id),
        status=PENDING,
        requested_by=actor.account_id,
        requested_at=utc_now(),
    )


def _in_hand(correction_id: UUID, actor: Actor) -> tuple[Correction, Content]:
    """Return a correction that this actor may decide, and what it holds."""
    correction = queries.get_for_decision(correction_id)
    if actor.account_id is None or correction.requested_by == actor.account_id:
        raise OwnCorrection
    if correction.status != PENDING:
        raise AlreadyDecided
    return correction, unseal(correction.sealed, correction.id)


def _decide(correction: Correction, status: str, kept: Content, actor: Actor) -> None:
    correction.status, correction.sealed = status, seal(kept, correction.id)
    correction.decided_by, correction.decided_at = actor.account_id, utc_now()

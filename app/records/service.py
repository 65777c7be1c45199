"""Writing records: the only way a person's record comes to be, changes, goes and comes back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from app.core import outbox, quick_flush, ready_sql, transaction
from app.core.actions import Action
from app.core.database import new_id, table_of, utc_now
from app.core.errors import FieldError, ValidationFailed
from app.core.identity import Actor
from app.core.statements import connection, send_rows
from app.core.transaction import command
from app.core.vault import vault
from app.core.versioning import ExpectedVersion
from app.extensions import db
from app.records import queries
from app.records.errors import Duplicate
from app.records.identifiers import mask_aadhaar, mask_pan
from app.records.models import FOLDED_LENGTH, IdentityVault, RecordSuffix, UserRecord
from app.records.queries_rows import SEEN
from app.records.references import new_reference
from app.records.schemas import CHANGEABLE, SAME_AS_PRIMARY_WORDS, RecordChanges, RecordInput
from app.records.suffixes import fold, suffixes_of

CLEARS = {"email": "email_verified", "primary_mobile": "mobile_verified"}
RENEWS = {"email": "email_version", "primary_mobile": "mobile_version"}
"""What a proof of an address is bound to besides the address: one that comes back later is proven anew."""
TAKEN = {
    "email": ("DUPLICATE_EMAIL", "Another record has this email"),
    "primary_mobile": ("DUPLICATE_MOBILE", "Another record has this mobile"),
    "aadhaar": ("DUPLICATE_AADHAAR", "Another record has this Aadhaar"),
    "pan": ("DUPLICATE_PAN", "Another record has this PAN"),
}
UNIQUE = tuple(TAKEN)


def create_record(data: RecordInput, *, actor: Actor) -> tuple[UserRecord, bool]:
    """Register a person, or bring back the deleted record of the same person.

    Returns the record and whether it was brought back, which takes Aadhaar, PAN
    and date of birth of one deleted record and the permission to restore.
    Raises Duplicate.
    """
    return transaction.run(lambda: _register(data, actor=actor))


def _register(data: RecordInput, *, actor: Actor) -> tuple[UserRecord, bool]:
    ready_sql.settle(connection())  # so that only what follows can be refused here
    try:
        identity_id, seen_last = _claim_numbers(data), queries.seen_last_by(data.email)
    except IntegrityError as error:
        found = _restorable(data, actor)
        if found is None:
            raise duplicate_of(_unique_values(data), actor) or error from error
        return _restore_registered(found, data, actor=actor), True
    record = _insert_record(data, identity_id, actor=actor)
    set_committed_value(record, SEEN, seen_last)
    return record, False


def _claim_numbers(data: RecordInput) -> UUID:
    """Seal Aadhaar and PAN under a random key of their own; the unique indexes decide who had them first."""
    identity_id, box = uuid4(), vault()
    row: dict[str, Any] = {"id": identity_id}
    for kind, number in (("aadhaar", data.aadhaar), ("pan", data.pan)):
        row[f"{kind}_sealed"] = box.seal(number.encode(), identity_place(kind, identity_id))
        row[f"{kind}_index"] = box.blind_index(kind, number)
    send_rows(table_of(IdentityVault), [row])
    return identity_id


def identity_place(kind: str, identity_id: UUID) -> str:
    """Return the place a sealed number is bound to."""
    return f"identity_vault:{kind}:{identity_id}"


def _explain_register(data: RecordInput, *_: object, actor: Actor, **__: object) -> Duplicate | None:
    return duplicate_of(_unique_values(data), actor)


@command(Action.RECORD_CREATED, refuse=_explain_register)
def _insert_record(data: RecordInput, identity_id: UUID, *, actor: Actor) -> UserRecord:
    now = utc_now()
    record = UserRecord(
        id=new_id(),
        reference=new_reference(),
        identity_id=identity_id,
        aadhaar_mask=mask_aadhaar(data.aadhaar),
        pan_mask=mask_pan(data.pan),
        date_of_birth=data.date_of_birth,
        place_of_birth=data.place_of_birth,
        name_folded=fold(data.name)[:FOLDED_LENGTH],
        created_at=now,
        updated_at=now,
        created_by=actor.account_id,
        updated_by=actor.account_id,
        **{name: getattr(data, name) for name in CHANGEABLE},
    )
    db.session.add(record)
    quick_flush.flush(record)
    _index(record.id, set(), suffixes_of(record.name, record.email))
    outbox.publish("record.created", subject_id=record.id, version=record.version)
    return record


def _restorable(data: RecordInput, actor: Actor) -> UserRecord | None:
    """Find the one deleted record that is this very person's, for who may restore it."""
    holders = queries.find_by_identity(data.aadhaar, data.pan)
    if len(holders) != 1 or not actor.may("records:delete"):
        return None
    (holder,) = holders
    same = queries.holds_both(holder, data.aadhaar, data.pan) and holder.date_of_birth == data.date_of_birth
    return holder if same and holder.is_deleted else None


def _explain_restore_registered(_found: object, data: RecordInput, *, actor: Actor) -> Duplicate | None:
    return duplicate_of(_unique_values(data, of=("email", "primary_mobile")), actor)


@command(Action.RECORD_RESTORED, refuse=_explain_restore_registered)
def _restore_registered(record: UserRecord, data: RecordInput, *, actor: Actor) -> UserRecord:
    record.undelete()
    changed = _apply(record, data.submitted_changes(), actor)
    record.updated_at, record.updated_by = utc_now(), actor.account_id
    quick_flush.flush(record)
    outbox.publish("record.restored", subject_id=record.id, version=record.version, changed_fields=changed)
    return complete_record(record)


def _explain_update(record_id: UUID, changes: RecordChanges, *, actor: Actor, **_: object) -> Duplicate | None:
    values = {name: value for name, value in changes.changes().items() if name in UNIQUE}
    return duplicate_of(values, actor, except_for=record_id)


@command(Action.RECORD_UPDATED, refuse=_explain_update)
def update_record(
    record_id: UUID,
    changes: RecordChanges,
    *,
    expected_version: ExpectedVersion | None = None,
    reason: str | None = None,
    actor: Actor,
) -> UserRecord:
    """Change the fields that are named; a change that changes nothing leaves the version as it is.

    A `reason` goes on record with the change.

    Raises RecordNotFound, VersionConflict, ValidationFailed, Duplicate.
    """
    record = queries.get_for_change(record_id)
    record.expect_version(expected_version)
    seen_last = record.last_login_at
    changed = _apply(record, changes.changes(), actor)
    if changed:
        quick_flush.flush(record)
        outbox.publish("record.updated", subject_id=record.id, version=record.version, changed_fields=changed)
    if "email" in changed:
        return complete_record(record)
    set_committed_value(record, SEEN, seen_last)  # the flush forgets it, because another column might depend on it
    return record


def complete_record(record: UserRecord) -> UserRecord:
    """Read what a record shows beside its row while the transaction lasts: after the commit nothing may fail."""
    set_committed_value(record, SEEN, queries.seen_last_by(record.email))
    return record


def _apply(record: UserRecord, values: Mapping[str, Any], actor: Actor) -> list[str]:
    """Set what differs, and what follows from it; return the names of the fields that changed."""
    changed = [name for name, value in values.items() if getattr(record, name) != value]
    if not changed:
        return changed
    was = (record.name, record.email)
    for name in tuple(changed):
        setattr(record, name, values[name])
        if name in RENEWS:
            setattr(record, RENEWS[name], new_id())
        if name in CLEARS and getattr(record, CLEARS[name]):
            setattr(record, CLEARS[name], False)
            changed.append(CLEARS[name])
    if record.secondary_mobile == record.primary_mobile:
        raise ValidationFailed([FieldError("secondary_mobile", "SAME_AS_PRIMARY", SAME_AS_PRIMARY_WORDS)])
    record.updated_at, record.updated_by = utc_now(), actor.account_id
    if was != (record.name, record.email):
        record.name_folded = fold(record.name)[:FOLDED_LENGTH]
        _index(record.id, suffixes_of(*was), suffixes_of(record.name, record.email))
    return changed


@command(Action.RECORD_DELETED)
def delete_record(
    record_id: UUID, *, reason: str | None = None, expected_version: ExpectedVersion | None = None, actor: Actor
) -> UserRecord:
    """Delete a record so that it can be restored. Raises RecordNotFound, VersionConflict."""
    record = queries.get_for_change(record_id)
    record.expect_version(expected_version)
    now = utc_now()
    record.delete(at=now, by=actor.account_id, reason=reason)
    record.updated_at, record.updated_by = now, actor.account_id
    quick_flush.flush(record)
    outbox.publish("record.deleted", subject_id=record.id, version=record.version)
    return record


def _explain_restore(record_id: UUID, *, actor: Actor, **_: object) -> Duplicate | None:
    record = queries.get_for_restore(record_id)
    return duplicate_of({"email": record.email, "primary_mobile": record.primary_mobile}, actor, except_for=record_id)


@command(Action.RECORD_RESTORED, refuse=_explain_restore)
def restore_record(record_id: UUID, *, expected_version: ExpectedVersion | None = None, actor: Actor) -> UserRecord:
    """Bring a deleted record back, unless a live record now holds its e-mail or mobile.

    Raises RecordNotFound, NotDeleted, VersionConflict, Duplicate.
    """
    record = queries.get_for_restore(record_id, expected_version)
    seen_last = record.last_login_at
    record.undelete()
    record.updated_at, record.updated_by = utc_now(), actor.account_id
    quick_flush.flush(record)
    outbox.publish("record.restored", subject_id=record.id, version=record.version)
    set_committed_value(record, SEEN, seen_last)
    return record


def _index(record_id: UUID, before: set[bytes], after: set[bytes]) -> None:
    table = table_of(RecordSuffix)
    if gone := before - after:
        db.session.execute(delete(table).where(table.c.record_id == record_id, table.c.suffix.in_(sorted(gone))))
    send_rows(table, [{"suffix": suffix, "record_id": record_id} for suffix in sorted(after - before)])


def _unique_values(data: RecordInput, of: tuple[str, ...] = UNIQUE) -> dict[str, str]:
    return {name: getattr(data, name) for name in of}


def duplicate_of(values: Mapping[str, str], actor: Actor, except_for: UUID | None = None) -> Duplicate | None:
    """Name every taken field; a deleted holder is named only to who may restore it."""
    errors = []
    for taken in queries.find_taken(dict(values), except_for=except_for):
        code, message = TAKEN[taken.field]
        shown = {"deleted_record": str(taken.record_id)} if taken.is_deleted and actor.may("records:delete") else {}
        errors.append(FieldError(taken.field, code, message, shown))
    return Duplicate(errors=errors) if errors else None

"""Writing what no update changes: Aadhaar, PAN, date and place of birth, once two people agree that it was wrong."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import update

from app.core import audit, outbox
from app.core.actions import Action
from app.core.database import table_of, utc_now
from app.core.errors import FieldError, ValidationFailed
from app.core.identity import Actor
from app.core.transaction import command
from app.core.unit import Change
from app.core.vault import vault
from app.extensions import db
from app.records import queries
from app.records.errors import Duplicate
from app.records.identifiers import MASKS
from app.records.models import IdentityVault, UserRecord
from app.records.service import duplicate_of, identity_place

SAME_WORDS = "The record says this already"


@dataclass(frozen=True, slots=True)
class NewValue:
    """The canonical value that one field is to have; kept out of what is printed."""

    field: str
    value: str | date

    def __repr__(self) -> str:
        """Show which field it is for, and nothing of what stands in it."""
        return f"NewValue({self.field})"


def check_is_new(record: Any, wanted: NewValue) -> None:
    """Refuse a value that the record has already. Raises ValidationFailed."""
    if wanted.field in MASKS:
        holders = queries.find_taken({wanted.field: str(wanted.value)})
        is_same = any(holder.record_id == record.id for holder in holders)
    else:
        is_same = getattr(record, wanted.field) == wanted.value
    if is_same:
        raise ValidationFailed([FieldError("value", "INVALID", SAME_WORDS)])


def find_duplicate(wanted: NewValue, actor: Actor) -> Duplicate | None:
    """Find what to say when another record has the number, deleted ones included."""
    return duplicate_of({wanted.field: str(wanted.value)}, actor) if wanted.field in MASKS else None


def _explain(_record_id: UUID, wanted: NewValue, *, actor: Actor, **_: object) -> Duplicate | None:
    return find_duplicate(wanted, actor)


@command(Action.CORRECTION_APPROVED, refuse=_explain)
def correct_record(record_id: UUID, wanted: NewValue, *, reason: str, actor: Actor) -> UserRecord:
    """Give one field its right value; `reason` is why it was asked for, and `actor` who agreed.

    Raises RecordNotFound, ValidationFailed, Duplicate.
    """
    record = queries.get_for_change(record_id)
    check_is_new(record, wanted)
    looks_alike = _set(record, wanted)
    record.updated_at, record.updated_by = utc_now(), actor.account_id
    db.session.flush()
    if looks_alike is not None:
        audit.add_hidden_change(("record", record.id), looks_alike)
    outbox.publish("record.updated", subject_id=record.id, version=record.version, changed_fields=[wanted.field])
    return record


def _set(record: UserRecord, wanted: NewValue) -> Change | None:
    """Set the value; return the change where no column of the record shows it, because both numbers have one mask."""
    kind = wanted.field
    if kind not in MASKS:
        setattr(record, kind, wanted.value)
        return None
    number = str(wanted.value)
    _seal(record, kind, number)
    before, after = getattr(record, f"{kind}_mask"), MASKS[kind](number)
    setattr(record, f"{kind}_mask", after)
    return Change(kind, before, after) if before == after else None


def _seal(record: UserRecord, kind: str, number: str) -> None:
    """Put another number in the vault; the old one is gone, and the unique index decides who has the new one."""
    box, table, identity_id = vault(), table_of(IdentityVault), record.identity_id
    assert identity_id is not None, "a live record has an identity"  # noqa: S101 - narrows the type
    sealed = box.seal(number.encode(), identity_place(kind, identity_id))
    values = {f"{kind}_sealed": sealed, f"{kind}_index": box.blind_index(kind, number)}
    db.session.execute(update(table).where(table.c.id == identity_id).values(values))

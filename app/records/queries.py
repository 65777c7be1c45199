"""Reading records one by one; `queries_lists.py` has their lists. No other place selects them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, false, or_, select

from app.core import ready_sql
from app.core.database import new_id, table_of
from app.core.quick_reads import fetch_value
from app.core.statements import connection
from app.core.vault import vault
from app.core.versioning import ExpectedVersion
from app.extensions import db
from app.records.errors import NotDeleted, RecordNotFound
from app.records.models import IdentityVault, UserRecord
from app.records.queries_change import find_locked
from app.records.queries_rows import BY_ID, SEEN_LAST, RecordRow, Values, row_of

_table = table_of(UserRecord)
IS_DELETED = RecordRow._fields.index("is_deleted")


@dataclass(frozen=True, slots=True)
class Taken:
    """A value that belongs to another record already."""

    field: str
    record_id: UUID
    is_deleted: bool


def get_record(record_id: UUID, *, deleted: str = "exclude") -> RecordRow:
    """Return one record; `deleted` is exclude, include or only. Raises RecordNotFound."""
    return row_of(get_values(record_id, deleted=deleted))


def get_values(record_id: UUID, *, deleted: str = "exclude") -> Values:
    """Return what the document of one record holds, by the rules of `get_record`. Raises RecordNotFound."""
    document = fetch_value(BY_ID, {"record_id": record_id})
    values: Values | None = None if document is None else orjson.loads(document)
    if values is None or (deleted != "include" and bool(values[IS_DELETED]) != (deleted == "only")):
        raise RecordNotFound
    return values


def get_version(record_id: UUID) -> UUID:
    """Return the version of a live record. Raises RecordNotFound."""
    return _version(record_id, _table.c.is_deleted == false())


def get_any_version(record_id: UUID) -> UUID:
    """Return the version of a record, deleted or not. Raises RecordNotFound."""
    return _version(record_id)


def _version(record_id: UUID, *conditions: ColumnElement[bool]) -> UUID:
    version = db.session.execute(select(_table.c.version).where(_table.c.id == record_id, *conditions)).scalar()
    if version is None:
        raise RecordNotFound
    found: UUID = version
    return found


def get_for_change(record_id: UUID) -> UserRecord:
    """Return a live record to be changed; other writers of it wait. Raises RecordNotFound."""
    record = find_locked(record_id)
    if record is None or record.is_deleted:
        raise RecordNotFound
    return record


def get_for_restore(record_id: UUID, expected: ExpectedVersion | None = None) -> UserRecord:
    """Return a deleted record to be brought back. Raises RecordNotFound, VersionConflict, NotDeleted, in this order."""
    record = find_locked(record_id)
    if record is None:
        raise RecordNotFound
    record.expect_version(expected)
    if not record.is_deleted:
        raise NotDeleted
    return record


def get_identity(record_id: UUID) -> IdentityVault:
    """Return the sealed numbers of a live record. Raises RecordNotFound."""
    join = select(IdentityVault).join(UserRecord, UserRecord.identity_id == IdentityVault.id)
    found = db.session.scalars(join.where(UserRecord.id == record_id, UserRecord.is_deleted.is_(False))).first()
    if found is None:
        raise RecordNotFound
    return found


def seen_last_by(email: str) -> datetime | None:
    """Return when the account with this address signed in last."""
    seen: datetime | None = ready_sql.scalar(connection(), SEEN_LAST, {"email": email})
    return seen


def find_by_identity(aadhaar: str, pan: str) -> list[UserRecord]:
    """Find the records that hold an Aadhaar or a PAN, deleted ones included."""
    numbers = or_(
        IdentityVault.aadhaar_index == vault().blind_index("aadhaar", aadhaar),
        IdentityVault.pan_index == vault().blind_index("pan", pan),
    )
    rows = select(UserRecord).join(IdentityVault, UserRecord.identity_id == IdentityVault.id).where(numbers)
    return list(db.session.scalars(rows))


def find_taken(values: dict[str, str], *, except_for: UUID | None = None) -> list[Taken]:
    """Find who holds the given canonical values, in the order email, primary_mobile, aadhaar, pan."""
    taken = [*_taken_contacts(values, except_for), *_taken_numbers(values)]
    order = ["email", "primary_mobile", "aadhaar", "pan"]
    return sorted(taken, key=lambda one: order.index(one.field))


def _taken_contacts(values: dict[str, str], except_for: UUID | None) -> Iterable[Taken]:
    wanted = {name: values[name] for name in ("email", "primary_mobile") if name in values}
    if not wanted:
        return
    rows = select(_table.c.id, *(_table.c[name] for name in wanted)).where(
        _table.c.alive == 1,
        or_(*(_table.c[name] == value for name, value in wanted.items())),
        _table.c.id != (except_for or new_id()),
    )
    for row in db.session.execute(rows):
        yield from (Taken(name, row.id, False) for name, value in wanted.items() if getattr(row, name) == value)


def _taken_numbers(values: dict[str, str]) -> Iterable[Taken]:
    for kind in ("aadhaar", "pan"):
        if kind in values:
            index = table_of(IdentityVault).c[f"{kind}_index"] == vault().blind_index(kind, values[kind])
            rows = select(_table.c.id, _table.c.is_deleted).join(
                table_of(IdentityVault), table_of(IdentityVault).c.id == _table.c.identity_id
            )
            yield from (Taken(kind, row.id, row.is_deleted) for row in db.session.execute(rows.where(index)))


def holds_both(record: UserRecord, aadhaar: str, pan: str) -> bool:
    """Tell whether a record holds this Aadhaar and this PAN."""
    held = select(IdentityVault.id).where(
        IdentityVault.id == record.identity_id,
        IdentityVault.aadhaar_index == vault().blind_index("aadhaar", aadhaar),
        IdentityVault.pan_index == vault().blind_index("pan", pan),
    )
    return db.session.scalar(held) is not None

"""Reading records: the only place that selects them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, false, func, or_, select, union

from app.accounts.models import Account
from app.core.database import new_id, table_of
from app.core.paging import Page, PageRequest, walk
from app.core.vault import vault
from app.core.versioning import ExpectedVersion
from app.extensions import db
from app.records.errors import NotDeleted, RecordNotFound
from app.records.identifiers import ExactKinds
from app.records.models import IdentityVault, RecordSuffix, UserRecord
from app.records.suffixes import fold, is_exact, probe_of

RecordRow = Any
"""One record as Core hands it over: a row with the SHOWN columns by name, identifiers masked."""

_table = table_of(UserRecord)
SHOWN = (
    *("id", "reference", "version", "name", "email", "primary_mobile", "secondary_mobile", "aadhaar_mask", "pan_mask"),
    *("date_of_birth", "place_of_birth", "current_address", "permanent_address", "is_active", "email_verified"),
    *("mobile_verified", "created_at", "updated_at", "created_by", "updated_by", "is_deleted", "deleted_at"),
    *("deleted_by", "deletion_reason"),
)
SORTS: dict[str, ColumnElement[Any]] = {
    "created_at": _table.c.created_at,
    "updated_at": _table.c.updated_at,
    "name": _table.c.name_folded,
    "email": _table.c.email,
    "deleted_at": _table.c.deleted_at,
}
_seen_last = (
    select(Account.last_login_at)
    .where(Account.email == _table.c.email, Account.email_verified)
    .correlate(_table)
    .scalar_subquery()
    .label("last_login_at")
)
_shown = select(*(_table.c[name] for name in SHOWN), _seen_last)


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows a list; `deleted` is exclude, include or only."""

    is_active: bool | None = None
    email_verified: bool | None = None
    mobile_verified: bool | None = None
    deleted: str = "exclude"
    deleted_by: UUID | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A value that belongs to another record already."""

    field: str
    record_id: UUID
    is_deleted: bool


def get_record(record_id: UUID, *, deleted: str = "exclude") -> RecordRow:
    """Return one record; `deleted` is exclude, include or only. Raises RecordNotFound."""
    row: RecordRow = db.session.execute(_shown.where(_table.c.id == record_id)).first()
    if row is None or (deleted != "include" and row.is_deleted != (deleted == "only")):
        raise RecordNotFound
    return row


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
    record = db.session.get(UserRecord, record_id, with_for_update=True)
    if record is None or record.is_deleted:
        raise RecordNotFound
    return record


def get_for_restore(record_id: UUID, expected: ExpectedVersion | None = None) -> UserRecord:
    """Return a deleted record to be brought back. Raises RecordNotFound, VersionConflict, NotDeleted, in this order."""
    record = db.session.get(UserRecord, record_id, with_for_update=True)
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


def list_records(narrow: Filter, ask: PageRequest, *, sort: str = "created_at") -> Page[RecordRow]:
    """Page through the records."""
    return _walk(_conditions(narrow), ask, sort)


def search_records(
    query: str, exact: ExactKinds, narrow: Filter, ask: PageRequest, *, sort: str = "created_at"
) -> Page[RecordRow]:
    """Page through the records whose name or e-mail a text is part of, or that hold exactly one of the values."""
    return _walk(_conditions(narrow), ask, sort, found=_found(query, exact))


def _walk(
    conditions: Sequence[ColumnElement[bool]], ask: PageRequest, sort: str, found: FromClause | None = None
) -> Page[RecordRow]:
    rows: Select[Any] = _shown.where(*conditions)
    total = select(func.count()).select_from(_table).where(*conditions)
    if found is not None:
        rows = rows.join(found, found.c.id == _table.c.id)
        total = total.join(found, found.c.id == _table.c.id)
    return walk(rows, total, SORTS[sort], _table.c.id, ask)


def _conditions(narrow: Filter) -> list[ColumnElement[bool]]:
    conditions = [
        _table.c[name] == getattr(narrow, name)
        for name in ("is_active", "email_verified", "mobile_verified", "deleted_by")
        if getattr(narrow, name) is not None
    ]
    if narrow.deleted != "include":
        conditions.append(_table.c.is_deleted == (narrow.deleted == "only"))
    if narrow.created_from is not None:
        conditions.append(_table.c.created_at >= narrow.created_from)
    if narrow.created_before is not None:
        conditions.append(_table.c.created_at < narrow.created_before)
    return conditions


def _found(query: str, exact: ExactKinds) -> FromClause:
    """Return the ids a search finds, as a table to join: an IN over a union would be run for every row."""
    return union(_matches(query), *_holders(exact)).subquery("found")


def _matches(query: str) -> Select[tuple[UUID]]:
    """Match a substring: the range of the suffix index, and the whole text again where the index is too short."""
    folded = fold(query)
    whole = or_(func.instr(_table.c.name_folded, folded) > 0, func.instr(_table.c.email, folded) > 0)
    probe = probe_of(query)
    if probe is None:
        return select(_table.c.id).where(whole)
    suffixes = table_of(RecordSuffix)
    # One text may begin several endings of one name: of Banana, "an" begins two.
    in_range = (suffixes.c.suffix >= probe[0], suffixes.c.suffix < probe[1])
    ranged = select(suffixes.c.record_id.label("id")).where(*in_range).distinct()
    if is_exact(query):
        return ranged
    return ranged.join(_table, _table.c.id == suffixes.c.record_id).where(whole)


def _holders(exact: ExactKinds) -> Iterator[Select[tuple[UUID]]]:
    if exact.reference:
        yield select(_table.c.id).where(_table.c.reference == exact.reference)
    if exact.mobile:
        yield select(_table.c.id).where(_table.c.primary_mobile == exact.mobile)
        yield select(_table.c.id).where(_table.c.secondary_mobile == exact.mobile)
    for kind in ("aadhaar", "pan"):
        if number := getattr(exact, kind):
            yield _holder_of(kind, number)


def _holder_of(kind: str, number: str) -> Select[tuple[UUID]]:
    box = table_of(IdentityVault)
    held = select(_table.c.id).join(box, box.c.id == _table.c.identity_id)
    return held.where(box.c[f"{kind}_index"] == vault().blind_index(kind, number))


def holds_both(record: UserRecord, aadhaar: str, pan: str) -> bool:
    """Tell whether a record holds this Aadhaar and this PAN."""
    held = select(IdentityVault.id).where(
        IdentityVault.id == record.identity_id,
        IdentityVault.aadhaar_index == vault().blind_index("aadhaar", aadhaar),
        IdentityVault.pan_index == vault().blind_index("pan", pan),
    )
    return db.session.scalar(held) is not None

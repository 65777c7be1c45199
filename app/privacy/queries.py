"""Reading corrections: the only place that selects them. Those of a deleted record wait until it is restored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, false, func, select

from app.core.audit import AuditEntry
from app.core.database import table_of
from app.core.paging import Page, PageRequest, walk
from app.core.quick_reads import fetch, fetch_value
from app.core.trail import list_entries
from app.extensions import db
from app.privacy.errors import CorrectionNotFound
from app.privacy.models import PENDING, Correction
from app.records.models import UserRecord

_record = table_of(UserRecord)
_LIVE = _record.c.is_deleted == false()
_SHOWN = ("name", "reference", "aadhaar_mask", "pan_mask", "date_of_birth", "place_of_birth")


@dataclass(frozen=True, slots=True)
class Listed:
    """A correction beside what its record shows now."""

    correction: Correction
    record: Any


def get_correction(correction_id: UUID) -> Listed:
    """Return a correction of a live record. Raises CorrectionNotFound."""
    row = db.session.execute(_listed().where(Correction.id == correction_id)).first()
    if row is None:
        raise CorrectionNotFound
    return Listed(row.Correction, row)


def get_for_decision(correction_id: UUID) -> Correction:
    """Return a correction to be decided; whoever decides it too waits. Raises CorrectionNotFound."""
    get_correction(correction_id)
    found = db.session.get(Correction, correction_id, populate_existing=True, with_for_update=True)
    if found is None:
        raise CorrectionNotFound
    return found


def list_corrections(status: str | None, ask: PageRequest) -> Page[Listed]:
    """Page through the corrections of live records, newest first."""
    conditions = [] if status is None else [Correction.status == status]
    page = walk(_listed().where(*conditions), _count(*conditions), Correction.requested_at, Correction.id, ask)
    return page.of([Listed(row.Correction, row) for row in page.data])


def count_waiting() -> int:
    """Count the corrections that nobody has decided."""
    return int(fetch_value(WAITING, {}))


def list_waiting(record_id: UUID) -> frozenset[str]:
    """Name the fields of a record for which a correction waits."""
    return frozenset(field for (field,) in fetch(WAITING_OF, {"record_id": record_id}))


def find_befores(corrections: Sequence[Correction]) -> dict[UUID, Any]:
    """Find what records said before approved corrections of theirs; only the trail knows, by the version each gave."""
    made = {(one.record_id, one.record_version, one.field): one.id for one in corrections if one.record_version}
    if not made:
        return {}
    of_them = (
        AuditEntry.subject_id.in_({record_id for record_id, _, _ in made}),
        AuditEntry.subject_version.in_({version for _, version, _ in made}),
    )
    entries = list_entries(of_them, PageRequest(size=len(made))).data
    said = {(e.subject_id, e.subject_version, change.field): change.before for e in entries for change in e.changes}
    return {one_id: said.get(key) for key, one_id in made.items()}


def _listed() -> Select[Any]:
    columns = (_record.c[name] for name in _SHOWN)
    return select(Correction, *columns).join(_record, _record.c.id == Correction.record_id).where(_LIVE)


def _count(*conditions: ColumnElement[bool]) -> Select[Any]:
    joined = select(func.count()).select_from(Correction).join(_record, _record.c.id == Correction.record_id)
    return joined.where(_LIVE, *conditions)


_table = table_of(Correction)
WAITING = _count(_table.c.status == PENDING)
WAITING_OF = select(_table.c.field).where(_table.c.record_id == bindparam("record_id"), _table.c.status == PENDING)

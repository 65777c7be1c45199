"""Reading the audit trail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Integer, bindparam, func, select

from app.core.actions import Action
from app.core.audit import AuditDetail, AuditEntry, details_place
from app.core.database import table_of
from app.core.paging import Page, PageRequest, walk
from app.core.quick_reads import fetch, fetch_first
from app.core.unit import Change
from app.core.vault import vault
from app.extensions import db

VIEWS = (Action.RECORD_VIEWED,)
"""What the story of one record leaves out."""

_entries, _details = table_of(AuditEntry), table_of(AuditDetail)
_KEPT = (
    *("id", "occurred_at", "action", "outcome", "actor_id", "actor_type", "subject_type", "subject_id"),
    *("subject_version", "channel", "ip", "request_id"),
)
_selected = select(*(_entries.c[name] for name in _KEPT), _entries.c.fields, _details.c.sealed).outerjoin_from(
    _entries, _details, _details.c.entry_id == _entries.c.id
)
_newest = _selected.order_by(_entries.c.occurred_at.desc(), _entries.c.id.desc())
_of_subject = _entries.c.subject_id == bindparam("subject_id")
_told = tuple(_entries.c.action != str(action) for action in VIEWS)
NEWEST_TOLD = _newest.where(_of_subject, *_told).limit(bindparam("length", type_=Integer()))
LAST_CHANGE = _newest.where(_of_subject, _entries.c.subject_version.is_not(None)).limit(1)


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One fact as it is read: identifiers masked, values gone where they were destroyed."""

    id: UUID
    occurred_at: datetime
    action: str
    outcome: str
    actor_id: UUID | None
    actor_type: str
    actor_name: str | None
    subject_type: str
    subject_id: UUID | None
    subject_version: UUID | None
    channel: str
    ip: str | None
    request_id: str | None
    reason: str | None
    changes: tuple[Change, ...]
    previous_version: UUID | None = None


def list_history(subject_id: UUID, request: PageRequest) -> Page[TrailEntry]:
    """Page through the story of one subject, newest first; who only looked is not in it."""
    return list_entries([AuditEntry.subject_id == subject_id, *_told], request)


def list_newest(subject_id: UUID, length: int) -> list[TrailEntry]:
    """List the newest of the story of one subject, without counting it."""
    return [_read(row) for row in fetch(NEWEST_TOLD, {"subject_id": subject_id, "length": length})]


def list_entries(conditions: Sequence[ColumnElement[bool]], request: PageRequest) -> Page[TrailEntry]:
    """Page through the trail, newest first."""
    rows = _selected.where(*conditions)
    total = select(func.count()).select_from(AuditEntry).where(*conditions)
    page = walk(rows, total, AuditEntry.occurred_at, AuditEntry.id, request)
    return page.of(tuple(_read(row) for row in page.data))


def changed_fields_since(subject_id: UUID, version: UUID) -> list[str] | None:
    """Name the fields that differ between a version and now; None when it never was one of the subject's."""
    entries = _since(subject_id, version)
    if entries is None:
        return None
    unlike = {name for name, (before, after) in _net(entries).items() if before != after}
    return sorted(unlike | _hidden(entries))


def values_at(subject_id: UUID, version: UUID, now: dict[str, Any]) -> dict[str, Any] | None:
    """Return the fields as they were at a version, worked out backwards from `now`; None for a foreign version."""
    entries = _since(subject_id, version)
    if entries is None:
        return None
    return now | {name: before for name, (before, _after) in _net(entries).items() if name in now}


def find_last_change(subject_id: UUID) -> TrailEntry | None:
    """Find the newest entry of a subject that gave it a version."""
    row = fetch_first(LAST_CHANGE, {"subject_id": subject_id})
    return _read(row) if row else None


def _since(subject_id: UUID, version: UUID) -> list[TrailEntry] | None:
    rows = _selected.where(AuditEntry.subject_id == subject_id, AuditEntry.subject_version.is_not(None))
    entries = [_read(row) for row in db.session.execute(rows.order_by(AuditEntry.occurred_at, AuditEntry.id))]
    for place, entry in enumerate(entries):
        if entry.previous_version == version:
            return entries[place:]
        if entry.subject_version == version:
            return entries[place + 1 :]
    return None


def _hidden(entries: Iterable[TrailEntry]) -> set[str]:
    """Name the fields whose change cannot be seen: the mask before is the mask after."""
    changes = [change for entry in entries for change in entry.changes]
    return {change.field for change in changes if change.before is not None and change.before == change.after}


def _net(entries: Iterable[TrailEntry]) -> dict[str, tuple[Any, Any]]:
    """Fold changes in their order into the first value and the last of each field."""
    net: dict[str, tuple[Any, Any]] = {}
    for entry in entries:
        for change in entry.changes:
            first = net[change.field][0] if change.field in net else change.before
            net[change.field] = (first, change.after)
    return net


def _read(row: Any) -> TrailEntry:
    known = dict(zip(_KEPT, row, strict=False))
    if row.sealed is None:
        details: dict[str, Any] = {"actor_name": None, "reason": None}
        changes = tuple(Change(name, None, None) for name in row.fields.split(",") if name)
    else:
        details = orjson.loads(vault().open(row.sealed, details_place(row.id)))
        changes = tuple(Change(*change) for change in details["changes"])
    previous = details.get("previous_version")
    return TrailEntry(
        **known,
        actor_name=details["actor_name"],
        reason=details["reason"],
        changes=changes,
        previous_version=UUID(previous) if previous else None,
    )

"""Reading the audit trail by what somebody looks for."""

from sqlalchemy import ColumnElement

from app.activity.schemas import AuditQuery
from app.core.audit import AuditEntry
from app.core.paging import Page, PageRequest
from app.core.trail import TrailEntry, list_entries


def list_trail(asked: AuditQuery, ask: PageRequest) -> Page[TrailEntry]:
    """Page through the entries that match, newest first."""
    return list_entries(_conditions(asked), ask)


def _conditions(asked: AuditQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        getattr(AuditEntry, name) == getattr(asked, name)
        for name in ("action", "actor_id", "subject_id", "request_id", "outcome")
        if getattr(asked, name) is not None
    ]
    if asked.since is not None:
        conditions.append(AuditEntry.occurred_at >= asked.since)
    if asked.to is not None:
        conditions.append(AuditEntry.occurred_at < asked.to)
    return conditions

"""An entry of the trail as the API shows it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.core.page_output import PageOutput
from app.core.trail import TrailEntry


class ChangeOutput(BaseModel):
    """One field before and after; identifiers are masked."""

    field: str
    before: Any
    after: Any


class EntryOutput(BaseModel):
    """One fact of the audit trail."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    occurred_at: datetime
    action: str
    outcome: str
    actor_id: UUID | None
    actor_type: str
    actor_name: str | None
    subject_type: str
    subject_id: UUID | None
    channel: str
    ip: str | None
    request_id: str | None
    reason: str | None
    changes: list[ChangeOutput]


class EntryPageOutput(PageOutput):
    """A part of the trail."""

    data: list[EntryOutput]


def present_entry(entry: TrailEntry) -> dict[str, Any]:
    """Turn an entry into the JSON object of the API."""
    shown = {name: getattr(entry, name) for name in EntryOutput.model_fields if name != "changes"}
    changes = [{"field": change.field, "before": change.before, "after": change.after} for change in entry.changes]
    return {**shown, "changes": changes}

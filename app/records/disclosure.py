"""Who saw what: numbers revealed, searches by number, and views of a record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from app.core import audit, transaction
from app.core.actions import Action
from app.core.database import table_of, utc_now
from app.core.identity import Actor
from app.core.transaction import command
from app.core.unit import Change
from app.core.vault import vault
from app.extensions import db
from app.records import queries
from app.records.models import RecordView
from app.records.service import identity_place

VIEW_ONCE_IN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class View:
    """Somebody opened a record."""

    record_id: UUID
    actor: Actor
    at: datetime = field(default_factory=utc_now)


@command(Action.RECORD_REVEALED)
def reveal_numbers(record_id: UUID, fields: Sequence[str], *, reason: str, actor: Actor) -> dict[str, str]:
    """Return the full Aadhaar and PAN that were asked for, and put on record who saw them and why.

    Raises RecordNotFound. No entry, no number: both are of one transaction.
    """
    identity = queries.get_identity(record_id)
    numbers = {
        kind: vault().open(getattr(identity, f"{kind}_sealed"), identity_place(kind, identity.id)).decode()
        for kind in ("aadhaar", "pan")
        if kind in fields
    }
    shown = [Change(kind, None, None) for kind in numbers]
    audit.note(Action.RECORD_REVEALED, subject=("record", record_id), reason=reason, changes=shown)
    return numbers


@command(Action.RECORDS_SEARCHED)
def note_search(kinds: Sequence[str], found: Sequence[UUID], *, actor: Actor) -> None:
    """Put on record that somebody searched by a number; which number stays unsaid."""
    asked = [Change(kind, None, None) for kind in kinds]
    audit.note(Action.RECORDS_SEARCHED, subject=("record", found[0] if len(found) == 1 else None), changes=asked)


def note_views(views: Sequence[View]) -> None:
    """Put views on record, once for each account and record in ten minutes."""
    transaction.run(lambda: [_note_view(view, actor=view.actor) for view in views])


@command(Action.RECORD_VIEWED)
def _note_view(view: View, *, actor: Actor) -> None:
    table = table_of(RecordView)
    key = {"account_id": actor.account_id, "record_id": view.record_id}
    mine = (table.c.account_id == actor.account_id) & (table.c.record_id == view.record_id)
    stale = mine & (table.c.noted_at <= view.at - VIEW_ONCE_IN)
    renewed = db.session.execute(update(table).where(stale).values(noted_at=view.at))
    if not renewed.rowcount:  # type: ignore[attr-defined]  # an UPDATE's result is a CursorResult
        if db.session.execute(select(table.c.noted_at).where(mine)).first() is not None:
            return
        db.session.execute(insert(table).values(noted_at=view.at, **key))
    audit.note(Action.RECORD_VIEWED, subject=("record", view.record_id))

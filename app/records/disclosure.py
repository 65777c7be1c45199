"""Who saw what: numbers revealed, searches by number, and views of a record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, tuple_, update

from app.core import audit, transaction
from app.core.actions import Action
from app.core.database import table_of, utc_now
from app.core.identity import Actor
from app.core.statements import insert_rows, run
from app.core.transaction import command
from app.core.unit import Change
from app.core.vault import vault
from app.extensions import db
from app.records import queries
from app.records.models import RecordView
from app.records.service import identity_place

VIEW_ONCE_IN = timedelta(minutes=10)
AT_ONCE = 500

_views = table_of(RecordView)
_RENEW = (
    update(_views)
    .where(_views.c.account_id == bindparam("who"), _views.c.record_id == bindparam("what"))
    .where(_views.c.noted_at == bindparam("seen"))
    .values(noted_at=bindparam("at"))
)


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
    for start in range(0, len(views), AT_ONCE):
        transaction.run(partial(_note_some, views[start : start + AT_ONCE]))


def _note_some(views: Sequence[View]) -> None:
    """Note several views in a handful of statements; where another process was faster, all of it is run again."""
    newest: dict[tuple[UUID | None, UUID], View] = {}
    for view in views:
        newest.setdefault((view.actor.account_id, view.record_id), view)
    noted = _noted_at(list(newest))
    fresh = [_as_row(view) for key, view in newest.items() if key not in noted]
    stale = {key: view for key, view in newest.items() if key in noted and noted[key] <= view.at - VIEW_ONCE_IN}
    insert_rows(_views, fresh)
    renewed = {
        key for key, view in stale.items() if run(_RENEW, at=view.at, who=key[0], what=key[1], seen=noted[key]).rowcount
    }
    for key, view in newest.items():
        if key not in noted or key in renewed:
            audit.note_as(view.actor, Action.RECORD_VIEWED, subject=("record", view.record_id), at=view.at)


def _noted_at(keys: Sequence[tuple[UUID | None, UUID]]) -> dict[tuple[UUID | None, UUID], datetime]:
    asked = tuple_(_views.c.account_id, _views.c.record_id).in_(keys)
    return {(row.account_id, row.record_id): row.noted_at for row in db.session.execute(select(_views).where(asked))}


def _as_row(view: View) -> dict[str, Any]:
    return {"account_id": view.actor.account_id, "record_id": view.record_id, "noted_at": view.at}

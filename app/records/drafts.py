"""What a clerk has typed and not saved yet: sealed, for an hour, and for that clerk alone."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, insert, select

from app.core import purging, transaction
from app.core.database import new_id, table_of, utc_now
from app.core.vault import SealBroken, vault
from app.extensions import db
from app.records.models import RecordDraft

KEPT_FOR = timedelta(hours=1)


def keep_draft(typed: dict[str, Any], *, account_id: UUID) -> UUID:
    """Keep what was typed and return its id; drafts past their hour go at the same time."""
    draft_id, now, table = new_id(), utc_now(), table_of(RecordDraft)
    sealed = vault().seal(orjson.dumps(typed), _place(draft_id, account_id))
    row = {"id": draft_id, "account_id": account_id, "sealed": sealed, "expires_at": now + KEPT_FOR}

    def write() -> None:
        db.session.execute(delete(table).where(table.c.expires_at <= now))
        db.session.execute(insert(table).values(row))

    transaction.run(write)
    return draft_id


def find_draft(draft_id: UUID, *, account_id: UUID) -> dict[str, Any] | None:
    """Find what this account typed; None when it is saved, past its hour, or somebody else's."""
    table = table_of(RecordDraft)
    mine = select(table.c.sealed).where(
        table.c.id == draft_id, table.c.account_id == account_id, table.c.expires_at > utc_now()
    )
    sealed = db.session.execute(mine).scalar()
    if sealed is None:
        return None
    try:
        typed: dict[str, Any] = orjson.loads(vault().open(sealed, _place(draft_id, account_id)))
    except SealBroken:
        return None
    return typed


def drop_draft(draft_id: UUID, *, account_id: UUID) -> None:
    """Destroy a draft, once it is saved or given up."""
    table = table_of(RecordDraft)
    mine = delete(table).where(table.c.id == draft_id, table.c.account_id == account_id)
    transaction.run(lambda: db.session.execute(mine))


def purge(now: datetime) -> int:
    """Remove the drafts past their hour."""
    table = table_of(RecordDraft)
    return purging.remove(table, table.c.expires_at <= now)


def _place(draft_id: UUID, account_id: UUID) -> str:
    return f"record_drafts:sealed:{draft_id}:{account_id}"

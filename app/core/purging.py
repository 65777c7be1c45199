"""Removing rows whose time is over, a few at a time, so that nobody waits behind a long transaction."""

from sqlalchemy import ColumnElement, Table, delete, select, tuple_

from app.core import transaction
from app.core.database import write_rows
from app.extensions import db

AT_ONCE = 500


def remove(table: Table, is_over: ColumnElement[bool]) -> int:
    """Remove the rows for which the condition holds; return how many there were. No audited table comes here."""
    removed = 0
    while batch := transaction.run(lambda: _remove_some(table, is_over)):
        removed += batch
        if batch < AT_ONCE:
            break
    return removed


def _remove_some(table: Table, is_over: ColumnElement[bool]) -> int:
    key = list(table.primary_key.columns)
    rows = db.session.execute(select(*key).where(is_over).limit(AT_ONCE)).all()
    if not rows:
        return 0
    named = key[0].in_([row[0] for row in rows]) if len(key) == 1 else tuple_(*key).in_([tuple(row) for row in rows])
    return write_rows(delete(table).where(named, is_over))

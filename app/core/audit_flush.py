"""The listener that puts every change of an audited row on record, and refuses one that no command makes."""

from typing import Any

from flask import Flask
from sqlalchemy import Column, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session

from app.core.audit import Audited
from app.core.unit import Change, Entry, OutsideCommand, Subject, command_of, require_work, work_of


def init_app(_app: Flask) -> None:
    """Watch every flush, and every statement that would pass one by."""
    for name, listener in (("before_flush", _guard), ("after_flush", _collect), ("do_orm_execute", _no_bulk)):
        if not event.contains(Session, name, listener):
            event.listen(Session, name, listener)


def _audited(objects: Any) -> list[Any]:
    return [row for row in objects if isinstance(row, Audited)]


def _changes(row: Any, *, is_new: bool) -> list[Change]:
    state = inspect(row)
    changes = []
    for attribute in state.mapper.column_attrs:
        column = attribute.columns[0]
        shown = column.info.get("audit", attribute.key) if isinstance(column, Column) else None
        if not shown:
            continue
        history = state.attrs[attribute.key].history
        if not history.has_changes():
            continue
        before = history.deleted[0] if history.deleted and not is_new else None
        after = history.added[0] if history.added else None
        if before != after:
            changes.append(Change(shown, before, after))
    return changes


def _guard(session: Session, _context: object, _instances: object) -> None:
    if _audited(session.deleted):
        raise OutsideCommand("audited rows are never deleted from the database")
    if _audited(session.new) or _audited(session.dirty):
        command_of(session)
    if (work := work_of(session)) is not None:
        work.versions.update({row.id: row.version for row in _audited(session.dirty) if hasattr(row, "version")})


def _collect(session: Session, _context: object) -> None:
    work = work_of(session)
    if work is None:
        return
    for row in _audited(session.new):
        _gather(session, row, _changes(row, is_new=True))
    for row in _audited(session.dirty):
        changes = _changes(row, is_new=False)
        # A change of hidden columns alone (an inactive record is deleted) moves the version, and is a fact too.
        if changes or work.versions.get(row.id) != getattr(row, "version", None):
            _gather(session, row, changes)


def _gather(session: Session, row: Any, changes: list[Change]) -> None:
    """Add the changes to the entry this command already has for the row, or to a new one."""
    command, entries = command_of(session), require_work(session).entries
    subject: Subject = (row.audit_subject, row.id)
    version = getattr(row, "version", None)
    for entry in entries:
        if entry.action == command.action and entry.subject == subject:
            entry.changes.extend(changes)
            entry.version = version
            return
    entry = Entry(command.action, command.actor, subject, reason=command.reason, version=version, changes=changes)
    entry.previous_version = require_work(session).versions.get(row.id)
    entries.append(entry)


def _no_bulk(state: ORMExecuteState) -> None:
    mapper = state.bind_mapper
    if not state.is_select and mapper is not None and issubclass(mapper.class_, Audited):
        raise OutsideCommand("audited rows are written one by one, so that each change is on record")

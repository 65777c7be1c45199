"""The listener that puts every change of an audited row on record, and refuses one that no command makes."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Flask
from sqlalchemy import Column, event
from sqlalchemy.orm import Mapper, ORMExecuteState, Session
from sqlalchemy.orm.attributes import instance_dict, instance_state
from sqlalchemy.orm.base import NO_VALUE

from app.core.audit import Audited
from app.core.unit import Change, Entry, OutsideCommand, Subject, command_of, require_work, work_of


def init_app(_app: Flask) -> None:
    """Watch every flush, and every statement that would pass one by."""
    for name, listener in (("before_flush", _guard), ("after_flush", _collect), ("do_orm_execute", _no_bulk)):
        if not event.contains(Session, name, listener):
            event.listen(Session, name, listener)


def held_before(row: Any) -> Mapping[str, Any]:
    """Return what the attributes that were set since the last flush held before; None where it was never loaded."""
    before = instance_state(row).committed_state
    return {name: None if value is NO_VALUE else value for name, value in before.items()}


def _audited(objects: Any) -> list[Any]:
    return [row for row in objects if isinstance(row, Audited)]


@cache
def _shown(mapper: Mapper[Any]) -> tuple[tuple[str, str], ...]:
    """Return the attributes of a model that are put on record, each with the name that it has there."""
    columns = [(attribute.key, attribute.columns[0]) for attribute in mapper.column_attrs]
    names = [(key, column.info.get("audit", key)) for key, column in columns if isinstance(column, Column)]
    return tuple((key, shown) for key, shown in names if shown)


def _changes(row: Any, *, is_new: bool) -> list[Change]:
    before, after = held_before(row), instance_dict(row)
    changes = []
    for key, shown in _shown(instance_state(row).mapper):
        if key in before:
            old, new = None if is_new else before[key], after.get(key)
            if old != new:
                changes.append(Change(shown, old, new))
    return changes


def _guard(session: Session, _context: object, _instances: object) -> None:
    if _audited(session.deleted):
        raise OutsideCommand("audited rows are never deleted from the database")
    dirty = _audited(session.dirty)
    if dirty or _audited(session.new):
        command_of(session)
    if (work := work_of(session)) is not None:
        work.versions.update({row.id: row.version for row in dirty if hasattr(row, "version")})


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

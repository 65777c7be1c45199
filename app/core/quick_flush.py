"""One audited row, written by a statement that is ready.

The ORM's flush sorts rows of many tables by what they depend on, which for one row is more work than writing it.
Whoever listens to a flush is called before and after it as ever, with the session as it is then: so nothing is written
outside a command, and all is put on record and counted. Anything but one plain row is flushed by the ORM itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, cast

from sqlalchemy import Column, Insert, Update, bindparam, insert, update
from sqlalchemy.orm import Mapper, Session, make_transient, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, instance_state

from app.core import ready_sql
from app.core.audit import Audited
from app.core.database import table_of
from app.core.statements import connection
from app.extensions import db

STATEMENTS_REMEMBERED = 128
_HELD = "held_"


@dataclass(frozen=True, eq=False, slots=True)
class _Plan:
    """What there is to know of a model: the columns that are written, by attribute, and what is worked out of them."""

    columns: Mapping[str, Column[Any]]
    worked_out: frozenset[str]
    id: str
    version: str
    next_version: Callable[[Any], Any]
    insertion: Insert


def flush(row: Audited) -> None:
    """Write a row that is new or was changed. Raises StaleDataError when another writer changed it meanwhile."""
    session = db.session()
    plan = _plan(instance_state(row).mapper)
    if plan is None or not _is_alone(session, row, plan):
        session.flush()
        return
    with session.no_autoflush:
        session.dispatch.before_flush(session, None, None)
        (_insert if instance_state(row).pending else _update)(row, plan)
        session.dispatch.after_flush(session, None)
    _settle(session, row, plan)


def _is_alone(session: Session, row: Any, plan: _Plan) -> bool:
    others = [one for one in (*session.new, *session.dirty, *session.deleted) if one is not row]
    if others or session.in_nested_transaction():
        return False  # a savepoint has to know what is to be taken back
    state, held = instance_state(row), instance_dict(row)
    if state.pending:
        return True
    before = state.committed_state
    is_known = all(name in held and name not in before for name in (plan.id, plan.version))
    return state.persistent and is_known and any(held.get(name) != old for name, old in before.items())


def _insert(row: Any, plan: _Plan) -> None:
    held = instance_dict(row)
    for name, column in plan.columns.items():
        if held.get(name) is None:
            default: Any = column.default
            held[name] = default and (default.arg(None) if default.is_callable else default.arg)
    held[plan.version] = plan.next_version(None)
    ready_sql.send(connection(), plan.insertion, [held])


def _update(row: Any, plan: _Plan) -> None:
    held, before = instance_dict(row), instance_state(row).committed_state
    changed = tuple(name for name in plan.columns if name in before)
    version = plan.next_version(held[plan.version])
    old = {_HELD + name: held[name] for name in (plan.id, plan.version)}
    values = {**old, **{name: held[name] for name in changed}, plan.version: version}
    ready_sql.send(connection(), _change(plan, (*changed, plan.version)), [values], found=1)
    held[plan.version] = version


def _settle(session: Session, row: Any, plan: _Plan) -> None:
    """Make the row count as loaded; what the database works out is read when somebody asks."""
    for name in plan.worked_out:
        instance_dict(row).pop(name, None)
    make_transient(row)
    make_transient_to_detached(row)
    session.add(row)


@cache
def _plan(mapper: Mapper[Any]) -> _Plan | None:
    """Return the plan of a model; None where it has anything that only the ORM knows how to write."""
    every: dict[str, Any] = {attribute.key: attribute.columns[0] for attribute in mapper.column_attrs}
    columns = {name: it for name, it in every.items() if isinstance(it, Column) and it.computed is None}
    is_plain = len(mapper.tables) == len(mapper.primary_key) == 1 and not mapper.relationships
    if mapper.version_id_col is None or not is_plain or not all(map(_is_plain, columns.values())):
        return None
    names: dict[Any, str] = {column: name for name, column in columns.items()}
    insertion = insert(table_of(mapper.class_)).values({column: bindparam(name) for column, name in names.items()})
    worked_out, next_version = frozenset(every.keys() - columns.keys()), cast(Any, mapper.version_id_generator)
    fixed = names[mapper.primary_key[0]], names[mapper.version_id_col]
    return _Plan(columns, worked_out, *fixed, next_version, insertion)


def _is_plain(column: Column[Any]) -> bool:
    default: Any = column.default
    is_made_here = default is None or default.is_scalar or default.is_callable
    return is_made_here and not (column.onupdate or column.server_default or column.server_onupdate)


@lru_cache(maxsize=STATEMENTS_REMEMBERED)
def _change(plan: _Plan, changed: tuple[str, ...]) -> Update:
    this = [plan.columns[name] == bindparam(_HELD + name) for name in (plan.id, plan.version)]
    return update(plan.insertion.table).where(*this).values({plan.columns[name]: bindparam(name) for name in changed})

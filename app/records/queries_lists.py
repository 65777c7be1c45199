"""Lists of records and searches among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, false, func, select

from app.core.database import table_of
from app.core.paging import Keys, Page, PageRequest, walk_keys
from app.extensions import db
from app.records import counting
from app.records.counting import FLAGS
from app.records.identifiers import ExactKinds
from app.records.models import UserRecord
from app.records.queries_rows import RecordRow, document, read_rows
from app.records.queries_search import search_plan

_table = table_of(UserRecord)
_shown = select(document)
SORTS: dict[str, ColumnElement[Any]] = {
    "created_at": _table.c.created_at,
    "updated_at": _table.c.updated_at,
    "name": _table.c.name_folded,
    "email": _table.c.email,
    "deleted_at": _table.c.deleted_at,
}


TESTS: dict[str, ColumnElement[bool]] = {
    **{name: _table.c[name] == bindparam(name) for name in (*FLAGS, "deleted_by")},
    "created_from": _table.c.created_at >= bindparam("created_from"),
    "created_before": _table.c.created_at < bindparam("created_before"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows a list; `deleted` is exclude, include or only."""

    is_active: bool | None = None
    email_verified: bool | None = None
    mobile_verified: bool | None = None
    deleted: str = "exclude"
    deleted_by: UUID | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


def list_records(narrow: Filter, ask: PageRequest, *, sort: str = "created_at") -> Page[RecordRow]:
    """Page through the records."""
    kept = _conditions(narrow)
    total = _known_total(narrow)
    if total is None:
        total = _counted(list(kept), _values(narrow))
    keys = Keys(select().where(*kept), total, SORTS[sort], _table.c.id, _values(narrow), tuple(_values(narrow)))
    return _walk(keys, ask)


def search_records(
    query: str, exact: ExactKinds, narrow: Filter, ask: PageRequest, *, sort: str = "created_at"
) -> Page[RecordRow]:
    """Page through the records whose name or e-mail a text is part of, or that hold exactly one of the values."""
    conditions, values, found = _conditions(narrow), _values(narrow), search_plan(query, exact)
    if found.everywhere is not None:
        conditions.append(found.everywhere)
        total = found.count_live() if narrow == Filter() and found.count_live else _counted(conditions, values)
        return _walk(Keys(select().where(*conditions), total, SORTS[sort], _table.c.id, values), ask)
    if found.ids is None:
        return _walk(Keys(select().where(false()), 0, SORTS[sort], _table.c.id, shape="nothing"), ask)
    keys = select().select_from(_table).join(found.ids, found.ids.c.id == _table.c.id).where(*conditions)
    total = int(db.session.execute(keys.add_columns(func.count()), values).scalar_one())
    return _walk(Keys(keys, total, SORTS[sort], _table.c.id, values), ask)


def _walk(keys: Keys, ask: PageRequest) -> Page[RecordRow]:
    page = walk_keys(_shown, keys, ask)
    return page.of(read_rows(row.document for row in page.data))


def _known_total(narrow: Filter) -> int | None:
    """Return how many records a filter leaves, where the numbers that are kept tell."""
    if narrow.deleted_by or narrow.created_from or narrow.created_before:
        return None
    is_deleted = None if narrow.deleted == "include" else narrow.deleted == "only"
    return counting.total(
        is_deleted=is_deleted,
        is_active=narrow.is_active,
        email_verified=narrow.email_verified,
        mobile_verified=narrow.mobile_verified,
    )


def _counted(conditions: Sequence[ColumnElement[bool]], values: Mapping[str, Any]) -> int:
    counted = select(func.count()).select_from(_table).where(*conditions)
    return int(db.session.execute(counted, values).scalar_one())


def _values(narrow: Filter) -> dict[str, Any]:
    """Return what a filter asks for, by name; the names alone are its shape."""
    given = {name: getattr(narrow, name) for name in TESTS if name != "is_deleted"}
    if narrow.deleted != "include":
        given["is_deleted"] = narrow.deleted == "only"
    return {name: value for name, value in given.items() if value is not None}


def _conditions(narrow: Filter) -> list[ColumnElement[bool]]:
    return [TESTS[name] for name in _values(narrow)]

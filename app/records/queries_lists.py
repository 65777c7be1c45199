"""Lists of records and searches among them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select

from app.core.database import table_of
from app.core.paging import Keys, Page, PageRequest, walk_keys, walk_nothing
from app.core.quick_reads import fetch_value
from app.core.statements import run
from app.records import counting, queries_search
from app.records.counting import FLAGS
from app.records.identifiers import ExactKinds
from app.records.keeping import keep
from app.records.kept_searches import amounts
from app.records.models import UserRecord
from app.records.queries_rows import RecordRow, document, read_rows
from app.records.queries_search import by_index, count_found, search_plan
from app.records.suffixes import fold

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
STATES = (False, True)
OTHER_FLAGS = frozenset(FLAGS) - {"is_deleted"}


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
    values = _values(narrow)
    asked = tuple(values)
    total = _known_total(narrow)
    if total is None:
        total = int(run(_counting(asked), **values).scalar_one())
    rows = select().where(*_conditions(asked))
    return _walk(Keys(rows, total, SORTS[sort], _table.c.id, values, asked, _stretches(asked)), ask)


def search_records(
    query: str, exact: ExactKinds, narrow: Filter, ask: PageRequest, *, sort: str = "created_at"
) -> Page[RecordRow]:
    """Page through the records whose name or e-mail a text is part of, or that hold exactly one of the values."""
    values = _values(narrow)
    asked, numbers = tuple(values), None if exact != ExactKinds() else amounts(fold(query))
    found = search_plan(query, exact, is_common=sum((numbers or {}).values()) > queries_search.COMMON)
    if found is None:
        return walk_nothing(ask)
    total = _kept_total(numbers, narrow)
    if total is None:
        total = int(fetch_value(_narrowed(count_found(found), asked), {**values, **found.values}))
        if found.is_common and OTHER_FLAGS.isdisjoint(asked) and total <= queries_search.COMMON:
            found = by_index(found)
        elif found.is_common and total > queries_search.COMMON:
            keep(fold(query))
    rows, shape = _narrowed(found.rows, asked), (found.shape, asked)
    stretches = _stretches(asked) if found.is_common else ()
    return _walk(Keys(rows, total, SORTS[sort], _table.c.id, {**values, **found.values}, shape, stretches), ask)


def _walk(keys: Keys, ask: PageRequest) -> Page[RecordRow]:
    page = walk_keys(_shown, keys, ask)
    return page.of(read_rows(row.document for row in page.data))


def _known_total(narrow: Filter) -> int | None:
    """Return how many records a filter leaves, where the numbers that are kept tell."""
    flags = _flags(narrow)
    return None if flags is None else counting.total(**flags)


def _kept_total(numbers: Mapping[int, int] | None, narrow: Filter) -> int | None:
    """Return how many of a kept search's records a filter leaves, where its numbers tell."""
    flags = _flags(narrow)
    if numbers is None or flags is None:
        return None
    return sum(numbers.get(kind, 0) for kind in counting.kinds(**flags))


def _flags(narrow: Filter) -> dict[str, bool | None] | None:
    """Return the flags that a filter asks for; None where it asks for anything else."""
    if narrow.deleted_by or narrow.created_from or narrow.created_before:
        return None
    is_deleted = None if narrow.deleted == "include" else narrow.deleted == "only"
    return {"is_deleted": is_deleted, **{name: getattr(narrow, name) for name in sorted(OTHER_FLAGS)}}


@cache
def _counting(asked: tuple[str, ...]) -> Select[Any]:
    """Write the statement that counts by the index of the flags, each of which has to be named for it."""
    either = [_table.c[name].in_(STATES) for name in _free(asked)]
    return select(func.count()).select_from(_table).where(*_conditions(asked), *either)


@cache
def _narrowed(found: Select[Any], asked: tuple[str, ...]) -> Select[Any]:
    """Narrow a statement of a search; there are few of them, and each is written once."""
    return found.where(*_conditions(asked))


def _values(narrow: Filter) -> dict[str, Any]:
    """Return what a filter asks for, by name; the names alone are its shape."""
    given = {name: getattr(narrow, name) for name in TESTS if name != "is_deleted"}
    if narrow.deleted != "include":
        given["is_deleted"] = narrow.deleted == "only"
    return {name: value for name, value in given.items() if value is not None}


def _conditions(asked: Iterable[str]) -> list[ColumnElement[bool]]:
    return [TESTS[name] for name in asked]


def _stretches(asked: tuple[str, ...]) -> list[ColumnElement[bool]]:
    """Tell the stretches of an index apart in which the records of a filter lie, in any order a list may have."""
    free = _free(asked)
    states = product(*(STATES for _ in free))
    return [and_(*(_table.c[name] == state for name, state in zip(free, each, strict=True))) for each in states if each]


def _free(asked: tuple[str, ...]) -> list[str]:
    """Return the flags that may be either: only whether it is deleted, where no other flag is asked for."""
    flags = ("is_deleted",) if OTHER_FLAGS.isdisjoint(asked) else FLAGS
    return [name for name in flags if name not in asked]

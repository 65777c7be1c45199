"""Pages by number and by cursor."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.exc import BadData
from sqlalchemy import ColumnElement, FromClause, Integer, Select, and_, bindparam, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from app.core.errors import FieldError, ValidationFailed
from app.core.quick_reads import fetch
from app.core.signing import is_plain
from app.core.vault import SealBroken, vault
from app.extensions import db

CURSOR_PLACE = "cursor"
T = TypeVar("T")
S = TypeVar("S")
Ordering = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What part of a list is asked for: a page by number, or what comes after a cursor.

    `listing` names the list with its filters and order; a cursor of another
    list is refused.
    """

    size: int
    page: int = 1
    cursor: str | None = None
    descending: bool = True
    listing: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list; `page` is None on a walk by cursor."""

    data: Sequence[T]
    total: int
    page: int | None
    page_size: int
    next_cursor: str | None

    @property
    def total_pages(self) -> int:
        """How many pages of this size the whole list has."""
        return ceil(self.total / self.page_size)

    def of(self, data: Sequence[S]) -> "Page[S]":
        """Return the same page with other clothes on its rows."""
        return Page(data, self.total, self.page, self.page_size, self.next_cursor)

    def as_dict(self) -> dict[str, Any]:
        """Return the page as the API answers it."""
        return {
            "total": self.total,
            "page": self.page,
            "page_size": self.page_size,
            "total_pages": self.total_pages,
            "data": self.data,
            "next_cursor": self.next_cursor,
        }


@dataclass(frozen=True, slots=True)
class Keys:
    """The rows of a list by their keys alone: how many there are, and the column that orders them.

    `stretches` are conditions of which each row fulfils one, and each of which
    is one stretch of an index in the order asked for: the page is put together
    from their beginnings, however few of the rows between them are wanted.
    `parameters` are those of `rows`. Lists of one `shape` differ in nothing but
    their parameters, so their statement is written once.
    """

    rows: Select[Any]
    total: int
    order: Ordering
    tie: Ordering
    parameters: Mapping[str, Any] = field(default_factory=dict)
    shape: Hashable = None
    stretches: Sequence[ColumnElement[bool]] = ()


def walk(rows: Select[Any], total: Select[Any], order: Ordering, tie: Ordering, ask: PageRequest) -> Page[Any]:
    """Fetch one page of the rows in the order of a column, ties broken by another.

    Raises ValidationFailed for a cursor that is broken or of another list.
    """
    ordered = rows.add_columns(order.label("cursor_order"), tie.label("cursor_tie"))
    ordered = ordered.order_by(*_direction(order, tie, descending=ask.descending))
    if ask.cursor is None:
        ordered = ordered.offset((ask.page - 1) * ask.size)
    else:
        ordered = ordered.where(_after(order, tie, ask))
    found = db.session.execute(ordered.limit(ask.size + 1)).all()
    return _page(found, int(db.session.execute(total).scalar_one()), ask)


def walk_keys(shown: Select[Any], keys: Keys, ask: PageRequest) -> Page[Any]:
    """Fetch one page as `walk` does, of a list that may be long.

    The place is found in an index of keys alone, from whichever end is nearer,
    and only the rows of the page are read. `shown` selects them by `keys.tie`.
    Raises ValidationFailed.
    """
    offset, limit, descending = (ask.page - 1) * ask.size, ask.size + 1, ask.descending
    given = {**keys.parameters, "limit": limit, "offset": offset}
    if ask.cursor is not None:
        given["after"], given["after_tie"] = _read_cursor(ask.cursor, ask.listing)
    elif 0 < keys.total <= offset:
        return _page([], keys.total, ask)
    elif offset > keys.total // 2 > 0:
        given["limit"], descending = min(limit, keys.total - offset), not descending
        given["offset"] = keys.total - offset - given["limit"]
    given["reach"] = given["offset"] + given["limit"]
    statement = _statement(shown, keys, ask, descending)
    if keys.shape is None:
        return _page(db.session.connection().execute(statement, given).all(), keys.total, ask)
    return _page(fetch(statement, given), keys.total, ask)


def walk_nothing(ask: PageRequest) -> Page[Any]:
    """Return a page of a list that is known to be empty, without asking for it. Raises ValidationFailed."""
    if ask.cursor is not None:
        _read_cursor(ask.cursor, ask.listing)
    return _page([], 0, ask)


_statements: dict[Hashable, Select[Any]] = {}


def _statement(shown: Select[Any], keys: Keys, ask: PageRequest, descending: bool) -> Select[Any]:
    name = (keys.shape, str(keys.order), ask.descending, descending, ask.cursor is not None)
    if keys.shape is not None and name in _statements:
        return _statements[name]
    place = _place(keys, ask, descending)
    rows = shown.join(place, place.c.cursor_tie == keys.tie).add_columns(place.c.cursor_order, place.c.cursor_tie)
    statement = rows.order_by(*_direction(place.c.cursor_order, place.c.cursor_tie, descending=ask.descending))
    if keys.shape is not None:
        _statements[name] = statement
    return statement


def _place(keys: Keys, ask: PageRequest, descending: bool) -> FromClause:
    """Find the keys of a page; of several stretches each gives as many as the page could take from it."""
    found = keys.rows.add_columns(keys.order.label("cursor_order"), keys.tie.label("cursor_tie"))
    if ask.cursor is not None:
        after = bindparam("after", type_=keys.order.type), bindparam("after_tie", type_=keys.tie.type)
        found = found.where(_beyond(keys.order, keys.tie, after, descending=ask.descending))
    found = found.order_by(*_direction(keys.order, keys.tie, descending=descending))
    if keys.stretches:
        reach = bindparam("reach", type_=Integer())
        pieces = (select(found.where(stretch).limit(reach).subquery()) for stretch in keys.stretches)
        together = union_all(*pieces).subquery()
        order = _direction(together.c.cursor_order, together.c.cursor_tie, descending=descending)
        found = select(together).order_by(*order)
    found = found.limit(bindparam("limit", type_=Integer()))
    return (found if ask.cursor is not None else found.offset(bindparam("offset", type_=Integer()))).subquery()


def _page(found: Sequence[Any], total: int, ask: PageRequest) -> Page[Any]:
    """Make the page of the rows that were found: one more than fits, where there is more."""
    data, more = found[: ask.size], len(found) > ask.size
    last = data[-1] if more else None
    cursor = None if last is None else _write_cursor(last.cursor_order, last.cursor_tie, ask.listing)
    return Page(data, total, ask.page if ask.cursor is None else None, ask.size, cursor)


def _direction(order: Ordering, tie: Ordering, *, descending: bool) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return (order.desc(), tie.desc()) if descending else (order.asc(), tie.asc())


def _after(order: Ordering, tie: Ordering, ask: PageRequest) -> ColumnElement[bool]:
    return _beyond(order, tie, _read_cursor(ask.cursor or "", ask.listing), descending=ask.descending)


def _beyond(order: Ordering, tie: Ordering, after: tuple[Any, Any], *, descending: bool) -> ColumnElement[bool]:
    value, last = after
    if descending:
        return and_(order <= value, or_(order < value, tie < last))
    return and_(order >= value, or_(order > value, tie > last))


def _write_cursor(value: Any, tie: UUID, listing: str) -> str:
    kind = "t" if isinstance(value, datetime) else "s"
    body = orjson.dumps([listing, kind, value, tie])
    return base64_encode(vault().seal(body, CURSOR_PLACE)).decode()


def _read_cursor(text: str, listing: str) -> tuple[Any, UUID]:
    """Open a cursor; it is sealed, because what it holds may be a name or an address."""
    if not is_plain(text):
        raise _foreign_cursor()
    try:
        of_list, kind, value, tie = orjson.loads(vault().open(base64_decode(text), CURSOR_PLACE))
    except (BadData, SealBroken, ValueError) as error:
        raise _foreign_cursor() from error
    if of_list != listing:
        raise _foreign_cursor()
    return (datetime.fromisoformat(value) if kind == "t" else value), UUID(tie)


def _foreign_cursor() -> ValidationFailed:
    message = "This cursor does not belong to this list. Start again without a cursor"
    return ValidationFailed([FieldError("cursor", "INVALID", message)])

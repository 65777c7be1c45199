"""Pages by number and by cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.exc import BadData
from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from app.core.errors import FieldError, ValidationFailed
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


def walk(rows: Select[Any], total: Select[Any], order: Ordering, tie: Ordering, ask: PageRequest) -> Page[Any]:
    """Fetch one page of the rows in the order of a column, ties broken by another.

    Raises ValidationFailed for a cursor that is broken or of another list.
    """
    direction = (order.desc(), tie.desc()) if ask.descending else (order.asc(), tie.asc())
    ordered = rows.add_columns(order.label("cursor_order"), tie.label("cursor_tie")).order_by(*direction)
    if ask.cursor is None:
        ordered = ordered.offset((ask.page - 1) * ask.size)
    else:
        ordered = ordered.where(_after(order, tie, ask))
    found = db.session.execute(ordered.limit(ask.size + 1)).all()
    data, more = found[: ask.size], len(found) > ask.size
    return Page(
        data,
        int(db.session.execute(total).scalar_one()),
        ask.page if ask.cursor is None else None,
        ask.size,
        _write_cursor(data[-1].cursor_order, data[-1].cursor_tie, ask.listing) if more else None,
    )


def _after(order: Ordering, tie: Ordering, ask: PageRequest) -> ColumnElement[bool]:
    value, last = _read_cursor(ask.cursor or "", ask.listing)
    if ask.descending:
        return and_(order <= value, or_(order < value, tie < last))
    return and_(order >= value, or_(order > value, tie > last))


def _write_cursor(value: Any, tie: UUID, listing: str) -> str:
    kind = "t" if isinstance(value, datetime) else "s"
    body = orjson.dumps([listing, kind, value, tie])
    return base64_encode(vault().seal(body, CURSOR_PLACE)).decode()


def _read_cursor(text: str, listing: str) -> tuple[Any, UUID]:
    """Open a cursor; it is sealed, because what it holds may be a name or an address."""
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

"""What comes in to list and search records: the same names in a query string and in a JSON body."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from app.core.rules import trimmed
from app.records.field_types import Input, SearchText, checks_of, refuse

SORTS: Final = ("created_at", "name", "email", "updated_at")
DELETED: Final = ("exclude", "include", "only")
MAX_PAGE_SIZE: Final = 100
MAX_PAGE: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps; times a page's size it is still an offset for a database."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")
_MOMENT_WORDS = "Give a date like 2026-11-20 or a time like 2026-11-20T09:30:00Z"
_FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")


def _whole_number(least: int, most: int) -> PlainValidator:
    def judge(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise refuse("INVALID", "Must be a whole number")
        if not least <= value <= most:
            raise refuse("INVALID", f"Must be from {least} to {most}")
        return value

    return PlainValidator(judge, json_schema_input_type=int)


def _one_of(choices: tuple[str, ...]) -> PlainValidator:
    def judge(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise refuse("INVALID", f"Must be one of {', '.join(choices)}")
        return value

    return PlainValidator(judge)


def _moment(value: object, info: ValidationInfo, *, ends: bool) -> datetime:
    """Read a moment, or a day in the office's time zone: its first moment, or the first one after it."""
    if not isinstance(value, str):
        raise refuse("INVALID", _MOMENT_WORDS)
    given = trimmed(value)
    try:
        if _DAY.fullmatch(given):
            day = date.fromisoformat(given) + timedelta(days=ends)
            return datetime.combine(day, time(), ZoneInfo(checks_of(info).timezone)).astimezone(UTC)
        if _MOMENT.fullmatch(given):
            return datetime.fromisoformat(_FRACTION.sub(r"\1", given.upper())).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise refuse("INVALID", _MOMENT_WORDS)


def _first_moment(value: object, info: ValidationInfo) -> datetime:
    return _moment(value, info, ends=False)


def _moment_after(value: object, info: ValidationInfo) -> datetime:
    return _moment(value, info, ends=True)


def _judge_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise refuse("INVALID", "Must be true or false")
    return value


def _judge_cursor(value: object, info: ValidationInfo) -> str:
    if not isinstance(value, str) or not value.isascii() or not value:
        raise refuse("INVALID", "This cursor is broken. Start again without a cursor")
    if "page" in info.data and info.data["page"] is not None:
        raise refuse("INVALID", "Give either page or cursor")
    return value


def _whole_schema(most: int | None = None) -> WithJsonSchema:
    return WithJsonSchema({"type": "integer", "minimum": 1} | ({"maximum": most} if most else {}))


_SORT_CHOICES = tuple(sign + name for name in SORTS for sign in ("", "-"))
_MOMENT_SCHEMA = WithJsonSchema({"type": "string", "description": _MOMENT_WORDS, "examples": ["2026-11-20"]})

PageNumber = Annotated[int, _whole_number(1, MAX_PAGE), _whole_schema()]
PageSize = Annotated[int, _whole_number(1, MAX_PAGE_SIZE), _whole_schema(MAX_PAGE_SIZE)]
Cursor = Annotated[str, PlainValidator(_judge_cursor), WithJsonSchema({"type": "string"})]
Flag = Annotated[bool, PlainValidator(_judge_flag), WithJsonSchema({"type": "boolean"})]
Sort = Annotated[str, _one_of(_SORT_CHOICES), WithJsonSchema({"type": "string", "enum": list(_SORT_CHOICES)})]
Deleted = Annotated[str, _one_of(DELETED), WithJsonSchema({"type": "string", "enum": list(DELETED)})]
From = Annotated[datetime, PlainValidator(_first_moment), _MOMENT_SCHEMA]
To = Annotated[datetime, PlainValidator(_moment_after), _MOMENT_SCHEMA]


class Paging(Input):
    """Which part of a list: a page by number, or what follows a cursor; None leaves it to the server's setting."""

    page: PageNumber | None = None
    page_size: PageSize | None = None
    cursor: Cursor | None = None


class ListQuery(Paging):
    """The filters and the order of the list of records.

    `created_from` and `created_to` come out as UTC with `created_from <= created_at < created_to`.
    """

    sort: Sort = "-created_at"
    is_active: Flag | None = None
    email_verified: Flag | None = None
    mobile_verified: Flag | None = None
    deleted: Deleted = "exclude"
    created_from: From | None = None
    created_to: To | None = None

    @property
    def sort_by(self) -> str:
        """The field to sort by."""
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether the greatest comes first."""
        return self.sort.startswith("-")

    @property
    def wants_deleted(self) -> bool:
        """Whether deleted records are asked for, which needs a permission of its own."""
        return self.deleted != "exclude"


class SearchQuery(ListQuery):
    """A search in the address: part of a name or e-mail, or a whole reference."""

    q: SearchText


class SearchBody(SearchQuery):
    """A search in the body: as in the address, and a whole mobile, Aadhaar or PAN as well."""


class RecordQuery(Input):
    """The parameters of reading one record."""

    deleted: Deleted = "exclude"


class BrowseQuery(ListQuery):
    """The address of the list page: the list, or a search when a text is given."""

    q: SearchText | None = None

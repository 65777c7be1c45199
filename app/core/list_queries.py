"""What comes in to every list: which part of it, and the kinds of filter; alike in a query string and a JSON body."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from app.core.inputs import Input, checks_of, refuse
from app.core.rules import read_id, trimmed

USUAL_MAX_PAGE_SIZE: Final = 100
"""What the document promises; MAX_PAGE_SIZE decides."""

MAX_PAGE: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps; times a page's size it is still an offset for a database."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")
_MOMENT_WORDS = "Give a date like 2026-11-20 or a time like 2026-11-20T09:30:00Z"
_FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")


def whole_number(least: int, most: int) -> PlainValidator:
    """Make the validator of a whole number from `least` to `most`."""

    def judge(value: object) -> int:
        return _judge_whole(value, least, most)

    return PlainValidator(judge, json_schema_input_type=int)


def _judge_whole(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise refuse("INVALID", "Must be a whole number")
    if not least <= value <= most:
        raise refuse("INVALID", f"Must be from {least} to {most}")
    return value


def _judge_page_size(value: object, info: ValidationInfo) -> int:
    return _judge_whole(value, 1, checks_of(info).max_page_size)


def one_of(choices: tuple[str, ...]) -> PlainValidator:
    """Make the validator of a text that is one of these."""

    def judge(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise refuse("INVALID", f"Must be one of {', '.join(choices)}")
        return value

    return PlainValidator(judge)


def enum_schema(choices: tuple[str, ...]) -> WithJsonSchema:
    """Describe a text that is one of these."""
    return WithJsonSchema({"type": "string", "enum": list(choices)})


def either_way(*names: str) -> tuple[str, ...]:
    """Return the values of `sort`: each name, and each with the sign that turns the order round."""
    return tuple(sign + name for name in names for sign in ("", "-"))


def _moment(value: object, info: ValidationInfo, *, ends: bool) -> datetime:
    """Read a moment, or a day in the office's time zone: its first moment, or the first one after it."""
    if not isinstance(value, str):
        raise refuse("INVALID", _MOMENT_WORDS)
    given, zone = trimmed(value), ZoneInfo(checks_of(info).timezone)
    try:
        if _DAY.fullmatch(given):
            return datetime.combine(date.fromisoformat(given) + timedelta(days=ends), time(), zone).astimezone(UTC)
        if _MOMENT.fullmatch(given):
            moment = datetime.fromisoformat(_FRACTION.sub(r"\1", given.upper()))
            (moment - datetime.resolution).astimezone(zone)  # "to" ends with the moment before: its day is shown
            return moment.astimezone(zone).astimezone(UTC)  # by way of the office, where its day has to have a date
    except (ValueError, OverflowError):
        pass
    raise refuse("INVALID", _MOMENT_WORDS)


def _first_moment(value: object, info: ValidationInfo) -> datetime:
    return _moment(value, info, ends=False)


def moment_after(value: object, info: ValidationInfo) -> datetime:
    """Read a moment up to which something counts: of a day, all of it in the office's time zone."""
    return _moment(value, info, ends=True)


def _judge_id(value: object) -> UUID:
    found = read_id(value) if isinstance(value, str) else None
    if found is None:
        raise refuse("INVALID", "Must be an id of 36 characters")
    return found


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


MOMENT_SCHEMA = WithJsonSchema({"type": "string", "description": _MOMENT_WORDS, "examples": ["2026-11-20"]})

PageNumber = Annotated[int, whole_number(1, MAX_PAGE), _whole_schema()]
PageSize = Annotated[int, PlainValidator(_judge_page_size), _whole_schema(USUAL_MAX_PAGE_SIZE)]
Cursor = Annotated[str, PlainValidator(_judge_cursor), WithJsonSchema({"type": "string"})]
Flag = Annotated[bool, PlainValidator(_judge_flag), WithJsonSchema({"type": "boolean"})]
Id = Annotated[UUID, PlainValidator(_judge_id), WithJsonSchema({"type": "string", "format": "uuid"})]
From = Annotated[datetime, PlainValidator(_first_moment), MOMENT_SCHEMA]
To = Annotated[datetime, PlainValidator(moment_after), MOMENT_SCHEMA]


class Paging(Input):
    """Which part of a list: a page by number, or what follows a cursor; None leaves it to the server's setting."""

    page: PageNumber | None = None
    page_size: PageSize | None = None
    cursor: Cursor | None = None


class SortedPaging(Paging):
    """A part of a list in an order: by the field that `sort` names, the greatest first where a `-` stands before it."""

    sort: str = ""

    @property
    def sort_by(self) -> str:
        """The field to sort by."""
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether the greatest comes first."""
        return self.sort.startswith("-")

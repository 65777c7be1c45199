"""A record as it leaves the store for the JSON door: every field of the contract, identifiers masked, never more.

It comes with Python's types, or as the values of its document. In a document ids and times are a few letters away from
what the contract writes; to make objects of them, only to have those written again, takes three times as long. Which
members there are is said once for both.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Boolean, Date

from app.core.database import BinaryUuid, UtcDateTime
from app.records.queries_rows import KINDS, RecordRow, RecordRows, Values, read_moment

MOMENT_LENGTH = len("2026-11-20 09:30:00.000000")
_HIDDEN = RecordRow._fields.index("deletion_reason")
_COLUMNS = [*RecordRow._fields[:_HIDDEN], *RecordRow._fields[_HIDDEN + 1 :]]
_MEMBERS = [name.removesuffix("_mask") for name in _COLUMNS]
_columns_of = attrgetter(*_COLUMNS)


def present(row: Any, *, restored: bool = False) -> dict[str, Any]:
    """Turn a row or a record into the JSON object of the API."""
    shown = dict(zip(_MEMBERS, _columns_of(row), strict=True))
    for name, spell in _SPELT:
        if shown[name] is not None:
            shown[name] = spell(shown[name])
    return {**shown, "restored": True} if restored else shown


def present_values(values: Values) -> dict[str, Any]:
    """Turn what a record's document holds into the JSON object of the API."""
    shown = dict(zip(_MEMBERS, [*values[:_HIDDEN], *values[_HIDDEN + 1 :]], strict=True))
    for name, spell in _SPELT_IN_DOCUMENTS:
        if shown[name] is not None:
            shown[name] = spell(shown[name])
    return shown


def present_rows(rows: Sequence[RecordRow]) -> list[dict[str, Any]]:
    """Turn the records of a list into JSON objects of the API."""
    if isinstance(rows, RecordRows):
        return [present_values(values) for values in rows.values]
    return [present(row) for row in rows]


def utc_text(moment: datetime) -> str:
    """Spell a moment by RFC 3339 in UTC, always to the microsecond: 2026-11-20T09:30:00.000000Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _id_text(digits: str) -> str | None:
    low = digits.lower()
    return f"{low[:8]}-{low[8:12]}-{low[12:16]}-{low[16:20]}-{low[20:]}" if low else None  # SQLite: "" for none


def _moment_text(text: str) -> str:
    if len(text) == MOMENT_LENGTH:
        return f"{text[:10]}T{text[11:]}Z"
    return utc_text(read_moment(text))


def _spelt(by_kind: Mapping[type, Callable[[Any], Any]]) -> list[tuple[str, Callable[[Any], Any]]]:
    """Tell of each member that has to be spelt how that is done."""
    named = zip(_MEMBERS, _COLUMNS, strict=True)
    return [(member, by_kind[KINDS[name]]) for member, name in named if KINDS[name] in by_kind]


_SPELT = _spelt({BinaryUuid: str, UtcDateTime: utc_text, Date: date.isoformat, Boolean: bool})
_SPELT_IN_DOCUMENTS = _spelt({BinaryUuid: _id_text, UtcDateTime: _moment_text, Boolean: bool})

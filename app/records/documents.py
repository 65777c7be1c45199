"""A record on its way from the store to the JSON door, without types that nobody there looks at.

The database gives a record as one JSON text. Its ids and times are a few letters away from what the contract writes;
to make objects of them, only to have those written again, takes three times as long. `presentation.py` says what a
record looks like, and the tests hold this to the same.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean

from app.core.database import BinaryUuid, UtcDateTime
from app.records.presentation import present, utc_text
from app.records.queries_rows import KINDS, RecordRow, RecordRows, Values, read_moment

MOMENT_LENGTH = len("2026-11-20 09:30:00.000000")
_HIDDEN = RecordRow._fields.index("deletion_reason")
_MEMBERS = [name.removesuffix("_mask") for name in RecordRow._fields if name != "deletion_reason"]
_IDS, _MOMENTS, _FLAGS = (
    [name for name in RecordRow._fields if KINDS[name] is kind] for kind in (BinaryUuid, UtcDateTime, Boolean)
)


def present_values(values: Values) -> dict[str, Any]:
    """Turn what a record's document holds into the JSON object of the API."""
    shown = dict(zip(_MEMBERS, [*values[:_HIDDEN], *values[_HIDDEN + 1 :]], strict=True))
    for name in _IDS:
        shown[name] = _id_text(shown[name])
    for name in _MOMENTS:
        shown[name] = _moment_text(shown[name])
    for name in _FLAGS:
        shown[name] = bool(shown[name])
    return shown


def present_rows(rows: Sequence[RecordRow]) -> list[dict[str, Any]]:
    """Turn the records of a list into JSON objects of the API."""
    if isinstance(rows, RecordRows):
        return [present_values(values) for values in rows.values]
    return [present(row) for row in rows]


def _id_text(digits: str | None) -> str | None:
    if not digits:
        return None
    low = digits.lower()
    return f"{low[:8]}-{low[8:12]}-{low[12:16]}-{low[16:20]}-{low[20:]}"


def _moment_text(text: str | None) -> str | None:
    if text is None:
        return None
    if len(text) == MOMENT_LENGTH:
        return f"{text[:10]}T{text[11:]}Z"
    return utc_text(read_moment(text))

"""How a record is read for showing: as one JSON text that the database puts together.

A driver takes a column apart in some ten microseconds, and a record has
twenty-five: one text of all of them arrives in a quarter of the time.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias, overload
from uuid import UUID

import orjson
from sqlalchemy import Boolean, ColumnElement, Date, Text, bindparam, func, select

from app.accounts.models import Account
from app.core.database import BinaryUuid, UtcDateTime, table_of
from app.records.models import UserRecord

Values: TypeAlias = list[Any]
"""What a document holds, as JSON knows it, in the order of `RecordRow`."""

_table = table_of(UserRecord)


class RecordRow(NamedTuple):
    """One record as it is shown, identifiers masked: columns of its table, and when its person last signed in."""

    id: UUID
    reference: str
    version: UUID
    name: str
    email: str
    primary_mobile: str
    secondary_mobile: str | None
    aadhaar_mask: str
    pan_mask: str
    date_of_birth: date
    place_of_birth: str
    current_address: str
    permanent_address: str
    is_active: bool
    email_verified: bool
    mobile_verified: bool
    created_at: datetime
    updated_at: datetime
    created_by: UUID | None
    updated_by: UUID | None
    is_deleted: bool
    deleted_at: datetime | None
    deleted_by: UUID | None
    deletion_reason: str | None
    last_login_at: datetime | None


def _id(text: str) -> UUID | None:
    return UUID(text) if text else None  # of nothing, SQLite writes the hexadecimal digits as an empty text


def read_moment(text: str) -> datetime:
    """Return the moment that a document tells."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def readable(name: str) -> ColumnElement[Any]:
    """Return a column as it can stand in JSON."""
    column: ColumnElement[Any] = _table.c[name]
    return func.hex(column) if isinstance(column.type, BinaryUuid) else column


SEEN = "last_login_at"
seen_last = (
    select(Account.last_login_at)
    .where(Account.email == _table.c.email, Account.email_verified)
    .correlate(_table)
    .scalar_subquery()
)
READERS: dict[type, Callable[[Any], Any]] = {
    BinaryUuid: _id,
    UtcDateTime: read_moment,
    Date: date.fromisoformat,
    Boolean: bool,
}
KINDS = {column.name: type(column.type) for column in _table.columns} | {SEEN: UtcDateTime}
_READ = [(place, READERS[KINDS[name]]) for place, name in enumerate(RecordRow._fields) if KINDS[name] in READERS]

document = func.json_array(
    *(readable(name) for name in RecordRow._fields if name != SEEN), seen_last, type_=Text()
).label("document")
"""A record's row as one JSON text."""

SEEN_LAST = select(Account.last_login_at).where(Account.email == bindparam("email"), Account.email_verified)
BY_ID = select(document).where(_table.c.id == bindparam("record_id", type_=BinaryUuid()))


class RecordRows(Sequence[RecordRow]):
    """The records of documents, made when somebody looks at them; the JSON door shows their `values` as they are."""

    def __init__(self, documents: Iterable[str]) -> None:
        self.values: list[Values] = [orjson.loads(text) for text in documents]

    @cached_property
    def _rows(self) -> list[RecordRow]:
        return [row_of(values) for values in self.values]

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, place: int) -> RecordRow: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[RecordRow]: ...

    def __getitem__(self, place: int | slice) -> RecordRow | Sequence[RecordRow]:
        return self._rows[place]


def row_of(values: Values) -> RecordRow:
    """Return the row of what a document holds."""
    typed = list(values)
    for place, read in _READ:
        if typed[place] is not None:
            typed[place] = read(typed[place])
    return RecordRow._make(typed)


def read_rows(documents: Iterable[str]) -> RecordRows:
    """Return the rows that documents hold."""
    return RecordRows(documents)

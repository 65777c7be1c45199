"""A constant statement as one driver takes it: its words, the order of its values, and what each passes through.

SQLAlchemy takes each statement through its cache and each parameter through several dictionaries, which costs more
than the driver does. Of a statement that never changes this is found out once. Values travel apart from the words.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ClauseElement, ColumnElement, LargeBinary, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from app.core.database import Bytes

Row = Mapping[str, Any]
Turn = Callable[[Any], Any]
REMEMBERED = 2048
_BY_NAME = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement's words before, in and after the marks of one row, and what turns its values and its columns."""

    words: str
    parts: tuple[str, str, str]
    fixed: Row
    given: Sequence[tuple[str, Turn | None]]
    read: Sequence[tuple[int, Turn]]
    row: Callable[[Sequence[Any]], Any]

    def words_for(self, number: int) -> str:
        """Return the words of an INSERT of several rows."""
        before, marks, after = self.parts
        return self.words if number == 1 else before + ", ".join([marks] * number) + after

    def values(self, rows: Sequence[Row]) -> tuple[Any, ...]:
        """Return the values of rows, one after the other, as the driver takes them."""
        if self.fixed:
            rows = [{**self.fixed, **row} for row in rows]
        return tuple([row[name] if turn is None else turn(row[name]) for row in rows for name, turn in self.given])

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        """Return what the driver found as rows with names."""
        if self.read:
            found = [self._turned(row) for row in found]
        return [self.row(row) for row in found]

    def _turned(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, turn in self.read:
            values[place] = turn(values[place])
        return values


@lru_cache(maxsize=REMEMBERED)
def compiled(statement: ClauseElement, dialect: Dialect) -> Compiled:
    """Return a constant statement as a driver takes it. Raises TypeError for one that its values change."""
    made = cast(SQLCompiler, statement.compile(dialect=dialect))
    if made.post_compile_params:
        raise TypeError("a statement that is written anew for each of its values is not constant")
    # A driver that takes values by name takes them by place as well, and several rows have no names.
    names = made.positiontup or _BY_NAME.findall(made.string)
    mark = "?" if dialect.paramstyle == "qmark" else "%s"
    words = _BY_NAME.sub(mark, made.string)
    columns = list(statement.selected_columns) if isinstance(statement, Select) else []
    turns = [_impl(column, dialect).result_processor(dialect, None) for column in columns]
    return Compiled(
        words=words,
        parts=words.partition(f"({', '.join([mark] * len(names))})"),
        fixed={name: value for name, value in made.params.items() if not made.binds[name].required},
        given=[(name, _turn_of(made.binds[name], dialect)) for name in names],
        read=[(place, turn) for place, turn in enumerate(turns) if turn is not None],
        row=_row_of([column.key or "" for column in columns]),
    )


def _row_of(names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    make: Any = namedtuple  # mypy knows only those whose names stand in the program
    return cast(Callable[[Sequence[Any]], Any], make("Row", names, rename=True)._make)


def _turn_of(value: ColumnElement[Any], dialect: Dialect) -> Turn | None:
    if isinstance(value.type, LargeBinary | Bytes) and isinstance(dialect.loaded_dbapi.Binary(b""), bytes):
        return None  # the driver takes bytes as they are
    return _impl(value, dialect).bind_processor(dialect)


def _impl(column: ColumnElement[Any], dialect: Dialect) -> TypeEngine[Any]:
    return column.type.dialect_impl(dialect)

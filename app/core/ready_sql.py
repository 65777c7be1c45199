"""Constant statements of a write, ready as the driver takes them.

SQLAlchemy takes each statement through its cache and each parameter through three dictionaries, which costs as much as
the driver does. Of the few that every write runs, the words and what a value has to pass through are kept here.
Values travel apart from the words as ever; errors are SQLAlchemy's own, and who watches statements sees these too.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ClauseElement, Select
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.sql.compiler import SQLCompiler

Row = Mapping[str, Any]
Through = Callable[[Any], Any]
_BY_NAME = re.compile(r"%\((\w+)\)s")
TOGETHER = 50
"""More rows than this are left to the driver, which knows how long a statement may become."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """The words around the marks of one row's values, the values' names, and what each passes through.

    `back` is what the answer passes through.
    """

    before: str
    marks: str
    after: str
    values: tuple[tuple[str, Through | None], ...]
    back: Through | None = None

    def of(self, rows: Sequence[Row]) -> tuple[Any, ...]:
        """Return the values of rows, one after the other, as the driver takes them."""
        each = self.values
        return tuple([row[name] if through is None else through(row[name]) for row in rows for name, through in each])


def write(connection: Connection, statement: ClauseElement, rows: Sequence[Row]) -> None:
    """Run a constant INSERT with all its rows, or a constant UPDATE or DELETE with one row of parameters."""
    ready = _ready(statement, connection.dialect)
    if len(rows) > TOGETHER:
        connection.exec_driver_sql(ready.before + ready.marks + ready.after, [ready.of([row]) for row in rows])
    else:
        marks = ", ".join([ready.marks] * len(rows))
        connection.exec_driver_sql(ready.before + marks + ready.after, ready.of(rows))


def scalar(connection: Connection, statement: Select[Any], row: Row) -> Any:
    """Run a constant SELECT of one column, and return the value in its first row, or None."""
    ready = _ready(statement, connection.dialect)
    words = ready.before + ready.marks + ready.after
    value = connection.exec_driver_sql(words, ready.of([row])).scalar()
    return value if ready.back is None or value is None else ready.back(value)


@lru_cache(maxsize=256)
def _ready(statement: ClauseElement, dialect: Dialect) -> _Ready:
    compiled = cast(SQLCompiler, statement.compile(dialect=dialect))
    # A driver that takes values by name takes them by place as well, and several rows have no names.
    names = compiled.positiontup or _BY_NAME.findall(compiled.string)
    mark = "?" if dialect.paramstyle == "qmark" else "%s"
    before, marks, after = _BY_NAME.sub(mark, compiled.string).partition(f"({', '.join([mark] * len(names))})")
    values = tuple((name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names)
    if not isinstance(statement, Select):
        return _Ready(before, marks, after, values)
    kind = statement.selected_columns[0].type.dialect_impl(dialect)
    return _Ready(before, marks, after, values, kind.result_processor(dialect, None))

"""A constant SELECT outside a transaction, on the cursor of a pooled connection.

SQLAlchemy's session, its connection and what it keeps of one execution cost several times what the driver does. Of a
statement that never changes, the SQL is made once, and what turns its parameters and columns is asked of its types
once. Anything unusual takes the ordinary path, which words errors: a connection in hand, traces, a driver that refuses.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import Any, cast

from sqlalchemy import ColumnElement, Select
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import TypeEngine

from app.core.journeys import lend_unseen
from app.core.slow_statements import is_watched_by_others, note_slow
from app.core.statements import connection
from app.extensions import db

Turn = Callable[[Any], Any]
PATIENCE_SECONDS = 1.0
"""What failed sooner may be asked again; after a network time-out the caller has waited long enough."""


@dataclass(frozen=True, slots=True)
class Written:
    """A statement as one driver takes it, and what turns its values; `order` is None where they go by name."""

    words: str
    fixed: Mapping[str, Any]
    order: Sequence[str] | None
    given: Mapping[str, Turn]
    read: Sequence[tuple[int, Turn]]
    row: Callable[[Sequence[Any]], Any]

    def values(self, parameters: Mapping[str, Any]) -> Any:
        """Return the parameters as the driver takes them."""
        values = {**self.fixed, **parameters}
        for name, turn in self.given.items():
            values[name] = turn(values[name])
        return values if self.order is None else [values[name] for name in self.order]

    def rows(self, found: Sequence[Any]) -> list[Any]:
        """Return what the driver found as rows with names."""
        if self.read:
            found = [self._turned(row) for row in found]
        return [self.row(row) for row in found]

    def _turned(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, turn in self.read:
            values[place] = turn(values[place])
        return values


def fetch(statement: Select[Any], parameters: Mapping[str, Any]) -> Sequence[Any]:
    """Return the rows of a constant SELECT: in the transaction in hand, else as quickly as can be."""
    engine = db.engine
    if not _holds_connection() and not is_watched_by_others(engine):
        written = _written(statement, engine.dialect)
        found = _ask(engine, written.words, written.values(parameters))
        if found is not None:
            return written.rows(found)
    return connection().execute(statement, parameters).all()


def fetch_first(statement: Select[Any], parameters: Mapping[str, Any]) -> Any:
    """Return the first row of a constant SELECT; None where there is none."""
    found = fetch(statement, parameters)
    return found[0] if found else None


def fetch_value(statement: Select[Any], parameters: Mapping[str, Any]) -> Any:
    """Return the first column of the first row of a constant SELECT; None where there is none."""
    found = fetch_first(statement, parameters)
    return found[0] if found else None


def _holds_connection() -> bool:
    # A thread that took a second connection could wait for ever on others that do the same.
    return db.session.registry.has() and db.session().in_transaction()


def _ask(engine: Engine, words: str, values: Any) -> Sequence[Any] | None:
    """Return what the driver found; None where the ordinary path had better ask."""
    began = perf_counter()
    try:
        return _ask_driver(engine, words, values)
    except engine.dialect.loaded_dbapi.Error as error:
        if perf_counter() - began > PATIENCE_SECONDS:
            raise OperationalError(words, None, error, hide_parameters=True) from error
        return None


def _ask_driver(engine: Engine, words: str, values: Any) -> Sequence[Any]:
    lent = lend_unseen(engine)
    try:
        began = perf_counter()
        cursor = lent.cursor()
        cursor.execute(words, values)
        found = cursor.fetchall()
        cursor.close()
    except BaseException as error:
        # Whatever broke in, an answer may be left half read.
        lent.invalidate(error)
        raise
    note_slow(words, perf_counter() - began)
    lent.close()
    return found


@cache
def _written(statement: Select[Any], dialect: Dialect) -> Written:
    compiled: Any = statement.compile(dialect=dialect)
    if compiled.post_compile_params:
        raise TypeError("a statement that is written anew for each of its values is not constant")
    given = {name: _impl(bound, dialect).bind_processor(dialect) for bound, name in compiled.bind_names.items()}
    columns = list(statement.selected_columns)
    turns = [_impl(column, dialect).result_processor(dialect, None) for column in columns]
    return Written(
        words=compiled.string,
        fixed=compiled.params,
        order=compiled.positiontup if compiled.positional else None,
        given={name: turn for name, turn in given.items() if turn is not None},
        read=[(place, turn) for place, turn in enumerate(turns) if turn is not None],
        row=_row_of([column.key or "" for column in columns]),
    )


def _row_of(names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    make: Any = namedtuple  # mypy knows only those whose names stand in the program
    return cast(Callable[[Sequence[Any]], Any], make("Row", names, rename=True)._make)


def _impl(column: ColumnElement[Any], dialect: Dialect) -> TypeEngine[Any]:
    return column.type.dialect_impl(dialect)

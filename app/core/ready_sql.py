"""A constant statement inside a transaction, on the cursor of the transaction's own connection.

The few that every write runs go to the driver as they are. Errors are SQLAlchemy's own, with the same words and none
of the values; a connection that is lost is given up as SQLAlchemy does. Who watches statements sees these too.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from sqlalchemy import ClauseElement, Select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from app.core.compiled import Row, compiled
from app.core.slow_statements import is_watched_by_others, note_slow

TOGETHER = 50
"""More rows than this are left to the driver, which knows how long a statement may become."""


def write(connection: Connection, statement: ClauseElement, rows: Sequence[Row]) -> int:
    """Run a constant INSERT with all its rows, or a constant UPDATE or DELETE with one row of parameters.

    Return how many rows it found.
    """
    ready = compiled(statement, connection.dialect)
    if len(rows) > TOGETHER:
        return connection.exec_driver_sql(ready.words, [ready.values([row]) for row in rows]).rowcount
    words, values = ready.words_for(len(rows)), ready.values(rows)
    if is_watched_by_others(connection.engine):
        return connection.exec_driver_sql(words, values).rowcount
    return _run(connection, words, values)[0]


def scalar(connection: Connection, statement: Select[Any], row: Row) -> Any:
    """Run a constant SELECT of one column, and return the value in its first row, or None."""
    ready = compiled(statement, connection.dialect)
    values = ready.values([row])
    if is_watched_by_others(connection.engine):
        found: Sequence[Any] = connection.exec_driver_sql(ready.words, values).all()
    else:
        found = _run(connection, ready.words, values)[1]
    return ready.rows(found[:1])[0][0] if found else None


def _run(connection: Connection, words: str, values: Sequence[Any]) -> tuple[int, Sequence[Any]]:
    """Return how many rows the driver found, and those it read."""
    began = perf_counter()
    cursor = connection.connection.cursor()
    try:
        cursor.execute(words, values)
        found = cursor.fetchall() if cursor.description else ()
        cursor.close()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, words, values, error) from error
    except BaseException as error:
        if not isinstance(error, Exception):
            connection.invalidate(error)  # whatever broke in, an answer may be left half read
        raise
    note_slow(words, perf_counter() - began)
    return cursor.rowcount, found


def _told(connection: Connection, words: str, values: Sequence[Any], error: Any) -> Any:
    """Return a driver's error as SQLAlchemy tells it, and give up a connection that is lost."""
    dialect, driver = connection.dialect, connection.connection
    is_lost = dialect.is_disconnect(error, driver, None)
    if is_lost:
        connection.invalidate(error)
    base = dialect.loaded_dbapi.Error
    return DBAPIError.instance(
        words, values, error, base, hide_parameters=True, connection_invalidated=is_lost, dialect=dialect
    )

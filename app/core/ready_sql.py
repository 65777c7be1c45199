"""A constant statement inside a transaction, by the driver of the transaction's own connection.

The few that every write runs go to it as they are; those that are sent may wait for the next (`shared_journeys.py`).
Errors are SQLAlchemy's own, with the same words and none of the values; a connection that is lost is given up as
SQLAlchemy does. Who watches statements sees these too, one by one.
"""

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, Select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from app.core.compiled import Row, compiled
from app.core.shared_journeys import SharedJourneys
from app.core.slow_statements import is_watched_by_others, note_slow

T = TypeVar("T")
Found = tuple[int, Sequence[Any]]
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


def send(connection: Connection, statement: ClauseElement, rows: Sequence[Row], *, found: int | None = None) -> None:
    """Write as `write` does, at the latest when all is settled; where the driver can, with the next statement.

    Raises StaleDataError, and all that the database refuses, now or then: so the caller has to let errors pass.
    """
    driver: Any = connection.connection.dbapi_connection
    if isinstance(driver, SharedJourneys) and driver.is_in_command and _may_wait(connection, rows):
        ready = compiled(statement, connection.dialect)
        driver.send(ready.words_for(len(rows)), ready.values(rows), found)
    elif found not in (write(connection, statement, rows), None):
        raise StaleDataError("another writer changed the row meanwhile")


def settle(connection: Connection) -> None:
    """See that all that was sent is carried out."""
    driver: Any = connection.connection.dbapi_connection
    if isinstance(driver, SharedJourneys):
        _tell_errors(connection, "", (), driver.settle)


def scalar(connection: Connection, statement: Select[Any], row: Row) -> Any:
    """Run a constant SELECT of one column, and return the value in its first row, or None."""
    ready = compiled(statement, connection.dialect)
    values = ready.values([row])
    if is_watched_by_others(connection.engine):
        found: Sequence[Any] = connection.exec_driver_sql(ready.words, values).all()
    else:
        found = _run(connection, ready.words, values, writes=False)[1]
    return ready.rows(found[:1])[0][0] if found else None


def _may_wait(connection: Connection, rows: Sequence[Row]) -> bool:
    # A savepoint that is released would take what failed in it out of reach.
    is_plain = not connection.in_nested_transaction() and not is_watched_by_others(connection.engine)
    return is_plain and len(rows) <= TOGETHER


def ask(driver: Any, words: str, values: Sequence[Any], *, writes: bool = False) -> Found:
    """Run a statement on a connection of the driver's; return how many rows it found, and those it read."""
    if isinstance(driver, SharedJourneys):
        return driver.ask(words, values, writes=writes)
    began = perf_counter()
    cursor = driver.cursor()
    cursor.execute(words, values)
    found = cursor.fetchall() if cursor.description else ()
    cursor.close()
    note_slow(words, perf_counter() - began)
    return cursor.rowcount, found


def _run(connection: Connection, words: str, values: Sequence[Any], *, writes: bool = True) -> Found:
    work = partial(ask, connection.connection.dbapi_connection, words, values, writes=writes)
    return _tell_errors(connection, words, values, work)


def _tell_errors(connection: Connection, words: str, values: Sequence[Any], work: Callable[[], T]) -> T:
    """Do something with the driver; tell its errors as SQLAlchemy does."""
    try:
        return work()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, words, values, error) from error
    except BaseException as error:
        if not isinstance(error, Exception):
            connection.invalidate(error)  # whatever broke in, an answer may be left half read
        raise


def _told(connection: Connection, words: str, values: Sequence[Any], error: Any) -> Any:
    """Return a driver's error as SQLAlchemy tells it, and give up a connection that is lost."""
    dialect, lent = connection.dialect, connection.connection
    driver: Any = lent.dbapi_connection
    is_lost = dialect.is_disconnect(error, lent, None)
    if isinstance(driver, SharedJourneys):
        words, is_lost = driver.refused or words, is_lost or not driver.open
    if is_lost:
        connection.invalidate(error)
    base = dialect.loaded_dbapi.Error
    return DBAPIError.instance(
        words, values, error, base, hide_parameters=True, connection_invalidated=is_lost, dialect=dialect
    )

"""A constant SELECT outside a transaction, on the cursor of a pooled connection.

SQLAlchemy's session, its connection and what it keeps of one execution cost several times what the driver does.
Anything unusual takes the ordinary path, which words errors: a connection in hand, traces, a driver that refuses.
"""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from sqlalchemy import Select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from app.core.compiled import compiled
from app.core.journeys import lend_unseen
from app.core.ready_sql import ask
from app.core.slow_statements import is_watched_by_others
from app.core.statements import connection
from app.extensions import db

PATIENCE_SECONDS = 1.0
"""What failed sooner may be asked again; after a network time-out the caller has waited long enough."""


def fetch(statement: Select[Any], parameters: Mapping[str, Any]) -> Sequence[Any]:
    """Return the rows of a constant SELECT: in the transaction in hand, else as quickly as can be."""
    engine = db.engine
    if not _holds_connection() and not is_watched_by_others(engine):
        ready = compiled(statement, engine.dialect)
        found = _ask(engine, ready.words, ready.values([parameters]))
        if found is not None:
            return ready.rows(found)
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
        found = ask(lent.dbapi_connection, words, values)[1]
    except BaseException as error:
        # Whatever broke in, an answer may be left half read.
        lent.invalidate(error)
        raise
    lent.close()
    return found

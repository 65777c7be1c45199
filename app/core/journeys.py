"""Fewer journeys to the database server, for each of which a thread stands still.

A read is one statement and needs no transaction around it: connections commit
by themselves, and only a command begins a transaction in so many words. So
there is nothing to roll back after a read, which would be done twice. Before a
connection is lent again it is asked whether it lives; where it was in use a
moment ago, a look at its socket is enough: a server that ends a connection says
so there.
"""

import select
import threading
from time import monotonic
from typing import Any

from sqlalchemy import PoolProxiedConnection, event
from sqlalchemy.engine import Connection, Engine

from app.core import shared_journeys

LATELY_SECONDS = 5.0
"""A connection that was idle for longer may have been dropped by something on the way that says nothing."""


_mine = threading.local()


def lend_unseen(engine: Engine) -> PoolProxiedConnection:
    """Lend a connection, unseen if it was in use a moment ago: to whoever asks again where it turns out dead."""
    _mine.looks_away = True
    try:
        return engine.raw_connection()
    finally:
        _mine.looks_away = False


def spare(engine: Engine) -> None:
    """Spare the journeys that change nothing; for servers only."""
    dialect = engine.dialect
    keep, roll_back, ping = dialect.do_commit, dialect.do_rollback, dialect.do_ping

    def do_begin(connection: Any) -> None:
        driver = getattr(connection, "dbapi_connection", connection)
        if getattr(driver, "is_in_command", False):
            driver.begin()

    def do_commit(connection: Any) -> None:
        keep(connection)
        getattr(connection, "dbapi_connection", connection).is_in_command = False  # nothing is left to roll back

    def do_rollback(connection: Any) -> None:
        driver = getattr(connection, "dbapi_connection", connection)
        if getattr(driver, "is_in_command", True):
            roll_back(connection)
            driver.is_in_command = False

    def do_ping(connection: Any) -> bool:
        return _is_quiet(connection) or ping(connection)

    vars(dialect).update(do_begin=do_begin, do_commit=do_commit, do_rollback=do_rollback, do_ping=do_ping)
    shared_journeys.prepare(engine)
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begin)
    event.listen(engine.pool, "checkin", _left)


def _connected(connection: Any, _record: object) -> None:
    connection.autocommit(True)
    connection.is_in_command, connection.left_at = False, 0.0


def _begin(connection: Connection) -> None:
    if "begin" in connection.get_execution_options():
        driver: Any = connection.connection.dbapi_connection
        driver.is_in_command = True  # `do_begin` comes next


def _left(connection: Any, _record: object) -> None:
    if connection is not None:
        connection.left_at = monotonic()


def _is_quiet(connection: Any) -> bool:
    """Tell whether a connection was in use a moment ago and its server has said nothing since."""
    if monotonic() - connection.left_at > LATELY_SECONDS:
        return False
    if getattr(_mine, "looks_away", False):
        return True
    line = getattr(connection, "_sock", None) or connection
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return not poll.poll(0)

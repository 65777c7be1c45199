"""Statements that every request runs: written once, so that their SQL is made once.

SQLAlchemy keeps the SQL of a statement it has seen before, but not that of an
INSERT with several rows in its VALUES, and it has to read a statement through
to know it again. A constant one with parameters costs little more than the
driver does; several rows go to the server in one journey all the same.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import CursorResult, Executable, Insert, Table, bindparam, insert
from sqlalchemy.engine import Connection

from app.core import ready_sql
from app.core.unit import work_of
from app.extensions import db

Row = Mapping[str, Any]


def run(statement: Executable, **parameters: Any) -> CursorResult[Any]:
    """Run a constant statement with its parameters, in the transaction in hand."""
    return connection().execute(statement, parameters)


def connection() -> Connection:
    """Return the connection of the transaction in hand; without one, of what is being read."""
    in_hand = work_of(db.session())
    return (in_hand and in_hand.connection) or db.session.connection()


def insert_rows(table: Table, rows: Sequence[Row]) -> None:
    """Insert rows of a table that no object stands for; nothing happens when there are none."""
    if rows:
        ready_sql.write(connection(), _insertion(table, tuple(rows[0])), rows)


def send_rows(table: Table, rows: Sequence[Row]) -> None:
    """Insert rows as `insert_rows` does, by the end of the transaction: what is refused is raised now or later."""
    if rows:
        ready_sql.send(connection(), _insertion(table, tuple(rows[0])), rows)


@cache
def _insertion(table: Table, names: tuple[str, ...]) -> Insert:
    return insert(table).values({name: bindparam(name) for name in names})

"""A command that finds no database, or none of our tables in it, says so in one line before it begins."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from app.extensions import db
from config import ConfigError

P = ParamSpec("P")
T = TypeVar("T")
REASONS = {
    1044: "names a database that this user may not use",
    1045: "names a user or password that the server refuses",
    1049: "names a database that the server does not have",
}
MARK = "alembic_version"
"""The table in which migrations note how far they got."""


def refuse_absent_database() -> None:
    """Raise ConfigError when the database cannot be reached."""
    _ask(lambda: db.engine.connect().close())


def needs_database(command: Callable[P, T]) -> Callable[P, T]:
    """Refuse to begin a command while the database is away or was never migrated. It stands under the command's lid."""

    @wraps(command)
    def begin(*given: P.args, **named: P.kwargs) -> T:
        if not _ask(lambda: inspect(db.engine).has_table(MARK)):
            raise ConfigError({"DATABASE_URL": "names a database without tables; run flask --app wsgi db upgrade"})
        return command(*given, **named)

    return begin


def _ask(question: Callable[[], T]) -> T:
    try:
        return question()
    except DBAPIError as problem:
        told = problem.orig.args if problem.orig else ()
        reason = next((REASONS[part] for part in told if part in REASONS), "leads to no database that answers")
        raise ConfigError({"DATABASE_URL": f"{reason}; mend it, or the database"}) from problem

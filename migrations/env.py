"""How migrations run: on the application's own engine, one transaction a revision where the engine can.

MySQL and MariaDB cannot: each statement that makes or alters a table is committed by itself. A table marks there that
a run has begun, and goes when it is over. Where the mark is found the run before was cut off, and what it has done
already is passed by.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.ddl.mysql import MySQLImpl
from flask import current_app
from sqlalchemy import Engine

from app.core import cluster
from app.core.absent_database import refuse_absent_database
from app.core.database import BinaryUuid, Bytes, UtcDateTime
from app.core.migration_turn import migration_turn
from app.extensions import db

MARK = "migration_unfinished"
TABLE_EXISTS = 1050
DONE_BEFORE = frozenset({TABLE_EXISTS, 1051, 1060, 1061, 1091, 1826, 3822})
"""A table, column, index or key is there already, or is gone already."""

config = context.config
config.set_main_option("sqlalchemy.url", db.engine.url.render_as_string(hide_password=False).replace("%", "%%"))


def run_migrations_offline() -> None:
    """Write the SQL for the configured engine to standard output."""
    url = config.get_main_option("sqlalchemy.url")
    context.configure(url=url, target_metadata=db.metadata, literal_binds=True, **_options())
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    """Run the revisions on the configured engine."""
    refuse_absent_database()
    with migration_turn(db.engine), _engine().connect() as connection:
        context.configure(connection=connection, target_metadata=db.metadata, **_options())
        with _resumable(connection), context.begin_transaction():
            context.run_migrations()
        connection.commit()


class ResumingImpl(MySQLImpl):
    """Runs the statements of a revision, and passes by what a run that was cut off has done already."""

    __dialect__ = "mysql"
    is_resuming = False

    def _exec(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super()._exec(*args, **kwargs)
        except sa.exc.DBAPIError as error:
            if self.is_resuming and _code(error) in DONE_BEFORE:
                return None
            raise


@contextmanager
def _resumable(connection: sa.Connection) -> Iterator[None]:
    """Mark what is not finished, on the engines that would leave it half done."""
    begun = context.get_context()
    is_current = set(begun.get_current_heads()) == set(begun.script.get_heads()) if begun.script else True
    if is_current or not isinstance(begun.impl, ResumingImpl):
        yield
        return
    try:
        connection.exec_driver_sql(f"CREATE TABLE {MARK} (id INT PRIMARY KEY)")
    except sa.exc.DBAPIError as error:
        if _code(error) != TABLE_EXISTS:
            raise
        begun.impl.is_resuming = True
    yield
    connection.exec_driver_sql(f"DROP TABLE {MARK}")


def _code(error: sa.exc.DBAPIError) -> object:
    return error.orig.args[0] if error.orig is not None and error.orig.args else None


def _engine() -> Engine:
    """Return an engine that waits: building an index on a large table takes longer than a request may."""
    if db.engine.dialect.name == "sqlite":
        return db.engine
    engine = sa.create_engine(db.engine.url, poolclass=sa.NullPool, connect_args={"charset": "utf8mb4"})
    cluster.prepare(engine)
    return engine


def _options() -> dict[str, Any]:
    bound: dict[str, Any] = dict(current_app.extensions["migrate"].configure_args)
    return bound | {"transaction_per_migration": True, "render_item": _render_type, "include_name": _is_ours}


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leave the table in which starts on a cluster take turns out of any comparison with the models."""
    return kind != "table" or name != "migration_turn"


def _render_type(kind: str, item: object, _context: object) -> str | bool:
    """Write our column types as the functions every revision brings along, so that none imports the application."""
    if kind != "type":
        return False
    if isinstance(item, BinaryUuid):
        return "uuid16()"
    if isinstance(item, UtcDateTime):
        return "moment()"
    if isinstance(item, Bytes):
        return f"octets({item.length})"
    if isinstance(item, sa.LargeBinary):
        return "blob()"
    return f"exact({item.length})" if isinstance(item, sa.String) else False


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()

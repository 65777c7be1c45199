"""Column types that mean the same on every engine, and how connections behave."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from flask import Flask
from sqlalchemy import CursorResult, LargeBinary, String, Table, TypeDecorator, UpdateBase, event
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Connection, Dialect, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import DateTime, TypeEngine
from uuid_utils.compat import uuid7

from app.core import cluster, journeys
from app.extensions import Base, db
from config import Config

MYSQL_FAMILY = ("mysql", "mariadb")
BUSY_TIMEOUT_SECONDS = 8
"""Writers of SQLite take turns, and who waits longest is not served first."""
QUEUE_SECONDS = 1
"""Together with the wait inside SQLite it has to stay below the ten seconds of the contract."""
POOL_PATIENCE_SECONDS = 8
"""Waiting longer for a free connection would keep the caller past the ten seconds of the contract."""
NETWORK_TIMEOUT_SECONDS = 4
"""A hanging database costs a ping and a new connection, and the caller is owed an answer within ten seconds."""

DRIVER_ARGUMENTS: Mapping[str, dict[str, Any]] = {
    "mysqldb": {"binary_prefix": True, "multi_statements": False, "local_infile": False}
}
"""What has to be asked of mysqlclient so that it does as PyMySQL: mark bytes as bytes, send one statement at a time,
and give no file of ours to a server that asks for one."""


def _bytes_of(value: UUID | None) -> bytes | None:
    return None if value is None else value.bytes


class BinaryUuid(TypeDecorator[UUID]):
    """A UUID in 16 bytes, in an order of bytes that all engines agree on."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own type."""
        if dialect.name in MYSQL_FAMILY:
            return dialect.type_descriptor(mysql.BINARY(16))
        return dialect.type_descriptor(LargeBinary(16))

    def bind_processor(self, _dialect: Dialect) -> Callable[[UUID | None], bytes | None]:
        """Turn the value into what is stored, in one step: drivers take bytes as they are, and ids are all over."""
        return _bytes_of

    def process_bind_param(self, value: UUID | None, _dialect: Dialect) -> bytes | None:
        """Turn the value into what is stored."""
        return _bytes_of(value)

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> UUID | None:
        """Turn what is stored into the value."""
        return None if value is None else UUID(bytes=bytes(value))


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC to the microsecond; a time without a zone is refused."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own type."""
        if dialect.name in MYSQL_FAMILY:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Turn the value into what is stored."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs its zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Turn what is stored into the value."""
        return None if value is None else value.replace(tzinfo=UTC)


class Bytes(TypeDecorator[bytes]):
    """Up to `length` bytes, compared as bytes."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own type."""
        if dialect.name in MYSQL_FAMILY:
            return dialect.type_descriptor(mysql.VARBINARY(self.length))
        return dialect.type_descriptor(LargeBinary())

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> bytes | None:
        """Turn what is stored into the value."""
        return None if value is None else bytes(value)


def Text(length: int) -> String:  # noqa: N802 - reads as the type it stands for
    """Return a text type of `length` code points whose order and equality are those of the bytes."""
    exact = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return String(length).with_variant(exact, *MYSQL_FAMILY)


def Blob() -> LargeBinary:  # noqa: N802 - reads as the type it stands for
    """Return a type for bytes of some size, up to 16 MiB."""
    return LargeBinary().with_variant(mysql.MEDIUMBLOB(), *MYSQL_FAMILY)


def table_of(model: type[Base]) -> Table:
    """Return the table of a model, for statements that need no objects."""
    return cast(Table, model.__table__)


def write_rows(statement: UpdateBase) -> int:
    """Execute an UPDATE, INSERT or DELETE and return how many rows it found."""
    return cast("CursorResult[Any]", db.session.execute(statement)).rowcount


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562 §5.7): unique, and growing with time."""
    return uuid7()


def utc_now() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)


def engine_options(config: Config) -> dict[str, Any]:
    """Return what SQLAlchemy's engine is made with: pool, time-outs, and no bound value in any error text."""
    url = make_url(config.database_url)
    if url.get_backend_name() == "sqlite":
        connect = {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
        return {"hide_parameters": True, "connect_args": connect, "pool_size": 20, "max_overflow": 40}
    return {
        "hide_parameters": True,
        "isolation_level": "READ COMMITTED",
        "pool_pre_ping": True,
        "pool_size": config.database_pool_size,
        "max_overflow": config.database_max_overflow,
        "pool_timeout": min(config.database_pool_timeout, POOL_PATIENCE_SECONDS),
        "pool_recycle": config.database_pool_recycle,
        "connect_args": _network_arguments() | DRIVER_ARGUMENTS.get(url.get_driver_name(), {}),
    }


def _network_arguments() -> dict[str, Any]:
    session = (
        "SET SESSION time_zone = '+00:00', SESSION innodb_lock_wait_timeout = 3, "
        "SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO'"
    )
    return {
        "charset": "utf8mb4",
        "connect_timeout": 2,
        "read_timeout": NETWORK_TIMEOUT_SECONDS,
        "write_timeout": NETWORK_TIMEOUT_SECONDS,
        "init_command": session,
    }


def init_app(app: Flask) -> None:
    """Bind the database to the application."""
    config: Config = app.extensions["config"]
    app.config["SQLALCHEMY_DATABASE_URI"] = config.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(config)
    db.init_app(app)
    app.teardown_appcontext(_let_go)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            prepare_sqlite(db.engine)
        else:
            cluster.prepare(db.engine)
            journeys.spare(db.engine)


def _let_go(_error: BaseException | None) -> None:
    """End the session; where the connection died meanwhile there is nothing to roll back, and the answer stands."""
    if not db.session.registry.has():
        return
    try:
        db.session.remove()  # the extension would close it once more
    except DBAPIError:
        db.session().invalidate()


def prepare_sqlite(engine: Engine) -> None:
    """Make SQLite safe for several writers: WAL, foreign keys, and a write lock taken when a command begins.

    A transaction that reads first and writes later cannot wait for the lock, so
    a command asks for it at BEGIN through the execution option `begin`.
    """
    engine.update_execution_options(writer=threading.Lock())

    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")

    def on_begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


@contextmanager
def one_writer(engine: Engine) -> Iterator[None]:
    """Let the threads of this process queue for SQLite's write lock: inside SQLite they would sleep longer and longer,
    and whoever comes just then goes first. Who has queued too long waits there all the same."""
    turn = engine.get_execution_options().get("writer")
    is_mine = turn is not None and turn.acquire(timeout=QUEUE_SECONDS)
    try:
        yield
    finally:
        if turn is not None and is_mine:
            turn.release()

"""How migrations run: on the application's own engine, one transaction a revision where the engine can."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app
from sqlalchemy import Engine

from app.core.database import BinaryUuid, Bytes, UtcDateTime
from app.extensions import db

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
    with _engine().connect() as connection:
        context.configure(connection=connection, target_metadata=db.metadata, **_options())
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


def _engine() -> Engine:
    """Return an engine that waits: building an index on a large table takes longer than a request may."""
    if db.engine.dialect.name == "sqlite":
        return db.engine
    return sa.create_engine(db.engine.url, poolclass=sa.NullPool, connect_args={"charset": "utf8mb4"})


def _options() -> dict[str, Any]:
    bound: dict[str, Any] = dict(current_app.extensions["migrate"].configure_args)
    return bound | {"transaction_per_migration": True, "render_item": _render_type}


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

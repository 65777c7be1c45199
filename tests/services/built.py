"""The application on a database of its own, which one process of the tests uses over and over."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine, inspect, text

from app import create_app
from config import Config
from tests.services.served import ROOT
from tests.settings import settings_for

KEPT_TABLES = {"alembic_version"}


@dataclass(frozen=True)
class Built:
    """An application on a database that the migrations built, its tables, and a way to them that no rule watches."""

    url: str
    app: Flask
    past_the_program: Engine
    tables: tuple[str, ...]

    @classmethod
    def build(cls, url: str, home: Path) -> Self:
        """Make the application and its database."""
        app = create_app(Config.from_env(settings_for(url), home=home))
        app.testing = True
        with app.app_context():
            upgrade(directory=str(ROOT / "migrations"))
        unwatched = {"init_command": "SET foreign_key_checks = 0"} if url.startswith("mysql") else {}
        past_the_program = create_engine(url, connect_args=unwatched, pool_size=1)
        with past_the_program.connect() as connection:
            tables = set(inspect(connection).get_table_names()) - KEPT_TABLES
        return cls(url, app, past_the_program, tuple(sorted(tables)))

    def empty(self) -> None:
        """Empty every table that holds a row, once what the application writes a moment later is written."""
        self.app.extensions["views"].later.flush()
        self.app.extensions["arranging"].flush()
        self.app.extensions["keeping"].flush()
        self.app.extensions["kept_searches"].forget()
        # One question for all: most tests touch few.
        each = (f"SELECT '{table}' AS name, EXISTS (SELECT 1 FROM {table}) AS is_filled" for table in self.tables)
        question = text(f"SELECT name FROM ({' UNION ALL '.join(each)}) AS answers WHERE is_filled")
        with self.past_the_program.begin() as connection:
            for table in connection.scalars(question).all():
                connection.execute(text(f"DELETE FROM {table}"))

    def leave(self) -> None:
        """Close every connection to the database."""
        self.past_the_program.dispose()
        with self.app.app_context():
            self.app.extensions["sqlalchemy"].engine.dispose()

"""The commands of `flask --app wsgi …`, loaded when somebody asks for one.

A server asks for none. They bring the migrations and the worker along, and each of its processes would keep some
10 MiB of them for ever.
"""

from importlib import import_module
from types import MappingProxyType
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup

from app.extensions import db

WHERE_THEY_ARE = "app.cli"


class LateCommands(AppGroup):
    """The commands that are added when the first is asked for."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app.name)
        self._app, self._is_loaded = app, False

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        self._load()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, if there is one of this name."""
        self._load()
        return super().get_command(ctx, cmd_name)

    def _load(self) -> None:
        if not self._is_loaded:
            self._is_loaded = True
            import_module(WHERE_THEY_ARE).init_app(self._app)


class Migrations:
    """What the commands of Flask-Migrate look for in an application."""

    directory = "migrations"
    configure_args = MappingProxyType({"compare_type": True, "render_as_batch": True})

    @property
    def migrate(self) -> Any:
        """What finds the settings of the migrations."""
        return import_module("flask_migrate").Migrate(db=db, directory=self.directory, **self.configure_args)


def init_app(app: Flask) -> None:
    """Let `flask` find the commands of the application, and the migrations."""
    app.cli = LateCommands(app)
    app.extensions["migrate"] = Migrations()

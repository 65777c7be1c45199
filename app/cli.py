"""The commands of `flask --app wsgi …` that belong to no feature, and the list of those that do."""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext
from flask_migrate import upgrade

from app.accounts import cli as accounts_cli
from app.accounts import service as accounts
from app.activity.cli import audit_group
from app.core.absent_database import refuse_absent_database
from app.core.errors import DomainError
from app.core.migration_turn import TurnTaken, migration_turn
from app.core.settings import settings
from app.delivery.cli import start_worker_beside, worker_command
from app.extensions import db
from app.records.cli import records_group
from config import Config, ConfigError

ROOT = Path(__file__).resolve().parent.parent


def init_app(app: Flask) -> None:
    """Register every command."""
    for group in (serve, worker_command, accounts_cli.accounts, accounts_cli.api_keys, records_group, audit_group):
        app.cli.add_command(group)
    app.extensions["migrate"].migrate.init_app(app)  # adds `flask db …`


@click.command()
@click.option("--debug", is_flag=True, help="Serve with the debugger and the reloader instead; never in production.")
@with_appcontext
def serve(debug: bool) -> None:
    """Bring the database up to date, make the first admin, and serve."""
    config = settings()
    if debug and config.is_production:
        raise ConfigError({"APP_ENV": "must be development for the debugger; use make run"})
    refuse_taken_port(config)
    refuse_absent_database()
    upgrade(directory=str(ROOT / "migrations"))
    with only_one_starts():
        for line in first_admin_lines(config):
            click.echo(line)
    sys.stdout.flush()
    db.engine.dispose()
    if config.run_worker:
        start_worker_beside()
    os.execv(sys.executable, [sys.executable, "-m", *server_command(config, debug)])


def refuse_taken_port(config: Config) -> None:
    """Raise ConfigError when the port cannot be listened on; gunicorn would try for seconds and be vaguer."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        socket.create_server((config.host, config.port), family=family).close()
    except OSError as problem:
        if (problem.errno or 0) < 0 or problem.errno == errno.EADDRNOTAVAIL:  # below 0 are those of looking up names
            raise ConfigError({"HOST": "is no address of this machine; choose another"}) from problem
        reason = os.strerror(problem.errno or 0).lower()
        raise ConfigError({"PORT": f"cannot be listened on ({reason}); choose another, or another HOST"}) from problem


def server_command(config: Config, debug: bool) -> list[str]:
    """Return the module and arguments that serve the application; gunicorn says the URL once it answers there."""
    if debug:
        return ["flask", "--app", "wsgi", "--debug", "run", "--host", config.host, "--port", str(config.port)]
    return ["gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "wsgi:app"]


def first_admin_lines(config: Config) -> list[str]:
    """Make the first admin where there is none, and return what its owner has to know.

    Raises ConfigError when ADMIN_EMAIL or ADMIN_PASSWORD is refused."""
    if not config.admin_email or (config.is_production and not config.admin_password):
        return []
    try:
        admin = accounts.ensure_first_admin(config.admin_email, config.admin_password)
    except DomainError as refusal:
        found = [(error.field, error.message) for error in refusal.errors] or [("password", refusal.detail)]
        raise ConfigError({f"ADMIN_{name.upper()}": f"is refused: {words}" for name, words in found}) from refusal
    if admin is None:
        return []
    if admin.password is None:
        return [f"First admin: {admin.email}"]
    return [f"First admin: {admin.email}", f"Password, shown this once: {admin.password}"]


@contextmanager
def only_one_starts() -> Iterator[None]:
    """Hold what lets several first starts take turns; each migration takes a turn of its own."""
    try:
        with migration_turn(db.engine):
            yield
    except TurnTaken as taken:
        raise click.ClickException(str(taken)) from taken

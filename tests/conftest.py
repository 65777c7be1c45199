"""Fixtures of all tests: both engines, the application, and the people and systems that call it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import NullPool, create_engine, inspect, text

from app import create_app
from app.core.identity import Actor
from config import Config
from tests import factories
from tests.browsing import JsonClient, Person
from tests.doors import FormDoor, JsonDoor
from tests.factories import MadeAccount, MadeRecord
from tests.mailbox import Mailbox, Phones
from tests.services.served import ROOT, Served
from tests.settings import settings_for

pytest_plugins = ["tests.services.engines", "tests.services.reports", "tests.services.chromium"]

KEPT_TABLES = {"alembic_version"}


# --- the application -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", params=["sqlite", "mariadb"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Name the engine; a test that needs it, however indirectly, runs once on each."""
    return str(request.param)


@pytest.fixture(scope="session")
def engine_url(engine_name: str, new_database: Callable[[str, str], str]) -> str:
    """Name this worker's database, with the schema of the migrations."""
    return new_database(engine_name, "shared")


@pytest.fixture(scope="session")
def built_app(engine_url: str, scratch: Path) -> Iterator[Flask]:
    """Make the application once for each worker and engine, and build its database by the migrations."""
    app = create_app(Config.from_env(settings_for(engine_url), home=scratch))
    app.testing = True
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
    yield app
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()


@pytest.fixture
def empty_database(engine_url: str, built_app: Flask) -> str:
    """Empty every table, by a connection of our own that no rule of the program watches."""
    built_app.extensions["views"].later.flush()
    built_app.extensions["arranging"].flush()
    built_app.extensions["keeping"].flush()
    built_app.extensions["kept_searches"].forget()
    engine = create_engine(engine_url, poolclass=NullPool)
    with engine.begin() as connection:
        if engine.dialect.name == "mysql":
            connection.execute(text("SET foreign_key_checks = 0"))
        for table in set(inspect(connection).get_table_names()) - KEPT_TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
    engine.dispose()
    return engine_url


@pytest.fixture
def app(built_app: Flask, empty_database: str) -> Flask:
    """Lend the application on an empty database; its trail begins anew there."""
    built_app.extensions["audit_chain"].begin_anew()
    return built_app


@pytest.fixture
def make_app(empty_database: str, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Make further applications on the same database, as other processes with other settings would be."""
    made: list[Flask] = []

    def make(**changes: str) -> Flask:
        app = create_app(Config.from_env(settings_for(empty_database, **changes), home=tmp_path))
        app.testing = True
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """Enter the application for a test that calls services; such a test makes no requests."""
    with app.app_context():
        yield app


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Replace the one of pytest-flask: its open request makes all clients share `g`, and with it who is signed in."""


# --- who calls -----------------------------------------------------------------------------------------------------


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Lend a caller without any credential."""
    return app.test_client()


@pytest.fixture
def make_account(app: Flask) -> Callable[..., MadeAccount]:
    """Make an account with a role."""

    def make(role: str = "editor", **changes: Any) -> MadeAccount:
        with app.app_context():
            return factories.make_account(role, **changes)

    return make


@pytest.fixture
def make_record(app: Flask) -> Callable[..., MadeRecord]:
    """Save a valid record with the given changes."""

    def make(actor: Actor | None = None, **changes: Any) -> MadeRecord:
        with app.app_context():
            return factories.make_record(actor, **changes)

    return make


@pytest.fixture
def actor(make_account: Callable[..., MadeAccount]) -> Callable[..., Actor]:
    """Make an account and return it as the one who acts."""
    return lambda role="editor", channel="api": factories.actor_of(make_account(role), channel)


@pytest.fixture
def api(app: Flask, make_account: Callable[..., MadeAccount]) -> Callable[..., JsonClient]:
    """Sign in another system with a role; with None it has no credential."""

    def sign_in(role: str | None = "editor", account: MadeAccount | None = None) -> JsonClient:
        caller = JsonClient(app.test_client())
        return caller.sign_in(account or make_account(role)) if role else caller

    return sign_in


@pytest.fixture
def page(app: Flask, make_account: Callable[..., MadeAccount]) -> Callable[..., Person]:
    """Sign in a person with a role at a browser without scripts; with None nobody is signed in."""

    def sign_in(role: str | None = "editor", account: MadeAccount | None = None) -> Person:
        person = Person(app.test_client())
        return person.sign_in(account or make_account(role)) if role else person

    return sign_in


@pytest.fixture(params=["json", "form"])
def both_doors(
    request: pytest.FixtureRequest, api: Callable[..., JsonClient], page: Callable[..., Person]
) -> JsonDoor | FormDoor:
    """Lend an editor at one door, then at the other."""
    return JsonDoor(api("editor")) if request.param == "json" else FormDoor(page("editor"))


@pytest.fixture
def mailbox(app: Flask, tmp_path: Path) -> Mailbox:
    """Open the mail that the application's worker would send."""
    return Mailbox(app, tmp_path / "mail")


@pytest.fixture
def phones(app: Flask, tmp_path: Path) -> Phones:
    """Hold the phones that the application's worker would text."""
    return Phones(app, tmp_path / "sms")


@pytest.fixture
def served(
    new_database: Callable[[str, str], str], engine_name: str, tmp_path: Path
) -> Iterator[Callable[..., Served]]:
    """Start the application behind gunicorn on a database of its own, and stop it at the end."""
    made: list[Served] = []

    def start(**changes: str) -> Served:
        name = f"served_{tmp_path.name}_{len(made)}"[:40]
        settings = settings_for(new_database(engine_name, name), **{"WEB_CONCURRENCY": "1", **changes})
        server = Served(tmp_path, settings)
        made.append(server)
        return server.start()

    yield start
    for server in made:
        server.stop()

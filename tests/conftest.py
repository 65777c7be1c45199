"""Fixtures of all tests: both engines, the application, and the people and systems that call it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.core.identity import Actor
from config import Config
from tests import factories
from tests.browsing import JsonClient, Person
from tests.doors import FormDoor, JsonDoor
from tests.factories import MadeAccount, MadeRecord
from tests.mailbox import Mailbox, Phones
from tests.services.built import Built
from tests.services.served import Served
from tests.settings import settings_for

PLUGINS = ("engines", "reports", "chromium", "tracing", "collector", "hashing", "statements")
pytest_plugins = [f"tests.services.{name}" for name in PLUGINS]

# --- the application -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", params=["sqlite", "mariadb"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Name the engine; a test that needs it, however indirectly, runs once on each."""
    return str(request.param)


@pytest.fixture(scope="session")
def builder(new_database: Callable[[str, str], str], scratch: Path) -> Iterator[Callable[[str], Built]]:
    """Build the application of an engine once for each worker: the engines take turns in every file."""
    made: dict[str, Built] = {}

    def build(engine_name: str) -> Built:
        if engine_name not in made:
            made[engine_name] = Built.build(new_database(engine_name, "shared"), scratch)
        return made[engine_name]

    yield build
    for one in made.values():
        one.leave()


@pytest.fixture(scope="session")
def built(engine_name: str, builder: Callable[[str], Built]) -> Built:
    """Lend the worker's application on an engine, as the tests before left it."""
    return builder(engine_name)


@pytest.fixture(scope="session")
def engine_url(built: Built) -> str:
    """Name this worker's database, with the schema of the migrations."""
    return built.url


@pytest.fixture(scope="session")
def built_app(built: Built) -> Flask:
    """Lend the worker's application without emptying its database."""
    return built.app


@pytest.fixture
def empty_database(built: Built) -> str:
    """Empty every table that holds a row."""
    built.empty()
    return built.url


@pytest.fixture
def app(built_app: Flask, empty_database: str, cheap_hashes: None) -> Flask:
    """Lend the application on an empty database, where its trail begins anew; its passwords are hashed cheaply."""
    built_app.extensions["audit_chain"].begin_anew()
    return built_app


@pytest.fixture
def make_app(empty_database: str, tmp_path: Path, cheap_hashes: None) -> Iterator[Callable[..., Flask]]:
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
    """Lend another system that is signed in with a role, or as an account by its password; None has no credential."""

    def sign_in(role: str | None = "editor", account: MadeAccount | None = None) -> JsonClient:
        caller = JsonClient(app.test_client())
        if account is not None:
            return caller.sign_in(account)
        return caller.be_let_in(make_account(role)) if role else caller

    return sign_in


@pytest.fixture
def page(app: Flask, make_account: Callable[..., MadeAccount]) -> Callable[..., Person]:
    """Lend a person at a browser without scripts, signed in with a role, or as an account by its password, or not."""

    def sign_in(role: str | None = "editor", account: MadeAccount | None = None) -> Person:
        person = Person(app.test_client())
        if account is not None:
            return person.sign_in(account)
        return person.be_let_in(make_account(role)) if role else person

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
    """Start the application on a database of its own, and stop it at the end; only `serve` brings a worker along."""
    made: list[Served] = []

    def start(**changes: str) -> Served:
        name = f"served_{tmp_path.name}_{len(made)}"[:40]
        settings = settings_for(new_database(engine_name, name), **{"WEB_CONCURRENCY": "1", **changes})
        server = Served(tmp_path, settings)
        made.append(server)
        return server.start() if settings["RUN_WORKER"] == "true" else server.open()

    yield start
    for server in made:
        server.stop()

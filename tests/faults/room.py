"""A room that tests may break: a database of its own, looked into from here, and real servers on it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from app.accounts import keys
from app.core.identity import scopes_of, system_actor
from app.extensions import db
from config import Config
from tests.factories import make_account
from tests.services.machine import PROGRAMS
from tests.services.mariadb import MariaDb
from tests.services.served import GUNICORN, ROOT, Served
from tests.settings import settings_for

PATIENCE = 20
STOPPER = '''
"""The application, in a process that stops itself where a test asks it to."""

import os
import signal
import threading
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Engine

from wsgi import app

ARMED, STOPPED = Path("armed"), Path("stopped")


def stop():
    ARMED.unlink()
    STOPPED.touch()
    os.kill(os.getpid(), signal.SIGSTOP)
    threading.Event().wait()


def before_statement(connection, cursor, statement, *_):
    if ARMED.exists() and statement.startswith(ARMED.read_text() or "nothing"):
        stop()


event.listen(Engine, "before_cursor_execute", before_statement)


serve = app.wsgi_app


def watched(environ, start_response):
    answer = list(serve(environ, start_response))
    if ARMED.exists() and ARMED.read_text() == "the answer":
        stop()
    return answer


app.wsgi_app = watched
'''


@dataclass(frozen=True)
class Told:
    """What a server answered, and how long that took in seconds."""

    status: int
    headers: Mapping[str, str]
    text: str
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Room:
    """One database, an application of this process to look into it, and servers that are started on it."""

    def __init__(self, database_url: str, folder: Path, **changes: str) -> None:
        self.folder = folder
        self.settings = settings_for(database_url, WEB_CONCURRENCY="1", **changes)
        self.app: Flask = create_app(Config.from_env(self.settings, home=folder))
        self.servers: list[Served] = []
        (folder / "stopper.py").write_text(STOPPER)
        with self.app.app_context():
            upgrade(directory=str(ROOT / "migrations"))
        self.key = self.new_key("admin")

    def new_key(self, role: str) -> str:
        """Make an account with a role and return an API key that holds all its scopes."""
        with self.app.app_context():
            account = make_account(role)
            scopes = scopes_of(role) or ["records:read"]
            return keys.create_api_key(account.id, "tests", scopes, actor=system_actor()).secret

    def serve(self, *, stopper: bool = False, **changes: str) -> Served:
        """Start a server; with `stopper` it stops itself where `stop_at` says."""
        server = Served(self.folder, {**self.settings, **changes})
        self.servers.append(server)
        module = "stopper:app" if stopper else "wsgi:app"
        return server.start(*GUNICORN, module)

    def stop_at(self, place: str) -> None:
        """Have the next server process stop before a statement that begins so, or before "the answer"."""
        (self.folder / "armed").write_text(place)

    def wait_until_stopped(self) -> None:
        """Wait until the server has stopped itself."""
        wait_for((self.folder / "stopped").exists)
        (self.folder / "stopped").unlink()

    def call(self, server: Served, method: str, path: str, body: Any = None, **headers: str) -> Told:
        """Send one request on a connection of its own; an empty header leaves it out, the bearer too."""
        sent = {
            "Authorization": f"Bearer {self.key}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent = {name: value for name, value in sent.items() if value}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        began = time.monotonic()
        connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        try:
            connection.request(method, path if path.startswith("/health") else f"/api/v1{path}", raw, sent)
            answer = connection.getresponse()
            return Told(answer.status, dict(answer.headers), answer.read().decode(), time.monotonic() - began)
        finally:
            connection.close()

    def count(self, table: str) -> int:
        """Count rows; `table` may go on with a WHERE."""
        with self.app.app_context():
            return int(db.session.scalar(text(f"SELECT count(*) FROM {table}")))

    def execute(self, statement: str) -> None:
        """Run one statement past all rules of the program."""
        with self.app.app_context(), db.engine.begin() as connection:
            connection.execute(text(statement))

    def close(self) -> None:
        """Stop every server and let go of the database."""
        for server in self.servers:
            server.kill()
        with self.app.app_context():
            db.engine.dispose()


@contextmanager
def own_database_server(*options: str) -> Iterator[MariaDb]:
    """Start a database server that may be broken without spoiling other tests, with these options."""
    if PROGRAMS["mariadb"].find() is None:
        pytest.skip("not run: there is no MariaDB on this machine")
    server = MariaDb.start(*options)
    yield server
    server.stop()


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)

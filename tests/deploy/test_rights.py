"""The application works with the rights deploy/mysql/grants gives it, and they do not reach into the trail."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from app import create_app
from app.extensions import db
from config import Config
from tests import factories
from tests.browsing import JsonClient, Person
from tests.doors import as_boxes
from tests.services.mariadb import MariaDb
from tests.services.served import ROOT, Served
from tests.settings import settings_for

GRANTS = ROOT / "deploy/mysql/grants"
# The server is shared by all processes of the run, and each empties what it made.
ACCOUNT = f"narrow_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
PASSWORD = "narrow-for-the-tests"


@pytest.fixture
def narrow_url(new_database: Callable[[str, str], str], mariadb: MariaDb, administrator: Path) -> Iterator[str]:
    """Migrate as the owner, then lend the database to the application's own account."""
    owner = new_database("mariadb", "rights")
    app = create_app(Config.from_env(settings_for(owner), home=administrator.parent))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        db.engine.dispose()
    mariadb.execute(f"CREATE OR REPLACE USER '{ACCOUNT}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
    url = make_url(owner)
    grant(administrator, str(url.database))
    yield url.set(username=ACCOUNT, password=PASSWORD).render_as_string(hide_password=False)
    mariadb.execute(f"DROP USER '{ACCOUNT}'@'127.0.0.1'")


def grant(administrator: Path, database: str) -> None:
    """Run the script as a deployment does."""
    command = [str(GRANTS), str(administrator), database, f"{ACCOUNT}@127.0.0.1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def narrow(narrow_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Make the application on that account."""
    app = create_app(Config.from_env(settings_for(narrow_url), home=tmp_path))
    app.testing = True
    yield app
    with app.app_context():
        app.extensions["views"].later.flush()
        db.engine.dispose()


def test_a_day_at_both_doors_needs_no_more_rights(narrow: Flask) -> None:
    with narrow.app_context():
        admin = factories.make_account("admin")
    api = JsonClient(narrow.test_client()).sign_in(admin)
    given = factories.record_input()
    made = api.post("/users/", json=given, headers={"Idempotency-Key": "once"})
    path = f"/users/{made.json['id']}"
    steps = [
        made,
        api.post("/users/", json=given, headers={"Idempotency-Key": "once"}),
        api.get(path),
        api.patch(path, json={"name": "Asha Rao"}),
        api.post("/users/search/", json={"q": given["aadhaar"]}),
        api.post(f"{path}/reveal", json={"fields": ["aadhaar"], "reason": "a check by telephone"}),
        api.delete(path, json={"reason": "registered twice"}),
        api.post(f"{path}/restore"),
        api.get(f"{path}/history"),
        api.get("/audit"),
        api.post("/accounts", json={"email": "new@example.com", "role": "viewer", "password": factories.PASSWORD}),
        api.post("/api-keys", json={"name": "tests", "scopes": ["records:read"]}),
        api.post("/auth/password/forgot", json={"email": admin.email}),
    ]
    assert [step.status_code for step in steps] == [201, 201, 200, 200, 200, 200, 200, 200, 200, 200, 201, 201, 202]
    person = Person(narrow.test_client()).sign_in(admin)
    asked = person.submit("/records/new", **as_boxes(factories.record_input()))
    assert asked.status_code == 303
    assert person.submit(asked.location).status_code == 303
    assert narrow.test_client().get("/health/ready").status_code == 200
    done = narrow.test_cli_runner().invoke(args=["audit", "verify"])
    assert done.exit_code == 0, done.output


def test_the_whole_program_starts_on_it_when_the_owner_has_migrated(narrow_url: str, tmp_path: Path) -> None:
    server = Served(tmp_path, settings_for(narrow_url, WEB_CONCURRENCY="1"))
    server.start()
    server.stop()
    assert "First admin" in server.output()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor_id = NULL",
        "DELETE FROM audit_entries",
        "UPDATE audit_values SET sealed = ''",
        "TRUNCATE TABLE audit_entries",
        "ALTER TABLE user_records ADD COLUMN more INT",
        "DROP TABLE outbox",
        "CREATE TABLE mine (id INT)",
        "UPDATE alembic_version SET version_num = '0000'",
        "GRANT ALL ON *.* TO CURRENT_USER",
        "SELECT user FROM mysql.user",
    ],
)
def test_what_the_application_may_not_do_the_server_refuses(narrow: Flask, statement: str) -> None:
    with narrow.app_context(), pytest.raises(OperationalError) as refused:
        db.session.execute(text(statement))
    problem: Any = refused.value.orig
    assert isinstance(problem, pymysql.err.OperationalError)
    assert problem.args[0] in {1044, 1045, 1142, 1227}


def test_names_that_are_none_are_refused(administrator: Path) -> None:
    for account in ("a'b@localhost", "narrow@%'; DROP USER root"):
        done = subprocess.run([str(GRANTS), str(administrator), "rr_x", account], capture_output=True, check=False)
        assert done.returncode == 2

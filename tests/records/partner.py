"""What the tests of the JSON door share: systems with narrow keys, and looking into the tables."""

from typing import Any

from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.extensions import db
from tests.browsing import JsonClient
from tests.factories import make_account


def key_with(app: Flask, *scopes: str, role: str = "editor") -> JsonClient:
    """Return a system whose API key holds only these scopes."""
    with app.app_context():
        account = make_account(role)
    arguments = ["--account", account.email, "--scopes", ",".join(scopes), "--name", "partner"]
    done = app.test_cli_runner().invoke(args=["api-keys", "create", *arguments])
    assert done.exit_code == 0, done.output
    return JsonClient(app.test_client(), done.stdout.strip(), account)


def count(app: Flask, table: str) -> int:
    """Count rows; `table` may go on with a WHERE."""
    with app.app_context():
        return int(db.session.scalar(text(f"SELECT count(*) FROM {table}")))


def execute(app: Flask, statement: str, **values: Any) -> int:
    """Run one statement past all rules of the program; return how many rows it touched."""
    with app.app_context(), db.engine.begin() as connection:
        return int(connection.execute(text(statement), values).rowcount)


def codes(answer: TestResponse) -> dict[str, str]:
    """Return the code of each bad field of a problem."""
    return {error["field"]: error["code"] for error in answer.json["errors"]}

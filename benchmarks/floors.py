"""What the same server does at best: nothing, Flask alone, and Flask with one look-up by primary key."""

import os
from collections.abc import Callable, Iterable
from threading import local
from typing import Any
from uuid import UUID

from flask import Flask, Response
from sqlalchemy import make_url

BODY = b'{"status":"ok"}'
StartResponse = Callable[[str, list[tuple[str, str]]], object]

url = make_url(os.environ.get("FLOOR_DATABASE_URL", "sqlite://"))
is_file = url.get_backend_name() == "sqlite"
driver: Any = url.get_dialect().import_dbapi()
LOOK_UP = f"SELECT * FROM user_records WHERE id = {'?' if is_file else '%s'}"  # noqa: S608 - how the driver marks a value
mine = local()
flask = Flask(__name__)


def bare(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer a constant without any framework."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]


@flask.get("/constant")
def constant() -> Response:
    """Answer a constant."""
    return Response(BODY, mimetype="application/json")


@flask.get("/row/<record_id>")
def row(record_id: str) -> Response:
    """Answer one row by its primary key."""
    cursor = _connection().cursor()
    cursor.execute(LOOK_UP, (UUID(record_id).bytes,))
    found = cursor.fetchone()
    cursor.close()
    return Response(f'{{"name":"{found[3]}"}}', mimetype="application/json")


def _connection() -> Any:
    if not hasattr(mine, "connection"):
        mine.connection = _connect()
    return mine.connection


def _connect() -> Any:
    if is_file:
        return driver.connect(url.database, isolation_level=None)
    return driver.connect(
        host=url.host, port=url.port or 3306, user=url.username or "", password=url.password or "",
        database=url.database or "", charset="utf8mb4", autocommit=True,
    )  # fmt: skip

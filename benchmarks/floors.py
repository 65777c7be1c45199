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

url = make_url(os.environ.get("FLOOR_DATABASE_URL", "mysql+pymysql://"))
driver = __import__(url.get_dialect().import_dbapi().__name__) if url.host else None
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
    with _connection().cursor() as cursor:
        cursor.execute("SELECT * FROM user_records WHERE id = %s", (UUID(record_id).bytes,))
        found = cursor.fetchone()
    return Response(f'{{"name":"{found[3]}"}}', mimetype="application/json")


def _connection() -> Any:
    if not hasattr(mine, "connection"):
        assert driver is not None  # noqa: S101 - the server was started with a database
        mine.connection = driver.connect(
            host=url.host, port=url.port or 3306, user=url.username or "", password=url.password or "",
            database=url.database or "", charset="utf8mb4", autocommit=True,
        )  # fmt: skip
    return mine.connection

"""A small application with all that stands between the network and a view, and views that only tell what reached them.

It proves the rules of the JSON door without a database; the whole application proves them again with one.
"""

from pathlib import Path
from typing import Annotated, Any, ClassVar

from flask import Flask, Response, abort
from flask.testing import FlaskClient
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import OperationalError

from app.core import access, headers, ids, json, limits, logging, metrics, problems, validation
from app.core.access import public
from app.core.doors import answers, reply
from app.core.errors import AccountLocked, RateLimited, VersionConflict
from app.core.validation import accepts, queries
from config import Config
from tests.settings import production_settings, settings_for

VERSION = "0193a1f0-0000-7000-8000-000000000001"


class Item(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    code: str


class Note(BaseModel):
    """An input with one field of every kind."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)
    required_words: ClassVar[dict[str, str]] = {"title": "Enter the title of the note"}
    immutable: ClassVar[frozenset[str]] = frozenset({"number"})

    title: Annotated[str, Field(min_length=2, max_length=10)]
    done: bool = False
    count: Annotated[int, Field(ge=0, le=9)] = 0
    items: Annotated[list[Item], Field(min_length=1, max_length=2)] | None = None


class NoteQuery(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    page: Annotated[int, Field(ge=1)] = 1
    done: bool | None = None
    q: str | None = None


class LoginForm(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    username: str


def toy_room(folder: Path, *, production: bool = False, **changes: str) -> Flask:
    """Make the small application."""
    make = production_settings if production else settings_for
    config = Config.from_env(make(f"sqlite:///{folder}/toy.sqlite3", MAX_REQUEST_BYTES="4096", **changes))
    app = Flask("toy", root_path=str(folder))
    app.extensions["config"] = config
    app.config["MAX_CONTENT_LENGTH"] = config.max_request_bytes
    for part in (logging, metrics, headers, json, ids, limits, access, validation, problems):
        part.init_app(app)
    _add_routes(app)
    return app


def toy_client(folder: Path, **changes: Any) -> FlaskClient:
    """Return a client of the small application."""
    return toy_room(folder, **changes).test_client()


def _add_routes(app: Flask) -> None:
    _add_inputs(app)
    _add_answers(app)
    _add_failures(app)


def _add_inputs(app: Flask) -> None:
    @app.route("/api/v1/notes", methods=["POST", "PATCH", "PUT"])
    @public("toy")
    @accepts(Note)
    @answers(201, Note)
    def create(data: Note) -> Response:
        return reply(data, 201)

    @app.delete("/api/v1/notes")
    @public("toy")
    @accepts(Item)
    def remove(data: Item) -> Response:
        return reply(data)

    @app.post("/api/v1/undo")
    @public("toy")
    @accepts(NoteQuery, optional=True)
    def undo(data: NoteQuery) -> Response:
        return reply(data)

    @app.post("/api/v1/sign-in")
    @public("toy")
    @accepts(Item, form=LoginForm)
    def sign_in(data: Item | LoginForm) -> Response:
        return reply(data)

    @app.get("/api/v1/notes")
    @public("toy")
    @queries(NoteQuery)
    def listed(query: NoteQuery) -> Response:
        return reply(query)

    @app.get("/api/v1/bare")
    @public("toy")
    @queries()
    def bare() -> Response:
        return reply({"ok": True})


def _add_answers(app: Flask) -> None:
    @app.get("/api/v1/users/<id:record_id>")
    @public("toy")
    @answers(200, Item, conditional=True)
    def one(record_id: object) -> Response:
        return reply({"id": str(record_id)}, etag=VERSION)

    @app.post("/api/v1/logout")
    @public("toy")
    def nothing() -> Response:
        return reply(status=204)

    @app.get("/health/live")
    @public("toy")
    def page() -> str:
        return "a page"


def _add_failures(app: Flask) -> None:
    def fail(kind: str) -> Response:
        if kind == "bug":
            secret = "ravi@example.com 234123412346"
            raise RuntimeError(secret)
        if kind == "database":
            raise OperationalError("SELECT ravi@example.com", {}, Exception("gone"))
        if kind == "conflict":
            raise VersionConflict(VERSION, {"name", "email"}, precondition=True)
        if kind == "locked":
            raise AccountLocked(90)
        if kind == "limited":
            raise RateLimited(7)
        abort(int(kind))

    app.add_url_rule("/api/v1/fail/<kind>", "fail", public("toy")(fail))

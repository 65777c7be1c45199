"""What a route declares about itself, and how the JSON door answers.

Each decorator on a view (`@requires`, `@idempotent`, `@expects_version`, `@accepts`) writes what it enforces into the
view's `Door`. Tests and the OpenAPI document read it there, so neither can tell another story than the code.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import orjson
from flask import Flask, Response, current_app
from flask.globals import request_ctx
from pydantic import BaseModel

API_PREFIX = "/api/v1"
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"

View = Callable[..., Any]
AccessHook = Callable[["Door"], None]


@dataclass(slots=True)
class Door:
    """The declared safeguards and shapes of one view. `scopes` are alternatives: any one of them opens the door."""

    permission: str | None = None
    scopes: tuple[str, ...] = ()
    public: str | None = None
    signed_in: bool = False
    refuses_keys: bool = False
    gate: Callable[[], None] | None = None
    hides_address: bool = False
    proven_within: timedelta | None = None
    limit: str = "default"
    body: type[BaseModel] | None = None
    body_optional: bool = False
    form: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    produces: tuple[str, ...] = (JSON_TYPE,)
    answers: dict[int, Any] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    idempotent: bool = False
    versioned: bool = False
    conditional: bool = False

    @property
    def is_declared(self) -> bool:
        """Tell whether anybody has said who may pass."""
        return bool(self.scopes or self.public or self.signed_in or self.permission)


def door_of(view: View) -> Door:
    """Return the view's door, made on first asking. `functools.wraps` carries it outward through the decorators."""
    door = getattr(view, "door", None)
    if door is None:
        door = Door()
        vars(view)["door"] = door
    return cast(Door, door)


def answers(
    status: int = 200, body: Any = None, *, refuses: tuple[str, ...] = (), conditional: bool = False
) -> Callable[[View], View]:
    """Declare the good answer of a view: its status, its schema, and the codes of its own refusals.

    `conditional` says that it carries an ETag.
    """

    def declare(view: View) -> View:
        door = door_of(view)
        door.answers[status] = body
        door.refusals += refuses
        door.conditional = door.conditional or conditional
        return view

    return declare


def doors(app: Flask) -> Iterator[tuple[str, str, tuple[str, ...], Door]]:
    """List every route as (endpoint, rule, methods, door), static files left out."""
    for rule in app.url_map.iter_rules():
        if is_static(rule.endpoint):
            continue
        methods = tuple(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        yield rule.endpoint, rule.rule, methods, door_of(app.view_functions[rule.endpoint])


def on_access_granted(app: Flask, hook: AccessHook) -> None:
    """Have `hook` called once a request is known, within its limit and permitted; before its view does anything."""
    app.extensions.setdefault("on_access_granted", []).append(hook)


def access_granted(door: Door) -> None:
    """Run what follows permission (CONTRACT section 10: 413, 415, 406, 400). The access decorators call this last."""
    for hook in current_app.extensions.get("on_access_granted", ()):
        hook(door)


def is_api() -> bool:
    """Tell whether the request came to the JSON door, also to a path of it that does not exist."""
    path = request_ctx.request.path
    return path.startswith("/api/") or path == "/api"


def is_static(endpoint: str | None) -> bool:
    """Tell whether an endpoint hands out files."""
    return endpoint is not None and endpoint.rpartition(".")[2] == "static"


def reply(
    body: Any = None,
    status: int = 200,
    *,
    etag: UUID | str | None = None,
    location: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer JSON. With `etag` the answer is one record: it may be kept for revalidation (RFC 9110 §13.1.2: 304).

    Without it the answer is `no-store`, as everything else under /api/v1 is.
    """
    told = {**(headers or {}), "Cache-Control": "no-store" if etag is None else "private, no-cache"}
    if location is not None:
        told["Location"] = location
    if etag is not None:
        told["ETag"] = f'"{etag}"'
    response = Response(encode(body), status, told, mimetype=JSON_TYPE) if status != 204 else Response(None, 204, told)
    if etag is not None and _is_known(str(etag)):
        response.status_code = 304
        response.set_data(b"")
    return response


def _is_known(etag: str) -> bool:
    asked = request_ctx.request
    if "HTTP_IF_NONE_MATCH" not in asked.environ or asked.method not in ("GET", "HEAD"):
        return False
    known = asked.if_none_match
    return known.star_tag or known.contains_weak(etag)


def encode(body: Any) -> bytes:
    """Write a body as JSON: UTC times with Z, UUIDs as text. Bytes are taken as JSON that is ready."""
    if isinstance(body, bytes):
        return body
    return orjson.dumps(body, default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_none=False)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")

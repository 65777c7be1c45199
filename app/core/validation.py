"""Input at the JSON door: the body in two steps, the query string in one.

Step one, `read_body`, runs when permission is settled and before idempotency: can the body be read at all (413, 415,
406, 400)? Step two, `@accepts`, runs last before the view: are its fields good (422)? CONTRACT section 10 has the
order. Forms come in by `core/forms.py` and meet the same schemas.
"""

from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import Any, TypeVar, cast
from urllib.parse import unquote_to_bytes

from flask import Flask, g, request
from flask.globals import request_ctx
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import RequestEntityTooLarge

from app.core import bodies, strict_json
from app.core.checks import Checks
from app.core.doors import FORM_TYPE, JSON_TYPE, Door, View, door_of, is_api, on_access_granted
from app.core.errors import (
    FieldError,
    MalformedRequest,
    NotAcceptable,
    RequestTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
)
from app.core.fields import field_errors, show_name
from app.core.office import office_today
from app.core.settings import settings
from app.core.transport import from_text

MERGE_PATCH_TYPE = "application/merge-patch+json"
PROBLEM_TYPE = "application/problem+json"
BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

S = TypeVar("S", bound=BaseModel)


class Nothing(BaseModel):
    """No field at all: the schema of a call without parameters."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


def init_app(app: Flask) -> None:
    """Have every request's body read whole, and once its permission is settled."""
    bodies.init_app(app)
    on_access_granted(app, read_body)


def read_body(door: Door) -> None:
    """Do step one for the door a request came through; pages read their forms themselves."""
    if not is_api():
        return
    g.body = {}
    may_bring = request_ctx.request.method in BODY_METHODS
    raw = _bounded_bytes() if may_bring else b""
    takes_body = may_bring and door.body is not None
    if takes_body:
        _refuse_type(door, raw)
    _refuse_accept(door)
    if takes_body:
        g.body = _parse(door, raw)


def read_json_body() -> dict[str, Any]:
    """Return the request's JSON object as step one read it."""
    body: dict[str, Any] = g.body
    return body


def accepts(
    schema: type[BaseModel], *, optional: bool = False, form: type[BaseModel] | None = None
) -> Callable[[View], View]:
    """Hand the view the checked body as `data`.

    An absent body counts as `{}` on DELETE and where it is `optional`. With `form` the call takes that schema as
    application/x-www-form-urlencoded as well. Raises ValidationFailed.
    """

    def decorate(view: View) -> View:
        door = door_of(view)
        door.body, door.body_optional, door.form = schema, optional, form

        @wraps(view)
        def with_data(*args: Any, **kwargs: Any) -> Any:
            chosen = form if form is not None and request.mimetype == FORM_TYPE else schema
            surplus = list(_query_errors(Nothing)) if door.query is None and request.query_string else []
            return view(*args, data=check(chosen, read_json_body(), surplus), **kwargs)

        return with_data

    return decorate


def queries(schema: type[BaseModel] = Nothing) -> Callable[[View], View]:
    """Hand the view the checked query string as `query`; with no schema, refuse every parameter.

    Raises ValidationFailed naming each parameter that is unknown, repeated or malformed.
    """

    def decorate(view: View) -> View:
        door_of(view).query = schema

        @wraps(view)
        def with_query(*args: Any, **kwargs: Any) -> Any:
            query = read_query(schema)
            return view(*args, **kwargs) if schema is Nothing else view(*args, query=query, **kwargs)

        return with_query

    return decorate


def read_query(schema: type[S]) -> S:
    """Read the query string as strictly as a body. Raises ValidationFailed."""
    if not request_ctx.request.query_string:
        return cast(S, _nothing_asked(schema))
    first = {name: request.args[name] for name in request.args}
    return check(schema, from_text(schema, first), list(_query_errors(schema)))


@cache
def _nothing_asked(schema: type[BaseModel]) -> BaseModel:
    # Defaults are constants that nobody judges, and what is read from an address cannot be changed.
    return check(schema, {})


def read_query_leniently(schema: type[S]) -> S:
    """Read the query string of a page: what is unknown or wrong is left out, as an old bookmark deserves."""
    bad = {error.field for error in _query_errors(schema)}
    given = {name: request.args[name] for name in request.args if name in schema.model_fields and name not in bad}
    typed = from_text(schema, given)
    try:
        return schema.model_validate(typed, context=checks())
    except ValidationError as refused:
        wrong = {error.field for error in field_errors(refused, schema, typed)}
        kept = {name: value for name, value in typed.items() if name not in wrong}
    return schema.model_validate(kept if "" not in wrong else {}, context=checks())


def check(schema: type[S], given: dict[str, Any], found_before: list[FieldError] | None = None) -> S:
    """Check an input against its schema. Raises ValidationFailed with every bad field, `found_before` first."""
    before = list(found_before or ())
    named = {error.field for error in before}
    try:
        data = schema.model_validate(given, context=checks())
    except ValidationError as refused:
        after = [error for error in field_errors(refused, schema, given) if error.field not in named]
        raise ValidationFailed([*before, *after]) from None
    if before:
        raise ValidationFailed(before)
    return data


def checks() -> Checks:
    """Return what schemas may know of this moment: the office's date and the server's rules."""
    config = settings()
    return Checks(
        today=office_today(),
        allow_test_identities=config.allow_test_identities,
        timezone=config.timezone,
        password_policy=config.password_policy,
        allow_private_targets=config.webhook_allow_private,
        max_page_size=config.max_page_size,
    )


def _query_errors(schema: type[BaseModel]) -> Iterator[FieldError]:
    broken = set(_names_of_broken_text())
    known = {field.alias or name for name, field in schema.model_fields.items()}
    for name, values in request.args.lists():
        if name not in known:
            yield FieldError(show_name(name), "UNKNOWN_FIELD", "There is no parameter of this name")
        elif len(values) > 1:
            yield FieldError(name, "INVALID", "Give this parameter once")
        elif any(ord(letter) < 32 or ord(letter) == 127 for letter in values[0]):
            yield FieldError(name, "INVALID", "Holds characters that are no text")
        elif name in broken:
            yield FieldError(name, "INVALID", "Is not UTF-8")


def _names_of_broken_text() -> Iterator[str]:
    # Werkzeug keeps what is not UTF-8 as it stood in the address, %FF for instance, as if that had been meant.
    for pair in request.query_string.split(b"&"):
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        try:
            unquote_to_bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            yield unquote_to_bytes(name).decode("utf-8", "replace")


def _bounded_bytes() -> bytes:
    limit = request.max_content_length or settings().max_request_bytes
    try:
        raw = request.get_data(cache=True)
    except RequestEntityTooLarge:
        raise RequestTooLarge(f"Send at most {limit} bytes at once.") from None
    # A body that came without its length is cut at the limit in silence, so one more byte is asked for (werkzeug).
    if request.content_length is None and len(raw) >= limit and request.environ["wsgi.input"].read(1):
        raise RequestTooLarge(f"Send at most {limit} bytes at once.")
    return raw


def _refuse_type(door: Door, raw: bytes) -> None:
    if not raw and _may_be_absent(door):
        return
    allowed = {JSON_TYPE} | ({MERGE_PATCH_TYPE} if request.method == "PATCH" else set())
    allowed |= {FORM_TYPE} if door.form is not None else set()
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if request.mimetype not in allowed or encoding != "identity":
        accepted = {"Accept-Patch" if request.method == "PATCH" else "Accept": ", ".join(sorted(allowed))}
        raise UnsupportedMediaType(headers={**accepted, "Accept-Encoding": "identity"})


def _may_be_absent(door: Door) -> bool:
    return door.body_optional or request.method == "DELETE"


def _refuse_accept(door: Door) -> None:
    if not request_ctx.request.environ.get("HTTP_ACCEPT", "").strip():
        return
    # What parameters ask for beside the type ("; charset=utf-8") has one answer here, so they do not count.
    wanted = MIMEAccept([(kind.partition(";")[0], quality) for kind, quality in request.accept_mimetypes])
    offered = (*door.produces, PROBLEM_TYPE)
    if not any(wanted.quality(offer) > 0 for offer in offered):
        raise NotAcceptable(f"This call answers with {' or '.join(door.produces)}. Allow it in the Accept header.")


def _parse(door: Door, raw: bytes) -> dict[str, Any]:
    if not raw and _may_be_absent(door):
        return {}
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise MalformedRequest("Send the body in UTF-8.")
    return _form_fields() if request.mimetype == FORM_TYPE else strict_json.parse(raw)


def _form_fields() -> dict[str, Any]:
    repeated = [name for name, values in request.form.lists() if len(values) > 1]
    if repeated:
        raise MalformedRequest("The form gives the same field twice.")
    return request.form.to_dict()

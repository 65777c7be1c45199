"""How a refusal looks at each door: problem+json for the API (RFC 9457), a page or a fragment for people.

Nothing of an error's own text gets out: the words come from the refusal or from the catalogue of codes.
"""

from contextlib import suppress
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, render_template, request, session
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.core import doors, errors
from app.core.access import public
from app.core.catalogue import BY_SLUG, CATALOGUE, Problem
from app.core.doors import encode, is_api
from app.core.errors import DomainError
from app.core.htmx import is_htmx, retarget
from app.core.logging import log, request_id
from app.core.settings import settings

PROBLEM_TYPE = "application/problem+json"
RECORDS_PREFIX = f"{doors.API_PREFIX}/users/"
FORM_IS_OLD = (
    "This form is out of date. Nothing was saved. Copy what you typed. Load the page again and send it once more."
)
DRAIN_BYTES = 32 << 20
DATABASE_ERRORS = (OperationalError, InterfaceError, DisconnectionError, PoolTimeout)
WITHOUT_DATABASE = frozenset({500, 503})

_BY_STATUS: dict[int, type[DomainError]] = {
    401: errors.NotAuthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    406: errors.NotAcceptable,
    413: errors.RequestTooLarge,
    415: errors.UnsupportedMediaType,
    503: errors.Unavailable,
}

bp = Blueprint("problems", __name__)


def init_app(app: Flask) -> None:
    """Have every refusal and every failure answered here."""
    app.register_error_handler(DomainError, answer)
    app.register_error_handler(CSRFError, _old_form)
    app.register_error_handler(HTTPException, _http)
    for lost in DATABASE_ERRORS:
        app.register_error_handler(lost, _database_away)
    app.register_error_handler(Exception, _unexpected)
    app.after_request(_options_without_body)
    app.register_blueprint(bp)


def problem(refusal: DomainError) -> dict[str, Any]:
    """Shape a refusal as a problem object; batches put it beside their items."""
    entry = CATALOGUE[refusal.code]
    body: dict[str, Any] = {
        "type": f"{settings().base_url}/problems/{entry.slug}",
        "title": entry.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "request_id": request_id(),
        **refusal.extra,
    }
    if refusal.errors:
        body["errors"] = [error.as_json() for error in refusal.errors]
    return body


def answer(refusal: DomainError) -> Response:
    """Answer a refusal in the clothes of the door it came through."""
    if refusal.status == 413:
        _drain()
    response = _as_json(refusal) if is_api() else _as_html(refusal)
    response.headers.update(refusal.headers)
    response.headers["Cache-Control"] = "no-store"
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _as_json(refusal: DomainError) -> Response:
    response = Response(encode(problem(refusal)), refusal.status, mimetype=PROBLEM_TYPE)
    response.headers["Content-Language"] = "en"
    return response


def _as_html(refusal: DomainError) -> Response:
    kind = "fragment" if is_htmx() else "page"
    response = Response(_render(f"errors/{kind}.html", refusal), refusal.status, mimetype="text/html")
    return retarget(response) if is_htmx() else response


def _render(template: str, refusal: DomainError) -> str:
    context = {
        "code": refusal.code,
        "status": refusal.status,
        "title": refusal.title,
        "detail": refusal.detail,
        "remedy": CATALOGUE[refusal.code].remedy,
        "request_id": request_id(),
        "errors": refusal.errors,
        "retry_after": refusal.headers.get("Retry-After"),
    }
    if refusal.status not in WITHOUT_DATABASE:
        return render_template(template, **context, outage=False)
    # The application's context processors ask the database who is signed in; here it may be the database that failed.
    bare = {"request": request, "session": session, "g": g, "config": current_app.config}
    return current_app.jinja_env.get_template(template).render(**bare, **context, outage=True)


def _http(error: HTTPException) -> Response | HTTPException:
    if isinstance(error, RequestRedirect) or (error.code or 500) < 400:
        return error
    if isinstance(getattr(error, "original_exception", None), DATABASE_ERRORS):
        # The page that was to tell of another error asked the database who is signed in.
        return answer(errors.Unavailable())
    response = answer(_refusal_for(error.code or 500))
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _refusal_for(status: int) -> DomainError:
    if status == 404 and is_record_path():
        return _RecordNotFound()
    refusal = _BY_STATUS.get(status)
    if refusal is not None:
        return refusal()
    return errors.MalformedRequest() if status < 500 else errors.InternalError()


class _RecordNotFound(errors.NotFound):
    # The words of CONTRACT section 10 for whatever stands where a record's id belongs, a malformed id as well.
    code = "USER_NOT_FOUND"
    words = "User not found"


def is_record_path() -> bool:
    """Tell whether the request's path lies under one record's."""
    return request.path.startswith(RECORDS_PREFIX) and len(request.path) > len(RECORDS_PREFIX)


def _old_form(_error: CSRFError) -> Response:
    return answer(errors.MalformedRequest(FORM_IS_OLD))


def _database_away(error: Exception) -> Response:
    log.error("database.away", exc_info=error)
    return answer(errors.Unavailable())


def _unexpected(error: Exception) -> Response:
    log.error("request.failed", exc_info=error)
    for report in current_app.extensions.get("fault_reports", ()):
        report(error)
    return answer(errors.InternalError())


def _drain() -> None:
    """Read off what was refused for its size, up to a bound: a caller still sending would not hear the answer."""
    stream, left = request.environ["wsgi.input"], DRAIN_BYTES
    announced = request.content_length or 0
    if not request.environ.get("wsgi.input_terminated"):
        # Nothing marks the end of this stream, so only a body that nobody began to read can be counted off.
        left = min(left, announced) if announced > (request.max_content_length or 0) else 0
    with suppress(errors.MalformedRequest):  # a caller who hangs up meanwhile was refused already
        while left > 0 and (chunk := stream.read(min(left, 65536))):
            left -= len(chunk)


def _options_without_body(response: Response) -> Response:
    if request.method == "OPTIONS" and response.status_code == 200:
        response.status_code = 204
        response.set_data(b"")
        response.headers.pop("Content-Type", None)
    return response


@bp.get("/problems/<slug>")
@public("problem answers lead here")
def explain(slug: str) -> str:
    """Explain one problem code to people."""
    entry = BY_SLUG.get(slug)
    if entry is None:
        raise errors.NotFound
    return render_template("problems/show.html", problem=entry)


@bp.get("/problems/")
@public("problem answers lead here")
def index() -> str:
    """List the problem codes."""
    listed: list[Problem] = sorted(CATALOGUE.values(), key=lambda entry: (entry.statuses[0], entry.code))
    return render_template("problems/index.html", problems=listed)

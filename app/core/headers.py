"""What every answer carries, errors too: who may frame it, run in it, keep it, and ask for it from elsewhere."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app
from flask.globals import request_ctx
from flask_cors import CORS

from app.core.doors import door_of, is_api, is_static
from app.core.errors import MalformedRequest
from config import Config

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
EXPOSED = (
    "ETag",
    "Location",
    "Link",
    "X-Request-ID",
    "Retry-After",
    "Idempotency-Replayed",
    "RateLimit",
    "RateLimit-Policy",
)
ALLOWED = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-ID", "Accept")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
PREFLIGHT_SECONDS = 600

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
# Not no-referrer: browsers without Fetch Metadata tell by it where a form comes from (RFC 9110 §10.1.3).
REFERRER = "same-origin"
API_VARY = "Authorization, Origin"
PAGE_VARY = "Cookie, HX-Request"
# Where gunicorn_refusal.py says with which status a request is refused that the server itself could not read.
UNREADABLE = "record_room.unreadable"
TOO_MUCH = {
    414: "The address of the request is too long. Send what is long in the body.",
    417: "The request expects something that this server does not do. Leave the Expect header out.",
    431: "The headers of the request are too long or too many. Leave out what is not needed.",
}


class Unreadable(MalformedRequest):
    """The server could not find out what is asked."""

    def __init__(self, status: int) -> None:
        super().__init__(TOO_MUCH.get(status))
        self.status = status


def init_app(app: Flask) -> None:
    """Set the headers of every answer, let allowed origins read the API, and refuse foreign hosts in production."""
    config: Config = app.extensions["config"]
    app.before_request(_refuse_unreadable(config))
    app.after_request(_secure)
    app.wsgi_app = _sealed(app.wsgi_app, config.is_production)  # type: ignore[method-assign]  # Flask's own way to wrap
    # As patterns, because the library compares plain texts without regard to case, takes one with a bracket for a
    # pattern, and tells plain ones to callers who name no origin.
    origins = [re.compile(re.escape(origin.lower()) + r"\Z") for origin in config.allowed_origins]
    if origins:
        CORS(
            app,
            resources={r"/api/.*": {"origins": origins}},
            expose_headers=list(EXPOSED),
            allow_headers=list(ALLOWED),
            methods=list(METHODS),
            supports_credentials=False,
            always_send=False,
            vary_header=True,
            max_age=PREFLIGHT_SECONDS,
        )


def _refuse_unreadable(config: Config) -> Callable[[], None]:
    known = LOOPBACK | {urlsplit(config.base_url).hostname}

    def check() -> None:
        asked = request_ctx.request
        given = asked.environ
        # WSGI joins headers of one name by a comma, which a host or a bearer token never holds (RFC 9110 §5.3);
        # where one could stand in the value as well, gunicorn.conf.py says what came apart.
        twice = "," in given.get("HTTP_HOST", "") or "," in given.get("HTTP_AUTHORIZATION", "")
        if UNREADABLE in given:
            raise Unreadable(given[UNREADABLE])
        if twice or "HTTP_GIVEN_TWICE" in given:
            raise MalformedRequest("The request gives a header twice that can stand only once.")
        if "HTTP_HOST" not in given and given["SERVER_PROTOCOL"] == "HTTP/1.1":
            raise MalformedRequest("The request names no host.")
        if asked.query_string and not _is_utf8(asked.query_string):
            raise MalformedRequest("The part of the address after the question mark is not UTF-8.")
        if config.is_production and _host_name(asked.host) not in known:
            raise MalformedRequest("This server does not answer to that host name.")

    return check


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=256)
def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _sealed(inner: Any, is_production: bool) -> Any:
    """Add what is the same on every answer as it leaves; as headers of Flask's they would be copied one by one."""
    fixed = list({**_FIXED, **(_HTTPS if is_production else {})}.items())

    def serve(environ: Any, start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            return start_response(status, [*headers, *fixed], error)

        return inner(environ, start)

    return serve


def _secure(response: Response) -> Response:
    headers, endpoint, from_api = response.headers, request_ctx.request.endpoint, is_api()
    headers.setdefault("Content-Security-Policy", CSP)
    if not is_static(endpoint):
        _vary(response, API_VARY if from_api else PAGE_VARY)
        headers.setdefault("Cache-Control", "no-store")
    headers.add("Cross-Origin-Resource-Policy", "cross-origin" if from_api else "same-origin")
    headers.add("Referrer-Policy", "no-referrer" if _hides_address(endpoint) else REFERRER)
    return response


def _hides_address(endpoint: str | None) -> bool:
    view = current_app.view_functions.get(endpoint or "")
    return view is not None and door_of(view).hides_address


def _vary(response: Response, names: str) -> None:
    if "Vary" in response.headers:
        response.vary.update(names.split(", "))
    else:
        response.headers.add("Vary", names)

"""What every answer carries, errors too: who may frame it, run in it, keep it, and ask for it from elsewhere."""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from flask_cors import CORS

from app.core.doors import door_of, is_api
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
    # Not no-referrer: the check of forms over https needs the page's own address (RFC 9110 §10.1.3).
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
API_VARY = "Authorization, Origin"
PAGE_VARY = "Cookie, HX-Request"


def init_app(app: Flask) -> None:
    """Set the headers of every answer, let allowed origins read the API, and refuse foreign hosts in production."""
    config: Config = app.extensions["config"]
    app.before_request(_refuse_unreadable(config))
    app.after_request(_secure(config.is_production))
    origins = [origin for origin in config.allowed_origins if origin != "null"]
    if origins:
        CORS(
            app,
            resources={r"/api/.*": {"origins": origins}},
            expose_headers=list(EXPOSED),
            allow_headers=list(ALLOWED),
            methods=list(METHODS),
            supports_credentials=False,
            vary_header=True,
            max_age=PREFLIGHT_SECONDS,
        )


def _refuse_unreadable(config: Config) -> Callable[[], None]:
    known = LOOPBACK | {urlsplit(config.base_url).hostname}

    def check() -> None:
        if _is_doubled("Host") or _is_doubled("Authorization"):
            raise MalformedRequest("The request gives a header twice that can stand only once.")
        if "HTTP_HOST" not in request.environ and request.environ["SERVER_PROTOCOL"] == "HTTP/1.1":
            raise MalformedRequest("The request names no host.")
        if not _is_utf8(request.query_string):
            raise MalformedRequest("The part of the address after the question mark is not UTF-8.")
        if config.is_production and _host_name() not in known:
            raise MalformedRequest("This server does not answer to that host name.")

    return check


def _is_doubled(name: str) -> bool:
    # WSGI joins headers of one name by a comma, which a host or a bearer token never holds (RFC 9110 §5.3).
    return "," in request.headers.get(name, "")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _host_name() -> str:
    try:
        return urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return ""


def _secure(is_production: bool) -> Callable[[Response], Response]:
    fixed = {**_FIXED, **(_HTTPS if is_production else {})}
    pages = list({**fixed, "Cross-Origin-Resource-Policy": "same-origin"}.items())
    api = list({**fixed, "Cross-Origin-Resource-Policy": "cross-origin"}.items())

    def finish(response: Response) -> Response:
        headers = response.headers
        own_policy = headers.get("Content-Security-Policy", CSP)
        from_api = is_api()
        headers.extend(api if from_api else pages)
        headers["Content-Security-Policy"] = own_policy
        if _hides_address():
            headers["Referrer-Policy"] = "no-referrer"
        if (request.endpoint or "").rpartition(".")[2] != "static":
            _vary(response, API_VARY if from_api else PAGE_VARY)
            headers.setdefault("Cache-Control", "no-store")
        return response

    return finish


def _hides_address() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return view is not None and door_of(view).hides_address


def _vary(response: Response, names: str) -> None:
    if "Vary" in response.headers:
        response.vary.update(names.split(", "))
    else:
        response.headers["Vary"] = names

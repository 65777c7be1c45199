"""Who may pass: every route says so on its lid, and a route that says nothing is shut.

The checks run before the view and in the contract's order: 401, 429, 403, and
then whatever `doors.access_granted` adds. The API takes a bearer and never
looks at a cookie; pages take the session and never look at a bearer.
"""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.globals import app_ctx, request_ctx
from flask_login import current_user

from app.core import audit, forgery, limits
from app.core.actions import Action, Outcome
from app.core.doors import Door, access_granted, door_of, is_api, is_static
from app.core.errors import ExpiredToken, Forbidden, InvalidToken, NotAuthenticated
from app.core.identity import Actor, anonymous_actor
from app.core.transaction import command

V = TypeVar("V", bound=Callable[..., Any])
Authenticator = Callable[[str], Actor]
SAFE_METHODS = frozenset({"GET", "HEAD"})
ADDRESS_LENGTH = 45
ADDRESSES_REMEMBERED, GIVEN_LENGTH = 4096, 128
SIGN_IN_PAGE = "accounts_web.login"


def requires(scope: str, *alternatives: str, limit: str = "default") -> Callable[[V], V]:
    """Let in whoever holds one of the scopes."""

    def declare(view: V) -> V:
        door = door_of(view)
        door.scopes, door.permission, door.limit = (scope, *alternatives), scope, limit
        return view

    return declare


def signed_in(view: V) -> V:
    """Let in whoever has signed in or shows an API key, whatever their scopes."""
    door_of(view).signed_in = True
    return view


def account_only(view: V) -> V:
    """Keep API keys out of a route that others may pass."""
    door_of(view).refuses_keys = True
    return view


def public(reason: str, *, limit: str = "default") -> Callable[[V], V]:
    """Let everybody in, and say why. `limit` is `default`, `auth` (sign-in and its like) or `none`."""

    def declare(view: V) -> V:
        door = door_of(view)
        door.public, door.limit = reason, limit
        return view

    return declare


def gated(gate: Callable[[], None]) -> Callable[[V], V]:
    """Ask `gate`, which may raise Forbidden, before anybody passes: for what the settings can shut."""

    def declare(view: V) -> V:
        door_of(view).gate = gate
        return view

    return declare


def hides_address(view: V) -> V:
    """Have the browser tell nobody the address of a page that holds a token, not even this site."""
    door_of(view).hides_address = True
    return view


def init_app(app: Flask) -> None:
    """Put the checks before every view."""
    forgery.init_app(app)
    app.before_request(admit)


def use_authenticator(app: Flask, authenticator: Authenticator) -> None:
    """Have bearers read by `authenticator`: token in, actor out. It raises InvalidToken or ExpiredToken."""
    app.extensions["authenticator"] = authenticator


def current_actor() -> Actor:
    """Return who makes this request: by bearer on the API, by session on pages; else the anonymous actor."""
    kept = app_ctx.g
    if "actor" not in kept:
        kept.actor = _anonymous() if is_api() else _person()
    return cast(Actor, kept.actor)


def account_of(actor: Actor) -> UUID:
    """Return the account behind an actor who has signed in. Raises NotAuthenticated."""
    if actor.account_id is None:
        raise NotAuthenticated
    return actor.account_id


def admit() -> Response | None:
    """Check the request against its route's lid; a response in place of the view sends a person to sign in.

    Raises NotAuthenticated, InvalidToken, ExpiredToken, RateLimited, Forbidden.
    """
    _begin_anew()
    asked = request_ctx.request
    if asked.routing_exception is not None or asked.method == "OPTIONS" or is_static(asked.endpoint):
        return None
    door = door_of(current_app.view_functions[asked.endpoint or ""])
    actor = _caller(door)
    if actor is None:
        return _to_sign_in()
    g.actor = actor
    limits.spend(door.limit, actor)
    _permit(door, actor)
    if asked.method not in SAFE_METHODS and not is_api():
        forgery.refuse_foreign_form(door)
    access_granted(door)
    return None


def _begin_anew() -> None:
    """Forget who called before: `g` outlives a request where somebody holds the application's context."""
    kept = app_ctx.g
    kept.quota = None
    for name in ("actor", "_login_user"):
        kept.pop(name, None)


def _caller(door: Door) -> Actor | None:
    """Return who calls; None for a page that needs a person and got none."""
    if is_api():
        return _guest() if door.public else _bearer()
    actor = _person()
    return None if actor.is_anonymous and not door.public else actor


def _bearer() -> Actor:
    header = request_ctx.request.environ.get("HTTP_AUTHORIZATION", "").strip()
    if not header:
        raise NotAuthenticated
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidToken
    authenticate = cast(Authenticator, current_app.extensions["authenticator"])
    return _on_this_request(authenticate(token.strip()))


def _guest() -> Actor:
    """Return the caller of a public call. A credential that is no longer good does not bar anybody from it."""
    try:
        return _bearer()
    except (NotAuthenticated, InvalidToken, ExpiredToken):
        return _anonymous()


def _person() -> Actor:
    actor: Actor | None = getattr(current_user, "actor", None)
    return _anonymous() if actor is None else _on_this_request(actor)


def _anonymous() -> Actor:
    return _on_this_request(anonymous_actor("screen"))


def _on_this_request(actor: Actor) -> Actor:
    channel = "api" if is_api() else "screen"
    given = (request_ctx.request.remote_addr or "")[:GIVEN_LENGTH]
    return actor.calling(channel, _address(given), app_ctx.g.get("request_id"))


@lru_cache(maxsize=ADDRESSES_REMEMBERED)
def _address(given: str) -> str | None:
    """Return the caller's address; what a proxy passes on may be anything."""
    try:
        return ip_address(given).compressed[:ADDRESS_LENGTH]
    except ValueError:
        return None


def _permit(door: Door, actor: Actor) -> None:
    if door.gate is not None:
        door.gate()
    if door.refuses_keys and actor.type == "api_key":
        _deny("no API key", actor)
    if door.public or door.signed_in:
        return
    if not any(actor.may(scope) for scope in door.scopes):
        _deny(" or ".join(door.scopes) or "a declared permission", actor)


def require_scope(scope: str) -> None:
    """Refuse the current actor unless it holds a scope that only some requests to a route need. Raises Forbidden."""
    actor = current_actor()
    if not actor.may(scope):
        _deny(scope, actor)


def _deny(needed: str, actor: Actor) -> None:
    route = request.url_rule.rule if request.url_rule else ""
    _note_denial(f"{request.method} {route} needs {needed}", actor=actor)
    raise Forbidden


@command(Action.ACCESS_DENIED)
def _note_denial(wanted: str, *, actor: Actor) -> None:
    subject = ("account", actor.account_id)
    audit.note(Action.ACCESS_DENIED, subject=subject, outcome=Outcome.DENIED, reason=wanted)


def _to_sign_in() -> Response:
    """Send a person to sign in, and back afterwards to the page they were on; a fragment is told by a header."""
    unsaved = None if request.method in SAFE_METHODS else 1
    address = url_for(SIGN_IN_PAGE, next=_came_from(), unsaved=unsaved)
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Redirect": address, "Cache-Control": "no-store"})
    answer = cast(Response, redirect(address, 303))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _came_from() -> str:
    shown = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if request.method in SAFE_METHODS and request.headers.get("HX-Request") != "true":
        return request.full_path.rstrip("?")
    parts = urlsplit(shown)
    if parts.netloc != request.host:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path

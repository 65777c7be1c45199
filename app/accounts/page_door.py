"""What the account pages share: the blueprint, how a browser begins and ends a session, and refusals in words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request, session
from flask_login import current_user, login_user

from app.accounts import sessions, sso_provider
from app.accounts.access import SignedIn
from app.accounts.errors import WrongCode, WrongPassword
from app.accounts.gates import may_register
from app.accounts.page_passkeys import works_here
from app.accounts.page_remember import REMEMBER, forget_browser, keep_token, wants_remembering
from app.accounts.sessions import NewSession
from app.core import messages
from app.core.access import current_actor
from app.core.database import utc_now
from app.core.errors import AccountLocked, DomainError, FieldError
from app.core.htmx import on_site, render_page
from app.core.identity import Actor, anonymous_actor
from app.core.presenting import clock
from app.core.settings import settings

HOME, PROFILE, SETTINGS = "/records", "/settings/profile", "/settings/"
DOORS = ("/login", "/logout")

bp = Blueprint("accounts_web", __name__)


def nobody_yet() -> Actor:
    """Return the actor of a sign-in: whoever was signed in before has no part in it."""
    now = current_actor()
    return replace(anonymous_actor("screen"), ip=now.ip, request_id=now.request_id)


def begin_session(opened: NewSession) -> None:
    """Make this browser the holder of a session that was just opened, and remembered where that was asked for."""
    end_current_session()
    login_user(SignedIn(opened.token, opened.actor))
    if opened.remember_token is not None:
        keep_token(opened.remember_token)
    session.pop("_id", None)  # Flask-Login's mark of address and browser: not used here, and no business of a cookie


def renew_session() -> None:
    """Give this browser's session another token after a change of what it is worth; nothing where it was ended."""
    actor = current_actor()
    token = sessions.renew_session(actor.credential_id) if actor.credential_id is not None else None
    if token is not None:
        session["_user_id"] = token


def end_current_session() -> None:
    """End the session this browser had, if any, and begin an empty cookie: no id outlives a sign-in or sign-out."""
    actor = current_actor()
    if actor.credential_id is not None:
        sessions.end_session(actor.credential_id, actor=actor)
    forget_browser(actor)
    session.clear()


def next_page(wanted: str | None = None) -> str:
    """Return the page a person wanted before they were asked to sign in; `wanted` where it was kept meanwhile."""
    person = getattr(current_user, "actor", None)
    is_member = person is not None and not person.may("records:read")
    home = PROFILE if is_member else HOME
    target = on_site(wanted or request.values.get("next"), home)
    path = target.partition("?")[0].rstrip("/")
    is_door = any(path == door or path.startswith(f"{door}/") for door in DOORS)
    return home if is_door or (is_member and not path.startswith(SETTINGS)) else target


def private_page(template: str, *, status: int = 200, refusal: DomainError | None = None, **context: Any) -> Response:
    """Answer a page that nobody may keep, with what the refusal tells by header and the messages that wait."""
    page = render_page(template, status=status, flashes=messages.waiting(), **context)
    page.headers.update(refusal.headers if refusal else {})
    page.headers["Cache-Control"] = "no-store"
    return page


def status_of(refusal: DomainError) -> int:
    """Return the status of a page that shows a refused form again: 401 is for programs."""
    return 422 if refusal.status == 401 else refusal.status


def in_words(refusal: DomainError) -> FieldError:
    """Say a refusal in the words of the page; the count is shown for every name alike."""
    minutes = f"{settings().lockout_minutes:g}"
    words = refusal.detail
    if isinstance(refusal, WrongPassword | WrongCode):
        fact = refusal.fact if isinstance(refusal, WrongCode) else "Email or password is not right"
        tries = "1 try" if refusal.tries_left == 1 else f"{refusal.tries_left} tries"
        lock = f"Sign-in with this email is locked for {minutes} minutes"
        words = f"{fact}. {tries} left before a {minutes}-minute lock" if refusal.tries_left else f"{fact}. {lock}"
    elif isinstance(refusal, AccountLocked):
        words = f"Too many tries. Try again at {clock(utc_now() + timedelta(seconds=refusal.retry_after + 59))}"
    return FieldError("", refusal.code, words)


def sign_in_page(
    errors: list[FieldError], status: int, refusal: DomainError | None = None, *, typed_name: str = ""
) -> Response:
    """Show the sign-in page, anew or with what was wrong."""
    wrong = {error.field: error.message for error in errors}
    email = {"name": "email", "label": "Email or username", "value": typed_name}
    password = {"name": "password", "label": "Password", "value": ""}
    fields = {
        "identity": {**email, "error": wrong.get("email")},
        "password": {**password, "error": wrong.get("password")},
        "remember": {"name": REMEMBER, "label": "Keep me signed in on this device", "value": wants_remembering()},
    }
    return private_page(
        "accounts/login.html",
        status=status,
        refusal=refusal,
        fields=fields,
        errors=errors,
        next_url=next_page(),
        with_passkey=works_here(),
        may_register=may_register(),
        sign_on_name=settings().oidc_name if sso_provider.is_on() else None,
    )

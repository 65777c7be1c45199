"""The HTML door of accounts: signing in and out."""

from dataclasses import replace
from datetime import timedelta
from typing import cast

from flask import Blueprint, Response, get_flashed_messages, request, session
from flask_login import login_user

from app.accounts import sessions
from app.accounts.access import SignedIn, lock_rules
from app.accounts.errors import WrongPassword
from app.accounts.schemas import LoginInput
from app.accounts.sign_in import SignIn
from app.core.access import current_actor, public
from app.core.database import utc_now
from app.core.errors import AccountDisabled, AccountLocked, DomainError, EmailNotVerified, FieldError
from app.core.forms import Form, read_form
from app.core.htmx import on_site, redirect_to, render_page
from app.core.identity import Actor, anonymous_actor
from app.core.presenting import clock
from app.core.settings import settings

HOME = "/records"
DOORS = ("/login", "/logout")

bp = Blueprint("accounts_web", __name__)


@bp.get("/login")
@public("nobody has a session before signing in")
def login() -> Response:
    """Show the sign-in page; who is signed in goes on."""
    if not current_actor().is_anonymous:
        return redirect_to(_next_page())
    return _sign_in_page(Form(None, []), [], 200)


@bp.post("/login")
@public("nobody has a session before signing in", limit="auth")
def submit_login() -> Response:
    """Sign a person in and bring them to the page they wanted."""
    form = read_form(LoginInput)
    if form.data is None:
        return _sign_in_page(form, form.errors, 422)
    typed = SignIn(form.data.email, form.data.password)
    try:
        opened = sessions.start_session(typed, request.user_agent.string, rules=lock_rules(), actor=_nobody_yet())
    except (WrongPassword, AccountLocked, AccountDisabled, EmailNotVerified) as refusal:
        return _sign_in_page(form, [_in_words(refusal)], 422 if refusal.status == 401 else refusal.status, refusal)
    _end_current_session()
    login_user(SignedIn(opened.token, opened.actor))
    session.pop("_id", None)  # Flask-Login's mark of address and browser: not used here, and no business of a cookie
    return redirect_to(_next_page(), reload=True)


@bp.get("/logout")
@public("signing out twice does no harm")
def confirm_logout() -> Response:
    """Ask before signing out: a GET changes nothing."""
    return render_page("accounts/logout.html")


@bp.post("/logout")
@public("signing out twice does no harm")
def logout() -> Response:
    """End the session on the server and have the browser forget what it keeps."""
    _end_current_session()
    response = redirect_to("/login", reload=True)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _nobody_yet() -> Actor:
    """Return the actor of the attempt: whoever was signed in before has no part in it."""
    now = current_actor()
    return replace(anonymous_actor("screen"), ip=now.ip, request_id=now.request_id)


def _sign_in_page(
    form: Form[LoginInput], errors: list[FieldError], status: int, refusal: DomainError | None = None
) -> Response:
    messages = {error.field: error.message for error in errors}
    email = {"name": "email", "label": "Email or username", "value": form.typed.get("email", "")}
    password = {"name": "password", "label": "Password", "value": ""}
    fields = {
        "identity": {**email, "error": messages.get("email")},
        "password": {**password, "error": messages.get("password")},
    }
    flashes = [{"tone": tone, "text": words} for tone, words in _flashed()]
    page = render_page(
        "accounts/login.html", status=status, fields=fields, errors=errors, next_url=_next_page(), flashes=flashes
    )
    page.headers.update(refusal.headers if refusal else {})
    page.headers["Cache-Control"] = "no-store"
    return page


def _flashed() -> list[tuple[str, str]]:
    return cast("list[tuple[str, str]]", get_flashed_messages(with_categories=True))


def _in_words(refusal: DomainError) -> FieldError:
    """Say a refusal in the words of the page; the count is shown for every name alike."""
    minutes = f"{settings().lockout_minutes:g}"
    words = refusal.detail
    if isinstance(refusal, WrongPassword) and refusal.tries_left:
        tries = "1 try" if refusal.tries_left == 1 else f"{refusal.tries_left} tries"
        words = f"Email or password is not right. {tries} left before a {minutes}-minute lock"
    elif isinstance(refusal, WrongPassword):
        words = f"Email or password is not right. Sign-in with this email is locked for {minutes} minutes"
    elif isinstance(refusal, AccountLocked):
        words = f"Too many tries. Try again at {clock(utc_now() + timedelta(seconds=refusal.retry_after + 59))}"
    return FieldError("", refusal.code, words)


def _end_current_session() -> None:
    """End the session this browser had, if any, and begin an empty cookie: no id outlives a sign-in or sign-out."""
    actor = current_actor()
    if actor.credential_id is not None:
        sessions.end_session(actor.credential_id, actor=actor)
    session.clear()


def _next_page() -> str:
    target = on_site(request.values.get("next"), HOME)
    return HOME if target.partition("?")[0].rstrip("/") in DOORS else target

"""The security page: two-step sign-in, recovery codes and passkeys of whoever is signed in."""

from typing import Any

from flask import Response, flash, url_for

from app.accounts import mfa, queries, queries_factors, totp
from app.accounts.access import needs_second_factor
from app.accounts.errors import MfaAlreadyOn, NothingToConfirm
from app.accounts.page_app import app_context
from app.accounts.page_door import bp, private_page, renew_session
from app.accounts.page_passkeys import party, works_here
from app.accounts.page_proof import Question, asks_password, password_page
from app.accounts.schemas_mfa import CodeInput
from app.accounts.totp import Enrolment
from app.accounts.web_identities import identities_of
from app.core.access import account_of, current_actor, signed_in
from app.core.errors import FieldError, NotFound, ValidationFailed
from app.core.forms import read_form
from app.core.htmx import redirect_to

SECURITY = "accounts_web.show_security"

SET_UP = Question(
    "Set up an authenticator app",
    "Any app for one-time codes will do. From then on signing in takes your password and a code of the app.",
    "Continue",
)
TURN_OFF = Question(
    "Remove the authenticator app", "Every other place where you are signed in is signed out.", "Remove app", "bad"
)
NEW_CODES = Question(
    "Make new recovery codes", "You get ten new codes. The old ones stop working at once.", "Make new codes"
)


@bp.get("/settings/security")
@signed_in
def show_security() -> Response:
    """Show how the account is protected."""
    account_id = account_of(current_actor())
    return private_page(
        "accounts/security.html",
        factors=mfa.factors_of(account_id),
        passkeys=queries_factors.list_passkeys(account_id),
        identities=identities_of(account_id),
        has_password=queries.get_account(account_id).password_hash is not None,
        is_required=needs_second_factor(current_actor()),
        passkeys_work=works_here(),
        passkey_page=party().origin + url_for(SECURITY),
    )


@bp.get("/settings/security/app")
@signed_in
def ask_app() -> Response:
    """Ask for the password before an authenticator app is set up."""
    return password_page(SET_UP)


@bp.post("/settings/security/app")
@signed_in
@asks_password(SET_UP)
def begin_app() -> Response:
    """Show the secret of a new authenticator app, this once."""
    actor = current_actor()
    try:
        return _app_page(totp.enrol(account_of(actor), actor=actor), [])
    except MfaAlreadyOn as refusal:
        return _back(refusal.detail, "info")


@bp.post("/settings/security/app/confirm")
@signed_in
def confirm_app() -> Response:
    """Turn the app on by its first code, and show the recovery codes."""
    actor, form = current_actor(), read_form(CodeInput)
    account_id = account_of(actor)
    try:
        if form.data is None:
            raise ValidationFailed(form.errors)
        codes = totp.confirm(account_id, form.data.code, actor=actor)
    except ValidationFailed as refused:
        shown = totp.waiting(account_id, queries.get_account(account_id).email)
        return _app_page(shown, list(refused.errors)) if shown else _back(NothingToConfirm.words, "warn")
    except (MfaAlreadyOn, NothingToConfirm) as refusal:
        return _back(refusal.detail, "info")
    renew_session()
    return codes_page(codes, "Two-step sign-in is on. Keep these codes")


@bp.get("/settings/security/app/remove")
@signed_in
def ask_remove_app() -> Response:
    """Ask for the password before the authenticator app is removed."""
    return password_page(TURN_OFF)


@bp.post("/settings/security/app/remove")
@signed_in
@asks_password(TURN_OFF)
def remove_app() -> Response:
    """Remove the authenticator app."""
    actor = current_actor()
    try:
        totp.remove(account_of(actor), is_required=needs_second_factor(actor), actor=actor)
    except NotFound as refusal:
        return _back(refusal.detail, "info")
    renew_session()
    return _back("The authenticator app is removed.", "ok")


@bp.get("/settings/security/recovery-codes")
@signed_in
def ask_codes() -> Response:
    """Ask for the password before new recovery codes are made."""
    return password_page(NEW_CODES)


@bp.post("/settings/security/recovery-codes")
@signed_in
@asks_password(NEW_CODES)
def renew_codes() -> Response:
    """Make new recovery codes and show them, this once."""
    actor = current_actor()
    try:
        return codes_page(mfa.renew_recovery_codes(account_of(actor), actor=actor), "Your new recovery codes")
    except NotFound as refusal:
        return _back(refusal.detail, "info")


def codes_page(codes: list[str], title: str) -> Response:
    """Show recovery codes, this once."""
    return private_page("accounts/security_codes.html", codes=codes, title=title)


def _app_page(shown: Enrolment, errors: list[FieldError]) -> Response:
    context: dict[str, Any] = app_context(shown, errors)
    return private_page("accounts/security_app.html", status=422 if errors else 200, **context)


def _back(words: str, tone: str) -> Response:
    flash(words, tone)
    return redirect_to(url_for(SECURITY))

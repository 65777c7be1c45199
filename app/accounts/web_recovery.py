"""Getting a password, as pages: forgotten, reset by a link, changed."""

from flask import Response, flash, request, url_for

from app.accounts import recovery
from app.accounts.access import sign_in_rules
from app.accounts.page_door import bp, in_words, private_page, renew_session
from app.accounts.passwords import advice
from app.accounts.schemas_registration import AddressInput, ChangeInput, ResetInput
from app.accounts.web_registration import address_page, dead_link, field_of
from app.core.access import account_only, current_actor, hides_address, public, signed_in
from app.core.errors import AccountLocked, FieldError, ValidationFailed
from app.core.forms import Form, read_form
from app.core.htmx import redirect_to
from app.core.links import LinkLate, LinkVoid
from app.core.settings import settings

RESET_LABELS = {"password": "New password", "password_confirmation": "New password again"}
CHANGE_LABELS = {
    "current_password": "Current password",
    "new_password": "New password",
    "new_password_confirmation": "New password again",
}


@bp.get("/forgot-password")
@public("who forgot the password cannot sign in")
def forgot_password() -> Response:
    """Show the form to have a link sent, or that it may be on its way."""
    return address_page("accounts/forgot.html", Form(None, []), 200)


@bp.post("/forgot-password")
@public("who forgot the password cannot sign in", limit="auth")
def submit_forgot_password() -> Response:
    """Have a link to set another password sent."""
    form = read_form(AddressInput)
    if form.data is None:
        return address_page("accounts/forgot.html", form, 422)
    recovery.forgot(form.data.email, actor=current_actor())
    return redirect_to(url_for("accounts_web.forgot_password", sent=1))


@bp.get("/reset-password")
@public("the token of a link in a mail is the credential")
@hides_address
def reset_password() -> Response:
    """Show the form to set a password by a link: whoever only looks changes nothing."""
    if "done" in request.args:
        return private_page("accounts/reset_done.html")
    token = request.args.get("token", "")
    try:
        recovery.find_link(token)
    except (LinkVoid, LinkLate) as refusal:
        return _dead_link(refusal)
    return _reset_page(token, Form(None, []), [], 200)


@bp.post("/reset-password")
@public("the token of a link in a mail is the credential")
@hides_address
def submit_reset_password() -> Response:
    """Set another password by a link; the link is used up and everything that was signed in ends."""
    form = read_form(ResetInput)
    token = request.form.get("token", "")
    try:
        if form.data is None:
            recovery.find_link(token)
            return _reset_page(token, form, form.errors, 422)
        recovery.reset(token, form.data.password, actor=current_actor())
    except ValidationFailed as refused:
        return _reset_page(token, form, list(refused.errors), 422)
    except (LinkVoid, LinkLate) as refusal:
        return _dead_link(refusal)
    return redirect_to(url_for("accounts_web.reset_password", done=1), reload=True)


@bp.get("/settings/security/password")
@signed_in
@account_only
def change_password() -> Response:
    """Show the form to change the password."""
    return _change_page(Form(None, []), [], 200)


@bp.post("/settings/security/password")
@signed_in
@account_only
def submit_change_password() -> Response:
    """Change the password; every other sign-in of the account ends."""
    form = read_form(ChangeInput)
    if form.data is None:
        return _change_page(form, form.errors, 422)
    try:
        rules, actor = sign_in_rules(), current_actor()
        recovery.change(form.data.current_password, form.data.new_password, rules=rules, actor=actor)
    except ValidationFailed as refused:
        return _change_page(form, list(refused.errors), 422)
    except AccountLocked as locked:
        return _change_page(form, [in_words(locked)], locked.status)
    renew_session()
    flash("Your password is changed. You were signed out everywhere else.", "ok")
    return redirect_to(url_for("accounts_web.show_security"))


def _reset_page(token: str, form: Form[ResetInput], errors: list[FieldError], status: int) -> Response:
    fields = {name: field_of(name, label, form, errors) for name, label in RESET_LABELS.items()}
    hint = advice(settings().password_policy)
    return private_page(
        "accounts/reset.html", status=status, token=token, fields=fields, errors=errors, password_hint=hint
    )


def _change_page(form: Form[ChangeInput], errors: list[FieldError], status: int) -> Response:
    fields = {name: field_of(name, label, form, errors) for name, label in CHANGE_LABELS.items()}
    hint = advice(settings().password_policy)
    return private_page(
        "accounts/change_password.html", status=status, fields=fields, errors=errors, password_hint=hint
    )


def _dead_link(refusal: LinkVoid | LinkLate) -> Response:
    return dead_link(refusal, url_for("accounts_web.forgot_password"))

"""Registering, and asking for the link that proves an address, as pages. The page behind it is verification's."""

from typing import Any

from flask import Response, request, url_for

from app.accounts import registration
from app.accounts.errors import NameTaken
from app.accounts.gates import registration_is_open
from app.accounts.page_door import bp, private_page
from app.accounts.passwords import advice
from app.accounts.schemas_registration import AddressInput, RegisterInput
from app.core.access import current_actor, gated, public
from app.core.errors import FieldError
from app.core.forms import Form, read_form
from app.core.htmx import redirect_to
from app.core.links import LinkLate, LinkVoid
from app.core.settings import settings

REGISTER_LABELS = {
    "email": "Email",
    "full_name": "Name",
    "username": "Username",
    "password": "Password",
    "password_confirmation": "Password again",
}


@bp.get("/register")
@public("people make accounts for themselves")
@gated(registration_is_open)
def register() -> Response:
    """Show the form to register, or that a mail is on its way."""
    if "sent" in request.args:
        return private_page("accounts/register_sent.html")
    return _register_page(Form(None, []), [], 200)


@bp.post("/register")
@public("people make accounts for themselves", limit="auth")
@gated(registration_is_open)
def submit_register() -> Response:
    """Make an account and have its link mailed."""
    form = read_form(RegisterInput)
    if form.data is None:
        return _register_page(form, form.errors, 422)
    try:
        registration.register(form.data, actor=current_actor())
    except NameTaken as taken:
        return _register_page(form, list(taken.errors), 409)
    return redirect_to(url_for("accounts_web.register", sent=1))


@bp.get("/resend-verification")
@public("who waits for a mail cannot sign in yet")
def resend_verification() -> Response:
    """Show the form to have the link sent again, or that it may be on its way."""
    return address_page("accounts/resend.html", Form(None, []), 200)


@bp.post("/resend-verification")
@public("who waits for a mail cannot sign in yet", limit="auth")
def submit_resend_verification() -> Response:
    """Have the link for an address sent again."""
    form = read_form(AddressInput)
    if form.data is None:
        return address_page("accounts/resend.html", form, 422)
    registration.resend(form.data.email)
    return redirect_to(url_for("accounts_web.resend_verification", sent=1))


def address_page(template: str, form: Form[AddressInput], status: int) -> Response:
    """Answer a page that asks for an address only."""
    field = field_of("email", "Email", form, form.errors)
    return private_page(template, status=status, field=field, errors=form.errors, sent="sent" in request.args)


def field_of(name: str, label: str, form: Form[Any], errors: list[FieldError]) -> dict[str, Any]:
    """Return what a template shows of a field; a password is never shown again."""
    messages = {error.field: error.message for error in errors}
    value = "" if "password" in name else form.typed.get(name, "")
    return {"name": name, "label": label, "value": value, "error": messages.get(name)}


def _register_page(form: Form[RegisterInput], errors: list[FieldError], status: int) -> Response:
    fields = {name: field_of(name, label, form, errors) for name, label in REGISTER_LABELS.items()}
    hint = advice(settings().password_policy)
    return private_page("accounts/register.html", status=status, fields=fields, errors=errors, password_hint=hint)


def dead_link(refusal: LinkVoid | LinkLate, ask_url: str) -> Response:
    """Answer that a link does not work any more, and where to ask for a new one."""
    ended_at = refusal.ended_at if isinstance(refusal, LinkLate) else None
    return private_page("accounts/dead_link.html", status=refusal.status, ended_at=ended_at, ask_url=ask_url)

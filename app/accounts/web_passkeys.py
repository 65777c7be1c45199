"""Adding and removing passkeys on the security page. Adding one takes a script; everything else does not."""

from uuid import UUID

from flask import Response, flash, request, url_for

from app.accounts import passkeys, queries_factors
from app.accounts.access import needs_second_factor
from app.accounts.errors import PasskeyRefused
from app.accounts.page_door import bp, in_words, private_page, renew_session
from app.accounts.page_passkeys import party, works_here
from app.accounts.page_proof import Question, asks_password, password_page, prove
from app.accounts.schemas_mfa import AddPasskeyInput, NewPasskeyInput
from app.accounts.web_security import SECURITY, codes_page
from app.core.access import account_of, current_actor, signed_in
from app.core.errors import (
    AccountLocked,
    DomainError,
    ExpiredToken,
    InvalidToken,
    NotFound,
    ValidationFailed,
)
from app.core.forms import Form, read_form
from app.core.htmx import redirect_to

REMOVE = Question("Remove the passkey", "The device can no longer sign you in.", "Remove passkey", "bad")


@bp.get("/settings/security/passkeys/new")
@signed_in
def name_passkey() -> Response:
    """Ask for a name and the password before a passkey is made."""
    return _name_page(Form(None, []))


@bp.post("/settings/security/passkeys/new")
@signed_in
def begin_passkey() -> Response:
    """Show the page whose script has the browser make a passkey."""
    form, actor = read_form(NewPasskeyInput), current_actor()
    if form.data is None:
        return _name_page(form)
    try:
        prove(form.data.password)
    except ValidationFailed as refused:
        return _name_page(Form(None, list(refused.errors), form.typed))
    except AccountLocked as refusal:
        return _name_page(Form(None, [in_words(refusal)], form.typed), refusal)
    token, options = passkeys.begin(account_of(actor), party(), actor=actor)
    return private_page("accounts/security_passkey.html", name=form.data.name, token=token, options=options)


@bp.post("/settings/security/passkeys")
@signed_in
def add_passkey() -> Response:
    """Keep the passkey that the browser made."""
    form, actor = read_form(AddPasskeyInput), current_actor()
    if form.data is None:
        return _back(PasskeyRefused.words, "bad")
    made, name = (form.data.token, form.data.credential), form.data.name
    try:
        codes = passkeys.add(account_of(actor), made, name, party(), actor=actor)
    except (PasskeyRefused, InvalidToken, ExpiredToken):
        return _back("The passkey was not accepted. Add it once more", "bad")
    renew_session()
    if codes is not None:
        return codes_page(codes, "Your passkey is ready. Keep these codes")
    return _back(f"Passkey “{name}” is ready.", "ok")


@bp.get("/settings/security/passkeys/<id:passkey_id>/remove")
@signed_in
def ask_remove_passkey(passkey_id: UUID) -> Response:
    """Ask for the password before a passkey is removed."""
    passkey = queries_factors.find_passkey(passkey_id, account_of(current_actor()))
    if passkey is None:
        raise NotFound
    return password_page(REMOVE, about=passkey.name)


@bp.post("/settings/security/passkeys/<id:passkey_id>/remove")
@signed_in
@asks_password(REMOVE)
def remove_passkey(passkey_id: UUID) -> Response:
    """Remove a passkey."""
    actor = current_actor()
    passkeys.remove(passkey_id, account_of(actor), is_required=needs_second_factor(actor), actor=actor)
    renew_session()
    return _back("The passkey is removed.", "ok")


def _name_page(form: Form[NewPasskeyInput], refusal: DomainError | None = None) -> Response:
    messages = form.messages
    field = {"name": "name", "label": "Name", "value": form.typed.get("name", ""), "error": messages.get("name")}
    proof = {"name": "password", "label": "Password", "value": "", "error": messages.get("password")}
    status = refusal.status if refusal else 422 if form.errors else 200
    return private_page(
        "accounts/security_new_passkey.html",
        status=status,
        refusal=refusal,
        field=field,
        password=proof,
        errors=form.errors,
        passkeys_work=works_here(),
        passkey_page=party().origin + request.path,
    )


def _back(words: str, tone: str) -> Response:
    flash(words, tone)
    return redirect_to(url_for(SECURITY))

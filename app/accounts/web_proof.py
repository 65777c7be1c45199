"""The page that asks who has signed in already to show once more who they are, by password or by passkey."""

from flask import Response, session

from app.accounts import passkey_proof
from app.accounts.errors import PasskeyRefused
from app.accounts.page_door import bp, in_words, next_page, status_of
from app.accounts.page_passkeys import options_answer, party
from app.accounts.page_recent import note_proof, proof_page, prove_by_form
from app.accounts.schemas_mfa import PasskeyAnswer
from app.core.access import account_of, current_actor, signed_in
from app.core.errors import ExpiredToken, FieldError, InvalidToken
from app.core.forms import read_form
from app.core.htmx import redirect_to

ASKED = "proof"
PAGE = "/login/again"


@bp.get(PAGE)
@signed_in
def ask_proof() -> Response:
    """Ask for a proof before a page is opened that needs a fresh one."""
    return _page([])


@bp.post(PAGE)
@signed_in
def submit_proof() -> Response:
    """Take the password and bring the person to the page they wanted."""
    errors, refusal = prove_by_form()
    if errors:
        return proof_page(PAGE, errors, refusal, carried=_wanted())
    return redirect_to(next_page(), reload=True)


@bp.post(f"{PAGE}/passkey/options")
@signed_in
def ask_proof_passkey() -> Response:
    """Tell the browser to ask for one of the person's passkeys."""
    actor = current_actor()
    session[ASKED], options = passkey_proof.ask_owner(account_of(actor), party(), actor=actor)
    return options_answer(options)


@bp.post(f"{PAGE}/passkey")
@signed_in
def submit_proof_passkey() -> Response:
    """Take the answer of a passkey and bring the person to the page they wanted."""
    form, actor = read_form(PasskeyAnswer), current_actor()
    asked = (session.pop(ASKED, ""), form.data.credential if form.data else "")
    try:
        passkey_proof.prove(account_of(actor), asked, party(), actor=actor)
    except (PasskeyRefused, InvalidToken, ExpiredToken):
        refusal = PasskeyRefused()
        return _page([in_words(refusal)], status_of(refusal))
    note_proof()
    return redirect_to(next_page(), reload=True)


def _page(errors: list[FieldError], status: int = 200) -> Response:
    page = proof_page(PAGE, errors, carried=_wanted(), by_passkey=True)
    page.status_code = status
    return page


def _wanted() -> dict[str, list[str]]:
    return {"next": [next_page()]}

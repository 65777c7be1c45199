"""Signing in by a passkey alone, from the sign-in page."""

from flask import Response, request, session

from app.accounts import passkeys
from app.accounts.errors import PasskeyRefused
from app.accounts.page_door import begin_session, bp, in_words, next_page, nobody_yet, sign_in_page, status_of
from app.accounts.page_passkeys import options_answer, party
from app.accounts.schemas_mfa import PasskeyAnswer
from app.accounts.sessions import session_opener
from app.core.access import public
from app.core.errors import AccountDisabled, EmailNotVerified, ExpiredToken, InvalidToken
from app.core.forms import read_form
from app.core.htmx import redirect_to

ASKED = "passkey"
WHY = "nobody has a session before signing in"


@bp.post("/login/passkey/options")
@public(WHY, limit="auth")
def ask_passkey() -> Response:
    """Tell the browser to ask for any passkey of this address."""
    session[ASKED], options = passkeys.ask_anybody(party(), actor=nobody_yet())
    return options_answer(options)


@bp.post("/login/passkey")
@public(WHY, limit="auth")
def submit_passkey() -> Response:
    """Sign a person in by the answer of their passkey."""
    form, actor = read_form(PasskeyAnswer), nobody_yet()
    asked = (session.pop(ASKED, ""), form.data.credential if form.data else "")
    try:
        opened = passkeys.sign_in(asked, session_opener(request.user_agent.string, actor.ip), party(), actor=actor)
    except (InvalidToken, ExpiredToken):
        refusal = PasskeyRefused()
        return sign_in_page([in_words(refusal)], status_of(refusal), refusal)
    except (PasskeyRefused, AccountDisabled, EmailNotVerified) as refused:
        return sign_in_page([in_words(refused)], status_of(refused), refused)
    begin_session(opened)
    return redirect_to(next_page(), reload=True)

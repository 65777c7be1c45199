"""The HTML door of accounts: signing in and out. The other pages attach themselves to `bp` by being imported."""

from flask import Response, request, session

from app.accounts import (
    sessions,
    web_account,
    web_accounts,
    web_enrolment,
    web_identities,
    web_keys,
    web_passkey_sign_in,
    web_passkeys,
    web_profile,
    web_proof,
    web_recovery,
    web_registration,
    web_security,
    web_sign_ins,
    web_sso,
    web_staying,
)
from app.accounts.access import sign_in_rules
from app.accounts.errors import EnrolmentRequired, MfaRequired, WrongPassword
from app.accounts.page_door import (
    begin_session,
    bp,
    end_current_session,
    in_words,
    next_page,
    nobody_yet,
    sign_in_page,
    status_of,
)
from app.accounts.page_remember import REMEMBER, wants_remembering
from app.accounts.schemas import LoginInput
from app.accounts.sign_in import SignIn
from app.accounts.web_remembered import resume
from app.accounts.web_second_step import ask_for
from app.core.access import current_actor, public
from app.core.cookies import remember_cookie
from app.core.errors import AccountDisabled, AccountLocked, EmailNotVerified
from app.core.forms import read_form
from app.core.htmx import redirect_to, render_page

__all__ = [
    "bp",
    "web_account",
    "web_accounts",
    "web_enrolment",
    "web_identities",
    "web_keys",
    "web_passkey_sign_in",
    "web_passkeys",
    "web_profile",
    "web_proof",
    "web_recovery",
    "web_registration",
    "web_security",
    "web_sign_ins",
    "web_sso",
    "web_staying",
]


@bp.get("/login")
@public("nobody has a session before signing in")
def login() -> Response:
    """Show the sign-in page; who is signed in, or comes with a remembered browser, goes on."""
    if not current_actor().is_anonymous:
        return redirect_to(next_page())
    return resume() or sign_in_page([], 200)


@bp.post("/login")
@public("nobody has a session before signing in", limit="auth")
def submit_login() -> Response:
    """Sign a person in and bring them to the page they wanted, or to their second step."""
    form, remember = read_form(LoginInput, drop=[REMEMBER]), wants_remembering()
    if form.data is None:
        return sign_in_page(form.errors, 422, typed_name=form.typed.get("email", ""))
    typed, agent = SignIn(form.data.email, form.data.password), request.user_agent.string
    try:
        opened = sessions.start_session(typed, agent, rules=sign_in_rules(), actor=nobody_yet(), remember=remember)
    except MfaRequired as asked:
        end_current_session()
        session[REMEMBER] = remember
        is_new = isinstance(asked, EnrolmentRequired)
        return ask_for("accounts_web.show_enrolment" if is_new else "accounts_web.show_second_step", asked.token)
    except (WrongPassword, AccountLocked, AccountDisabled, EmailNotVerified) as refusal:
        return sign_in_page([in_words(refusal)], status_of(refusal), refusal, typed_name=form.data.email)
    begin_session(opened)
    return redirect_to(next_page(), reload=True)


@bp.get("/logout")
@public("signing out twice does no harm")
def confirm_logout() -> Response:
    """Ask before signing out: a GET changes nothing. Who is neither signed in nor remembered has nothing to end."""
    if current_actor().is_anonymous and remember_cookie() is None:
        return redirect_to("/login")
    return render_page("accounts/logout.html")


@bp.post("/logout")
@public("signing out twice does no harm")
def logout() -> Response:
    """End the session on the server and have the browser forget what it keeps."""
    end_current_session()
    response = redirect_to("/login", reload=True)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response

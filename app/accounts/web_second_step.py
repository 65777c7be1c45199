"""The second step of signing in, as pages: a code of the app, a recovery code, or a passkey."""

from typing import Any
from uuid import UUID

from flask import Response, flash, request, session, url_for

from app.accounts import mfa, passkeys, second_step, steps
from app.accounts.access import sign_in_rules
from app.accounts.errors import WrongCode, WrongPasskey
from app.accounts.page_door import begin_session, bp, in_words, next_page, nobody_yet, private_page, status_of
from app.accounts.page_passkeys import options_answer, party, works_here
from app.accounts.page_remember import was_ticked
from app.accounts.schemas_mfa import CodeInput, PasskeyAnswer
from app.accounts.second_step import Attempt, by_code
from app.accounts.sessions import session_opener
from app.accounts.steps import Purpose
from app.core.access import public
from app.core.errors import (
    AccountDisabled,
    AccountLocked,
    DomainError,
    EmailNotVerified,
    ExpiredToken,
    FieldError,
    InvalidToken,
)
from app.core.forms import read_form
from app.core.htmx import redirect_to

PENDING = "second_step"
"""Where the cookie keeps the token of the step: random, and worth nothing without the second factor."""

WHY = "only the password has been shown so far"


def ask_for(endpoint: str, token: str) -> Response:
    """Send somebody who has shown the password on to their next step."""
    session[PENDING] = token
    return redirect_to(url_for(endpoint, next=next_page()), reload=True)


def start_again() -> Response:
    """Send somebody whose step is over back to the sign-in page."""
    session.pop(PENDING, None)
    flash("That took too long. Sign in again.", "info")
    return redirect_to(url_for("accounts_web.login", next=next_page()), reload=True)


@bp.get("/login/second-step")
@public(WHY)
def show_second_step() -> Response:
    """Ask for the second factor."""
    return _page([], 200)


@bp.post("/login/second-step")
@public(WHY, limit="auth")
def submit_second_step() -> Response:
    """Finish a sign-in with a code."""
    form = read_form(CodeInput, drop=("recovery",))
    if form.data is None:
        return _page(form.errors, 422)
    return _finish(Attempt(session.get(PENDING, ""), by_code(form.data.code)))


@bp.post("/login/second-step/passkey/options")
@public(WHY)
def ask_second_passkey() -> Response:
    """Tell the browser which passkeys to ask."""
    return options_answer(passkeys.ask_holder(session.get(PENDING, ""), party(), actor=nobody_yet()))


@bp.post("/login/second-step/passkey")
@public(WHY, limit="auth")
def submit_second_passkey() -> Response:
    """Finish a sign-in with a passkey."""
    form = read_form(PasskeyAnswer)
    if form.data is None:
        return _page([FieldError("", "INVALID", WrongPasskey.words)], 422)
    check = passkeys.by_passkey(form.data.credential, party())
    return _finish(Attempt(session.get(PENDING, ""), check, WrongPasskey))


def _finish(attempt: Attempt) -> Response:
    actor = nobody_yet()
    opener = session_opener(request.user_agent.string, actor.ip, remember=was_ticked())
    try:
        opened = second_step.finish(attempt, opener, rules=sign_in_rules(), actor=actor)
    except (InvalidToken, ExpiredToken):
        return start_again()
    except (WrongCode, AccountLocked, AccountDisabled, EmailNotVerified) as refusal:
        return _page([in_words(refusal)], status_of(refusal), refusal)
    begin_session(opened)
    return redirect_to(next_page(), reload=True)


def _page(errors: list[FieldError], status: int, refusal: DomainError | None = None) -> Response:
    holder = _holder()
    if holder is None:
        return start_again()
    factors = mfa.factors_of(holder)
    return private_page(
        "accounts/second_step.html",
        status=status,
        refusal=refusal,
        field=_field(errors, by_recovery=not factors.app or request.values.get("recovery") == "1"),
        errors=errors,
        factors=factors,
        with_passkey=factors.passkeys > 0 and works_here(),
        next_url=next_page(),
    )


def _field(errors: list[FieldError], *, by_recovery: bool) -> dict[str, Any]:
    error = next((error.message for error in errors if error.field == "code"), None)
    label = "Recovery code" if by_recovery else "Code from your app"
    return {"name": "code", "label": label, "value": "", "error": error, "by_recovery": by_recovery}


def _holder() -> UUID | None:
    step = steps.find(session.get(PENDING, ""), Purpose.SECOND_FACTOR)
    return None if isinstance(step, DomainError) else step.account_id

"""Setting up the authenticator app in the middle of a sign-in, where the role cannot do without."""

from flask import Response, request, session

from app.accounts import enrolment, steps
from app.accounts.errors import MfaAlreadyOn, NothingToConfirm
from app.accounts.page_app import app_context
from app.accounts.page_door import begin_session, bp, next_page, nobody_yet, private_page
from app.accounts.page_remember import was_ticked
from app.accounts.schemas_mfa import CodeInput
from app.accounts.sessions import session_opener
from app.accounts.steps import Purpose
from app.accounts.totp import Enrolment
from app.accounts.web_second_step import PENDING, WHY, start_again
from app.core.access import public
from app.core.errors import (
    AccountDisabled,
    DomainError,
    EmailNotVerified,
    ExpiredToken,
    FieldError,
    InvalidToken,
    ValidationFailed,
)
from app.core.forms import read_form

OVER = (InvalidToken, ExpiredToken, MfaAlreadyOn, NothingToConfirm, AccountDisabled, EmailNotVerified)


@bp.get("/login/enrol")
@public(WHY)
def show_enrolment() -> Response:
    """Say why a second factor is needed, and offer to set it up."""
    step = steps.find(session.get(PENDING, ""), Purpose.ENROLMENT)
    if isinstance(step, DomainError):
        return start_again()
    return private_page("accounts/enrol.html", next_url=next_page())


@bp.post("/login/enrol")
@public(WHY, limit="auth")
def begin_enrolment() -> Response:
    """Show the secret of a new authenticator app."""
    try:
        return _app_page(enrolment.begin(session.get(PENDING, ""), actor=nobody_yet()), [])
    except OVER:
        return start_again()


@bp.post("/login/enrol/confirm")
@public(WHY, limit="auth")
def confirm_enrolment() -> Response:
    """Sign a person in by the first code of their app, and show the recovery codes."""
    token, actor = session.get(PENDING, ""), nobody_yet()
    form = read_form(CodeInput)
    if form.data is None:
        return _again(token, form.errors)
    opener = session_opener(request.user_agent.string, actor.ip, remember=was_ticked())
    try:
        opened, codes = enrolment.finish(token, form.data.code, opener, actor=actor)
    except ValidationFailed as refused:
        return _again(token, list(refused.errors))
    except OVER:
        return start_again()
    following = next_page()
    begin_session(opened)
    return private_page("accounts/enrolled.html", codes=codes, next_url=following)


def _again(token: str, errors: list[FieldError]) -> Response:
    shown = enrolment.waiting(token)
    return start_again() if shown is None else _app_page(shown, errors)


def _app_page(shown: Enrolment, errors: list[FieldError]) -> Response:
    status = 422 if errors else 200
    return private_page("accounts/enrol_app.html", status=status, next_url=next_page(), **app_context(shown, errors))

"""The JSON door of two-step sign-in."""

from flask import Response, request

from app.accounts import families, second_step, sign_in, totp
from app.accounts.access import needs_second_factor, sign_in_rules
from app.accounts.api_door import bp, refresh_lifetime, tokens_of
from app.accounts.schemas import TokenOutput
from app.accounts.schemas_mfa import CodeInput, EnrolmentOutput, PasswordInput, RecoveryCodesOutput, SecondStepInput
from app.accounts.second_step import Attempt, by_code
from app.core.access import account_of, account_only, current_actor, public, signed_in
from app.core.doors import answers, reply
from app.core.validation import accepts


@bp.post("/login/mfa")
@public("the mfa_token in the body is the credential", limit="auth")
@account_only
@accepts(SecondStepInput)
@answers(200, TokenOutput, refuses=("INVALID_CREDENTIALS", "INVALID_TOKEN", "EXPIRED_TOKEN", "ACCOUNT_LOCKED"))
def login_by_code(data: SecondStepInput) -> Response:
    """Finish a sign-in with a code of the authenticator app, or a recovery code."""
    actor = current_actor()
    opener = families.family_opener(request.user_agent.string, actor.ip, refresh_lifetime())
    attempt = Attempt(data.mfa_token, by_code(data.code))
    return tokens_of(second_step.finish(attempt, opener, rules=sign_in_rules(), actor=actor))


@bp.post("/mfa/totp")
@signed_in
@account_only
@accepts(PasswordInput)
@answers(201, EnrolmentOutput, refuses=("MFA_ALREADY_ON", "ACCOUNT_LOCKED"))
def enrol(data: PasswordInput) -> Response:
    """Make the secret of an authenticator app; it counts once a code confirms it."""
    _prove(data.password)
    actor = current_actor()
    made = totp.enrol(account_of(actor), actor=actor)
    return reply(EnrolmentOutput(secret=made.secret, otpauth_uri=made.otpauth_uri), 201)


@bp.post("/mfa/totp/confirm")
@signed_in
@account_only
@accepts(CodeInput)
@answers(200, RecoveryCodesOutput, refuses=("INVALID_TOKEN", "MFA_ALREADY_ON"))
def confirm(data: CodeInput) -> Response:
    """Turn two-step sign-in on by a first code; every other sign-in of the account ends."""
    actor = current_actor()
    return reply(RecoveryCodesOutput(recovery_codes=totp.confirm(account_of(actor), data.code, actor=actor)))


@bp.delete("/mfa/totp")
@signed_in
@account_only
@accepts(PasswordInput)
@answers(204, refuses=("NOT_FOUND", "ACCOUNT_LOCKED"))
def remove(data: PasswordInput) -> Response:
    """Take the authenticator app away; every other sign-in of the account ends."""
    _prove(data.password)
    actor = current_actor()
    totp.remove(account_of(actor), is_required=needs_second_factor(actor), actor=actor)
    return reply(status=204)


def _prove(password: str) -> None:
    actor = current_actor()
    sign_in.prove_again(account_of(actor), password, "password", rules=sign_in_rules(), actor=actor)

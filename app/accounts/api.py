"""The JSON door of accounts: signing in and out. The other calls attach themselves to `bp` by being imported."""

from flask import Response, request

from app.accounts import api_me, api_mfa, api_registration, families
from app.accounts.access import sign_in_rules
from app.accounts.api_door import bp, refresh_lifetime, tokens_of
from app.accounts.schemas import LoginForm, LoginInput, RefreshInput, TokenOutput
from app.accounts.sign_in import SignIn
from app.core.access import account_only, current_actor, public, signed_in
from app.core.doors import answers, reply
from app.core.validation import accepts
from app.core.validation import queries as takes_queries

__all__ = ["api_me", "api_mfa", "api_registration", "bp"]


@bp.post("/login")
@public("nobody has a credential before signing in", limit="auth")
@account_only
@accepts(LoginInput, form=LoginForm)
@answers(
    200,
    TokenOutput,
    refuses=("INVALID_CREDENTIALS", "EMAIL_NOT_VERIFIED", "ACCOUNT_DISABLED", "ACCOUNT_LOCKED", "MFA_REQUIRED"),
)
def login(data: LoginInput | LoginForm) -> Response:
    """Sign in with e-mail or username and password."""
    name = data.email if isinstance(data, LoginInput) else data.username
    opened = families.start_family(
        SignIn(name, data.password),
        request.user_agent.string,
        lifetime=refresh_lifetime(),
        rules=sign_in_rules(),
        actor=current_actor(),
    )
    return tokens_of(opened)


@bp.post("/refresh")
@public("the refresh token in the body is the credential")
@account_only
@accepts(RefreshInput)
@answers(200, TokenOutput, refuses=("INVALID_TOKEN", "EXPIRED_TOKEN"))
def refresh(data: RefreshInput) -> Response:
    """Give new tokens for a refresh token that was not used before."""
    return tokens_of(families.refresh(data.refresh_token, lifetime=refresh_lifetime(), actor=current_actor()))


@bp.post("/logout")
@signed_in
@account_only
@takes_queries()
@answers(204)
def logout() -> Response:
    """End the sign-in that this access token belongs to, with all its tokens."""
    actor = current_actor()
    if actor.credential_id is not None:
        families.end_family(actor.credential_id, actor=actor)
    return reply(status=204)

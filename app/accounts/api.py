"""The JSON door of accounts."""

from datetime import timedelta

from flask import Blueprint, Response, request

from app.accounts import families, lockout, queries
from app.accounts.access import doorkeeper, lock_rules
from app.accounts.families import Opened
from app.accounts.schemas import AccountOutput, LoginForm, LoginInput, RefreshInput, TokenOutput
from app.accounts.sign_in import SignIn
from app.core.access import account_of, account_only, current_actor, public, signed_in
from app.core.database import utc_now
from app.core.doors import answers, reply
from app.core.identity import scopes_of
from app.core.settings import settings
from app.core.validation import accepts
from app.core.validation import queries as takes_queries

bp = Blueprint("accounts_api", __name__, url_prefix="/api/v1/auth")


@bp.post("/login")
@public("nobody has a credential before signing in", limit="auth")
@account_only
@accepts(LoginInput, form=LoginForm)
@answers(200, TokenOutput, refuses=("INVALID_CREDENTIALS", "EMAIL_NOT_VERIFIED", "ACCOUNT_DISABLED", "ACCOUNT_LOCKED"))
def login(data: LoginInput | LoginForm) -> Response:
    """Sign in with e-mail or username and password."""
    name = data.email if isinstance(data, LoginInput) else data.username
    opened = families.start_family(
        SignIn(name, data.password),
        request.user_agent.string,
        lifetime=_refresh_lifetime(),
        rules=lock_rules(),
        actor=current_actor(),
    )
    return _tokens(opened)


@bp.post("/refresh")
@public("the refresh token in the body is the credential")
@account_only
@accepts(RefreshInput)
@answers(200, TokenOutput, refuses=("INVALID_TOKEN", "EXPIRED_TOKEN"))
def refresh(data: RefreshInput) -> Response:
    """Give new tokens for a refresh token that was not used before."""
    return _tokens(families.refresh(data.refresh_token, lifetime=_refresh_lifetime(), actor=current_actor()))


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


@bp.get("/me")
@signed_in
@takes_queries()
@answers(200, AccountOutput)
def me() -> Response:
    """Show the account that calls."""
    account = queries.get_account(account_of(current_actor()))
    digests = [lockout.digest_of(name) for name in (account.email, account.username) if name]
    shown = AccountOutput(
        id=account.id,
        email=account.email,
        username=account.username,
        full_name=account.full_name,
        bio=account.bio,
        role=account.role,
        scopes=sorted(scopes_of(account.role)),
        is_active=account.is_active,
        email_verified=account.email_verified,
        mfa_enabled=False,
        locked_until=queries.locked_until(digests, utc_now()),
        created_at=account.created_at,
        last_login_at=account.last_login_at,
    )
    return reply(shown)


def _refresh_lifetime() -> timedelta:
    return timedelta(days=settings().jwt_refresh_token_expire_days)


def _tokens(opened: Opened) -> Response:
    ring = doorkeeper().ring
    return reply(
        TokenOutput(
            access_token=ring.issue(opened.account_id, opened.family_id, utc_now()),
            refresh_token=opened.refresh_token,
            expires_in=int(ring.lifetime.total_seconds()),
            user_id=opened.account_id,
        )
    )

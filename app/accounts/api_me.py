"""The JSON door of one's own account: profile, sign-ins, and what a token is worth."""

from uuid import UUID

from flask import Response

from app.accounts import managing, queries, queries_accounts, queries_sign_ins, sign_ins
from app.accounts.access import doorkeeper
from app.accounts.api_door import bp
from app.accounts.credentials import API_KEY_MARK
from app.accounts.presentation import shown_account
from app.accounts.schemas import AccountOutput
from app.accounts.schemas_managing import ProfileChanges, ValidateInput, ValidToken
from app.accounts.schemas_sign_ins import SignInPageOutput, present_sign_in
from app.core.access import account_of, account_only, current_actor, public, signed_in
from app.core.database import utc_now
from app.core.doors import answers, reply
from app.core.errors import InvalidToken
from app.core.list_queries import Paging
from app.core.listing import page_request, reply_page
from app.core.settings import settings
from app.core.validation import accepts
from app.core.validation import queries as query_string
from app.core.versioning import missing_first


@bp.get("/me")
@signed_in
@query_string()
@answers(200, AccountOutput)
def me() -> Response:
    """Show the account that calls."""
    return reply(shown_account(queries.get_account(account_of(current_actor()))))


@bp.patch("/me")
@signed_in
@account_only
@accepts(ProfileChanges)
@answers(200, AccountOutput, refuses=("DUPLICATE_USERNAME",))
def change_me(data: ProfileChanges) -> Response:
    """Change one's own name, username or text."""
    actor = current_actor()
    return reply(shown_account(managing.change_account(account_of(actor), data.changes(), actor=actor)))


@bp.delete("/me")
@signed_in
@account_only
@query_string()
@answers(204, refuses=("LAST_ADMIN",))
def close_me() -> Response:
    """Disable one's own account; an admin can let it in again."""
    actor = current_actor()
    managing.disable_account(account_of(actor), actor=actor)
    return reply(status=204)


@bp.get("/sessions")
@signed_in
@account_only
@query_string(Paging)
@answers(200, SignInPageOutput)
def list_sessions(query: Paging) -> Response:
    """List where the account is signed in, the latest first."""
    actor = current_actor()
    account_id = account_of(actor)
    ask = page_request(query, listing=f"sign-ins:{account_id}")
    page = queries_sign_ins.list_sign_ins(account_id, sign_ins.limits_of(settings()), utc_now(), ask)
    return reply_page(page.of([present_sign_in(found, actor.credential_id) for found in page.data]))


def _find_own(session_id: UUID) -> None:
    sign_ins.get_kind(session_id, account_of(current_actor()))


@bp.delete("/sessions/<id:session_id>")
@signed_in
@account_only
@missing_first(_find_own, "session_id")
@query_string()
@answers(204, refuses=("NOT_FOUND",))
def end_session(session_id: UUID) -> Response:
    """End one of one's own sign-ins at once."""
    actor = current_actor()
    sign_ins.end_sign_in(session_id, account_of(actor), actor=actor)
    return reply(status=204)


@bp.post("/validate-token")
@public("the token in the body is what is looked at")
@account_only
@accepts(ValidateInput)
@answers(200, ValidToken, refuses=("INVALID_TOKEN", "EXPIRED_TOKEN"))
def validate_token(data: ValidateInput) -> Response:
    """Tell whom an access token speaks for, if it is good now."""
    if data.token.startswith(API_KEY_MARK):
        raise InvalidToken
    actor, claims = doorkeeper().read_access(data.token)
    account = queries_accounts.get_account(claims.account_id)
    return reply(
        ValidToken(
            is_valid=True,
            user_id=account.id,
            email=account.email,
            expires_at=claims.expires_at,
            scopes=sorted(actor.scopes),
        )
    )

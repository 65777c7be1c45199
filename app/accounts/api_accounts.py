"""The JSON door of managing accounts: `/api/v1/accounts`."""

from uuid import UUID

from flask import Blueprint, Response

from app.accounts import managing, queries_accounts
from app.accounts.presentation import shown_account, shown_accounts
from app.accounts.queries_accounts import Filter
from app.accounts.schemas import AccountOutput
from app.accounts.schemas_managing import AccountChanges, AccountInput, AccountPageOutput, AccountQuery
from app.core.access import current_actor, requires
from app.core.doors import API_PREFIX, answers, reply
from app.core.idempotency import idempotent
from app.core.listing import name_listing, page_request, reply_page
from app.core.settings import settings
from app.core.validation import accepts
from app.core.validation import queries as query_string
from app.core.versioning import missing_first

PATH = f"{API_PREFIX}/accounts"
TAKEN = ("DUPLICATE_EMAIL", "DUPLICATE_USERNAME")

bp = Blueprint("accounts_api_managing", __name__, url_prefix=PATH)


@bp.get("")
@requires("accounts:manage")
@query_string(AccountQuery)
@answers(200, AccountPageOutput)
def list_all(query: AccountQuery) -> Response:
    """List accounts."""
    listing = f"accounts:{name_listing(query)}"
    ask = page_request(query, descending=query.descending, listing=listing)
    narrow = Filter(query.q, query.role, query.is_active, query.email_verified, query.mfa_enabled)
    page = queries_accounts.list_accounts(narrow, ask, sort=query.sort_by)
    return reply_page(page.of(shown_accounts(page.data)))


@bp.post("")
@requires("accounts:manage")
@idempotent
@accepts(AccountInput)
@answers(201, AccountOutput, refuses=TAKEN)
def create(data: AccountInput) -> Response:
    """Make an account; without a password its owner is mailed a link to set one."""
    account = managing.add_account(data, may_invite=settings().registration != "closed", actor=current_actor())
    return reply(shown_account(account), 201, location=f"{PATH}/{account.id}")


@bp.get("/<id:account_id>")
@requires("accounts:manage")
@missing_first(queries_accounts.get_account, "account_id")
@query_string()
@answers(200, AccountOutput, refuses=("NOT_FOUND",))
def read(account_id: UUID) -> Response:
    """Read one account."""
    return reply(shown_account(queries_accounts.get_account(account_id)))


@bp.patch("/<id:account_id>")
@requires("accounts:manage")
@missing_first(queries_accounts.get_account, "account_id")
@accepts(AccountChanges)
@answers(200, AccountOutput, refuses=("NOT_FOUND", "DUPLICATE_USERNAME", "LAST_ADMIN"))
def update(account_id: UUID, data: AccountChanges) -> Response:
    """Change role, state or names of an account."""
    return reply(shown_account(managing.change_account(account_id, data.changes(), actor=current_actor())))


@bp.delete("/<id:account_id>")
@requires("accounts:manage")
@missing_first(queries_accounts.get_account, "account_id")
@query_string()
@answers(204, refuses=("NOT_FOUND", "LAST_ADMIN"))
def delete(account_id: UUID) -> Response:
    """Disable an account for good, with its sign-ins and keys."""
    managing.delete_account(account_id, actor=current_actor())
    return reply(status=204)


@bp.post("/<id:account_id>/unlock")
@requires("accounts:manage")
@idempotent
@missing_first(queries_accounts.get_account, "account_id")
@query_string()
@answers(200, AccountOutput, refuses=("NOT_FOUND",))
def unlock(account_id: UUID) -> Response:
    """Forget the wrong sign-ins of an account, so that it can sign in now."""
    return reply(shown_account(managing.unlock_account(account_id, actor=current_actor())))

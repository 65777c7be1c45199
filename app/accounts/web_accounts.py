"""Pages: the list of accounts, and making one."""

from typing import Any

from flask import Response, flash, request, url_for

from app.accounts import managing, queries_accounts
from app.accounts.account_rows import ROLE_WORDS, rows_of
from app.accounts.errors import NameTaken
from app.accounts.page_door import bp, private_page
from app.accounts.page_forms import controls, without_empty
from app.accounts.page_recent import ACCOUNTS_WITHIN, asks_lately
from app.accounts.queries_accounts import Filter
from app.accounts.schemas_managing import AccountInput, AccountQuery
from app.core.access import current_actor, requires
from app.core.errors import FieldError, ValidationFailed
from app.core.forms import read_form
from app.core.htmx import redirect_to
from app.core.idempotency import idempotent
from app.core.listing import page_request
from app.core.settings import settings
from app.core.validation import read_query_leniently

ACCOUNTS = "accounts_web.list_accounts"
FIELDS = ("email", "full_name", "username", "role", "password")
STAYS = ("q", "role", "is_active", "mfa_enabled")
CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    "role": ("Role", ROLE_WORDS),
    "is_active": ("Status", {"true": "Active", "false": "Disabled"}),
    "mfa_enabled": ("Two-step sign-in", {"true": "On", "false": "Off"}),
}


@bp.get("/accounts")
@requires("accounts:manage")
def list_accounts() -> Response:
    """List who may sign in, filtered and searched as the address says."""
    asked = read_query_leniently(AccountQuery)
    ask = page_request(asked, descending=asked.descending)
    narrow = Filter(asked.q, asked.role, asked.is_active, asked.email_verified, asked.mfa_enabled)
    page = queries_accounts.list_accounts(narrow, ask, sort=asked.sort_by)
    given = {name: request.args[name] for name in STAYS if getattr(asked, name) is not None}
    return private_page(
        "accounts/accounts.html",
        page=page,
        rows=rows_of(page.data),
        given=given,
        filters=_filters(given),
        page_url=lambda number: _page_url(given, number),
    )


@bp.get("/accounts/new")
@requires("accounts:manage")
@asks_lately(ACCOUNTS_WITHIN)
def new_account() -> Response:
    """Show the form for another account."""
    return _form_page({"role": "viewer"}, [], 200)


@bp.post("/accounts/new")
@requires("accounts:manage")
@asks_lately(ACCOUNTS_WITHIN)
def create_account() -> Response:
    """Make the account, or show again what was typed and what is wrong with it."""
    form = read_form(AccountInput, submitted=without_empty("password"))
    if form.data is None:
        return _form_page(form.typed, form.errors, 422)
    try:
        return _create(form.data)
    except (ValidationFailed, NameTaken) as refusal:
        return _form_page(form.typed, list(refusal.errors), refusal.status)


@idempotent
def _create(data: AccountInput) -> Response:
    account = managing.add_account(data, may_invite=_may_invite(), actor=current_actor())
    is_invited = account.password_hash is None
    flash("The invitation is on its way by mail." if is_invited else "The account is ready to sign in.", "ok")
    return redirect_to(url_for("accounts_web.show_account", account_id=account.id))


def _page_url(given: dict[str, Any], number: int) -> str:
    return url_for(ACCOUNTS, **given, page=number if number > 1 else None)


def _filters(given: dict[str, str]) -> list[dict[str, Any]]:
    search: dict[str, Any] = {"name": "q", "label": "Search", "value": given.get("q"), "type": "search"}
    return [search] + [
        {"name": name, "label": label, "value": given.get(name), "options": [("", "Any"), *words.items()]}
        for name, (label, words) in CHOICES.items()
    ]


def _form_page(typed: dict[str, Any], errors: list[FieldError], status: int) -> Response:
    return private_page(
        "accounts/account_new.html",
        status=status,
        fields=controls(FIELDS, {**typed, "password": ""}, errors),
        roles=list(ROLE_WORDS.items()),
        errors=errors,
        may_invite=_may_invite(),
    )


def _may_invite() -> bool:
    return settings().registration != "closed"

"""Pages: one account, and what an admin does with it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, flash, url_for

from app.accounts import managing, mfa, queries_accounts
from app.accounts.account_rows import ROLE_WORDS, rows_of
from app.accounts.errors import LastAdmin, NameTaken
from app.accounts.page_door import bp, private_page
from app.accounts.page_forms import controls
from app.accounts.page_recent import ACCOUNTS_WITHIN, asks_lately
from app.accounts.schemas_managing import AccountChanges
from app.core.access import current_actor, requires
from app.core.errors import DomainError, FieldError, ValidationFailed
from app.core.forms import read_form
from app.core.htmx import redirect_to

FIELDS = ("full_name", "username", "role")


@bp.get("/accounts/<id:account_id>")
@requires("accounts:manage")
def show_account(account_id: UUID) -> Response:
    """Show one account with the form that changes it."""
    return _page(account_id)


@bp.post("/accounts/<id:account_id>")
@requires("accounts:manage")
@asks_lately(ACCOUNTS_WITHIN)
def change_account(account_id: UUID) -> Response:
    """Save name, username and role."""
    queries_accounts.get_account(account_id)
    form = read_form(AccountChanges)
    if form.data is None:
        return _page(account_id, form.typed, form.errors, 422)
    try:
        managing.change_account(account_id, form.data.changes(), actor=current_actor())
    except NameTaken as refusal:
        return _page(account_id, form.typed, list(refusal.errors), refusal.status)
    except LastAdmin as refusal:
        return _page(account_id, form.typed, [FieldError("role", refusal.code, refusal.detail)], refusal.status)
    return _back(account_id, "The changes are saved.")


@bp.post("/accounts/<id:account_id>/disable")
@requires("accounts:manage")
@asks_lately(ACCOUNTS_WITHIN)
def disable_account(account_id: UUID) -> Response:
    """Shut the account out."""
    return _done(account_id, managing.disable_account, "The account is disabled. It is signed out everywhere.")


@bp.post("/accounts/<id:account_id>/enable")
@requires("accounts:manage")
@asks_lately(ACCOUNTS_WITHIN)
def enable_account(account_id: UUID) -> Response:
    """Let the account in again."""

    def enable(account_id: UUID, *, actor: Any) -> object:
        return managing.change_account(account_id, {"is_active": True}, actor=actor)

    return _done(account_id, enable, "The account can sign in again.")


@bp.post("/accounts/<id:account_id>/unlock")
@requires("accounts:manage")
def unlock_account(account_id: UUID) -> Response:
    """Forget the wrong sign-ins."""
    return _done(account_id, managing.unlock_account, "The account is unlocked.")


@bp.post("/accounts/<id:account_id>/reset-two-step")
@requires("accounts:manage")
@asks_lately(ACCOUNTS_WITHIN)
def reset_two_step(account_id: UUID) -> Response:
    """Take every second factor away, for an owner who lost them."""
    queries_accounts.get_account(account_id)
    return _done(account_id, mfa.reset, "Two-step sign-in is off for this account. It is signed out everywhere.")


@bp.post("/accounts/<id:account_id>/invite")
@requires("accounts:manage")
def invite_again(account_id: UUID) -> Response:
    """Mail the link to set a first password once more."""
    if managing.invite_again(account_id, actor=current_actor()):
        return _back(account_id, "The invitation is on its way by mail.")
    return _back(account_id, "This account has a password already, or is disabled.", "info")


@bp.get("/accounts/<id:account_id>/delete")
@requires("accounts:manage")
@asks_lately(ACCOUNTS_WITHIN)
def ask_delete_account(account_id: UUID) -> Response:
    """Ask once whether to disable the account for good."""
    return _delete_page(account_id, [], 200)


@bp.post("/accounts/<id:account_id>/delete")
@requires("accounts:manage")
@asks_lately(ACCOUNTS_WITHIN)
def delete_account(account_id: UUID) -> Response:
    """Disable the account for good."""
    try:
        managing.delete_account(account_id, actor=current_actor())
    except LastAdmin as refusal:
        return _delete_page(account_id, [_in_words(refusal)], refusal.status)
    return _back(account_id, "The account is deleted. Its sign-ins and API keys have ended.")


def _done(account_id: UUID, act: Callable[..., object], words: str) -> Response:
    try:
        act(account_id, actor=current_actor())
    except (LastAdmin, ValidationFailed) as refusal:
        errors = [FieldError("", error.code, error.message) for error in refusal.errors]
        return _page(account_id, None, errors or [_in_words(refusal)], refusal.status)
    return _back(account_id, words)


def _back(account_id: UUID, words: str, tone: str = "ok") -> Response:
    flash(words, tone)
    return redirect_to(url_for("accounts_web.show_account", account_id=account_id))


def _in_words(refusal: DomainError) -> FieldError:
    return FieldError("", refusal.code, refusal.detail)


def _page(
    account_id: UUID,
    typed: Mapping[str, Any] | None = None,
    errors: Sequence[FieldError] = (),
    status: int = 200,
) -> Response:
    account = queries_accounts.get_account(account_id)
    (row,) = rows_of([account])
    saved = {name: getattr(account, name) for name in FIELDS}
    return private_page(
        "accounts/account.html",
        status=status,
        row=row,
        fields=controls(FIELDS, saved if typed is None else typed, errors),
        roles=list(ROLE_WORDS.items()),
        errors=errors,
        is_me=account_id == current_actor().account_id,
    )


def _delete_page(account_id: UUID, errors: Sequence[FieldError], status: int) -> Response:
    (row,) = rows_of([queries_accounts.get_account(account_id)])
    return private_page("accounts/account_delete.html", status=status, row=row, errors=errors)

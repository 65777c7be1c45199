"""Pages: one's own profile, and closing one's own account."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, flash, url_for

from app.accounts import managing, queries
from app.accounts.account_rows import rows_of
from app.accounts.errors import LastAdmin, NameTaken
from app.accounts.own_record import own_record_of
from app.accounts.page_door import bp, end_current_session, private_page
from app.accounts.page_forms import controls
from app.accounts.page_proof import Question, asks_password, password_page
from app.accounts.schemas_managing import ProfileChanges
from app.core.access import account_of, current_actor, signed_in
from app.core.errors import FieldError
from app.core.forms import read_form
from app.core.htmx import redirect_to

PROFILE = "accounts_web.show_profile"
FIELDS = ("full_name", "username", "bio")

CLOSE = Question(
    "Close your account",
    "You are signed out everywhere and cannot sign in again. What you did stays on record with your name. "
    "An admin can open the account again.",
    "Close account",
    "danger",
)


@bp.get("/settings/profile")
@signed_in
def show_profile() -> Response:
    """Show one's own profile, and the record that has one's proven address."""
    return _page()


@bp.post("/settings/profile")
@signed_in
def save_profile() -> Response:
    """Save name, username and text."""
    actor, form = current_actor(), read_form(ProfileChanges)
    if form.data is None:
        return _page(form.typed, form.errors, 422)
    try:
        managing.change_account(account_of(actor), form.data.changes(), actor=actor)
    except NameTaken as refusal:
        return _page(form.typed, list(refusal.errors), refusal.status)
    flash("Your changes are saved.", "ok")
    return redirect_to(url_for(PROFILE))


@bp.get("/settings/profile/close")
@signed_in
def ask_close_account() -> Response:
    """Ask for the password before one's own account is closed."""
    return password_page(CLOSE)


@bp.post("/settings/profile/close")
@signed_in
@asks_password(CLOSE)
def close_account() -> Response:
    """Disable one's own account and sign out."""
    actor = current_actor()
    try:
        managing.disable_account(account_of(actor), actor=actor)
    except LastAdmin as refusal:
        return password_page(CLOSE, [FieldError("", refusal.code, refusal.detail)], refusal)
    end_current_session()
    flash("Your account is closed. An admin can open it again.", "info")
    return redirect_to(url_for("accounts_web.login"), reload=True)


def _page(typed: Mapping[str, Any] | None = None, errors: Sequence[FieldError] = (), status: int = 200) -> Response:
    actor = current_actor()
    account = queries.get_account(account_of(actor))
    saved = {name: getattr(account, name) for name in FIELDS}
    return private_page(
        "accounts/profile.html",
        status=status,
        row=rows_of([account])[0],
        fields=controls(FIELDS, saved if typed is None else typed, errors),
        errors=errors,
        own_record=own_record_of(account, actor),
        may_read_records=actor.may("records:read"),
    )

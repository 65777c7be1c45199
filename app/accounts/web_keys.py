"""Pages: API keys. The secret of a new one is on the page that answers its form, and nowhere else."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for
from werkzeug.datastructures import MultiDict

from app.accounts import keys, queries, queries_keys
from app.accounts.errors import NoSuchKey
from app.accounts.field_types import canonical_email_or_none
from app.accounts.keys import NewKey
from app.accounts.page_door import bp, in_words, private_page
from app.accounts.page_forms import controls
from app.accounts.page_proof import prove
from app.accounts.queries_keys import ShownKey
from app.accounts.schemas_keys import KeyInput, KeyQuery
from app.core.access import account_of, current_actor, requires
from app.core.database import utc_now
from app.core.errors import AccountLocked, FieldError, ValidationFailed
from app.core.forms import read_form
from app.core.htmx import redirect_to
from app.core.identity import ALL_SCOPES
from app.core.listing import page_request
from app.core.office import office_today
from app.core.presenting import day
from app.core.shown_once import make_and_show
from app.core.validation import read_query_leniently

KEYS = "accounts_web.list_keys"
FIELDS = ("name", "account", "scopes", "expires_at", "password")
LIVES = (("In 30 days", 30), ("In 90 days", 90), ("In a year", 365))
SOON = timedelta(days=30)


@bp.get("/api-keys")
@requires("keys:manage")
def list_keys() -> Response:
    """List the API keys that were not revoked."""
    return _list_page()


@bp.get("/api-keys/new")
@requires("keys:manage")
def new_key() -> Response:
    """Show the form for another key."""
    account = queries.get_account(account_of(current_actor()))
    typed = {"account": account.email, "scopes": ["records:read"], "expires_at": _days_on(LIVES[-1][1])}
    return _form_page(typed, [], 200)


@bp.post("/api-keys/new")
@requires("keys:manage")
def create_key() -> Response:
    """Make the key and show its secret, this once. Sent again, the form leads to the list."""
    form = read_form(KeyInput, submitted=_with_account_id(), drop=["password"])
    typed = {**form.typed, "account": request.form.get("account", "")}
    if form.data is None:
        return _form_page(typed, form.errors, 422)
    try:
        prove(request.form.get("password", ""))
        return _made_once(form.data)
    except ValidationFailed as refusal:
        return _form_page(typed, list(refusal.errors), refusal.status)
    except AccountLocked as refusal:
        return _form_page(typed, [in_words(refusal)], refusal.status)


def _made_once(wanted: KeyInput) -> Response:
    """Make the key and show it, or lead to the list where the same form was sent before."""

    def make() -> NewKey:
        actor = current_actor()
        owner = wanted.account_id or account_of(actor)
        return keys.create_api_key(owner, wanted.name, wanted.scopes, expires_at=wanted.expires_at, actor=actor)

    return make_and_show(
        make,
        _list_page,
        place_of=lambda _made: url_for(KEYS),
        asked=_without_password(),
        words="This key was made already. Its secret was shown then and cannot be shown again.",
    )


@bp.get("/api-keys/<id:key_id>/revoke")
@requires("keys:manage")
def ask_revoke_key(key_id: UUID) -> Response:
    """Ask once whether to revoke the key."""
    return private_page("accounts/key_revoke.html", key=queries_keys.get_key(key_id))


@bp.post("/api-keys/<id:key_id>/revoke")
@requires("keys:manage")
def revoke_key(key_id: UUID) -> Response:
    """Make the key worthless for good. A second press finds it done, which is just as well."""
    try:
        keys.revoke_api_key(queries_keys.get_key(key_id).id, actor=current_actor())
    except NoSuchKey as refusal:
        flash(refusal.detail, "info")
        return redirect_to(url_for(KEYS))
    flash("The key is revoked. Programs that use it stop within 5 seconds.", "ok")
    return redirect_to(url_for(KEYS))


def _without_password() -> dict[str, list[str]]:
    return {name: request.form.getlist(name) for name in request.form if name != "password"}


def _with_account_id() -> "MultiDict[str, str]":
    """Return the form with the id of the account in place of its address, as JSON names it."""
    found = request.form.copy()
    typed = found.pop("account", "").strip()
    if typed:
        email = canonical_email_or_none(typed)
        account_id = queries.find_account_id(email) if email else None
        found["account_id"] = str(account_id) if account_id else "nobody"
    return found


def _list_page(made: NewKey | None = None) -> Response:
    asked = read_query_leniently(KeyQuery)
    made_key = queries_keys.get_key(made.id) if made else None
    page = queries_keys.list_keys(page_request(asked), account_id=asked.account_id)
    return private_page(
        "accounts/keys.html",
        page=page,
        rows=[{"key": key, "expires": _expiry_words(key)} for key in page.data],
        made=made,
        made_key=made_key,
        made_expires=_expiry_words(made_key)[1] if made_key else "",
        page_url=lambda number: url_for(KEYS, account_id=asked.account_id, page=number if number > 1 else None),
    )


def _expiry_words(key: ShownKey) -> tuple[str, str]:
    """Say until when a key is good, and in which tone where that is near."""
    if key.expires_at is None:
        return "", "Never"
    left = key.expires_at - utc_now()
    if left <= timedelta(0):
        return "bad", f"Expired {day(key.expires_at)}"
    # What counts to the end of a day ends with the first moment of the next one.
    shown = day(key.expires_at - timedelta(seconds=1))
    days = left.days + (left.seconds > 0)
    return ("warn", "In 1 day" if days == 1 else f"In {days} days") if left < SOON else ("", shown)


def _form_page(typed: dict[str, Any], errors: Sequence[FieldError], status: int) -> Response:
    moved = [
        FieldError("account", error.code, _account_words(error)) if error.field == "account_id" else error
        for error in errors
    ]
    return private_page(
        "accounts/key_new.html",
        status=status,
        fields=controls(FIELDS, typed, moved),
        scopes=[(scope, scope) for scope in sorted(ALL_SCOPES, key=_commonest_first)],
        lives=[*((_days_on(days), words) for words, days in LIVES), ("", "Never")],
        errors=moved,
    )


def _account_words(error: FieldError) -> str:
    return error.message if "disabled" in error.message else "No account has this email"


def _commonest_first(scope: str) -> tuple[bool, str]:
    return not scope.startswith("records:"), scope


def _days_on(days: int) -> str:
    return (office_today() + timedelta(days=days)).isoformat()

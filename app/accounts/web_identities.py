"""Single sign-on on the security page: which providers open the account, and taking one away."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, flash, url_for

from app.accounts import queries_sso, unlinking
from app.accounts.models_sso import AccountIdentity
from app.accounts.page_door import bp, renew_session
from app.accounts.page_proof import Question, asks_password, password_page
from app.core.access import account_of, current_actor, signed_in
from app.core.errors import NotFound
from app.core.htmx import redirect_to
from app.core.settings import settings

UNLINK = Question(
    "Unlink",
    "It no longer signs you in here. Every other place where you are signed in is signed out.",
    "Unlink",
    "bad",
)


@dataclass(frozen=True, slots=True)
class ShownIdentity:
    """A provider that opens the account, as the page names it."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime


def identities_of(account_id: UUID) -> list[ShownIdentity]:
    """Return the providers that open an account, as the page names them."""
    return [
        ShownIdentity(found.id, _name_of(found), found.created_at, found.last_used_at)
        for found in queries_sso.list_identities(account_id)
    ]


@bp.get("/settings/security/sign-on/<id:identity_id>/unlink")
@signed_in
def ask_unlink(identity_id: UUID) -> Response:
    """Ask for the password before single sign-on is taken away."""
    found = queries_sso.find_identity_of(identity_id, account_of(current_actor()))
    if found is None:
        raise NotFound
    return password_page(UNLINK, about=_name_of(found))


@bp.post("/settings/security/sign-on/<id:identity_id>/unlink")
@signed_in
@asks_password(UNLINK)
def unlink(identity_id: UUID) -> Response:
    """Take single sign-on away."""
    actor = current_actor()
    unlinking.unlink(identity_id, account_of(actor), actor=actor)
    renew_session()
    flash("Single sign-on is unlinked.", "ok")
    return redirect_to(url_for("accounts_web.show_security"))


def _name_of(identity: AccountIdentity) -> str:
    """Name a provider as the sign-in page does; one that is not in the settings any more by its host."""
    config = settings()
    is_ours = identity.issuer == config.oidc_issuer
    return config.oidc_name if is_ours else urlsplit(identity.issuer).netloc or identity.issuer

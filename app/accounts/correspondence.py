"""The letters that accounts get, and whether the links in them hold."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flask import Flask

from app.accounts import queries
from app.accounts.models import Account
from app.core import letters, links
from app.core.database import utc_now
from app.core.letters import Draft, Letter
from app.core.links import Link, LinkVoid
from app.core.presenting import moment
from app.core.settings import settings

VERIFY_EMAIL, RESET_PASSWORD, INVITATION = "verify_email", "reset_password", "invitation"
ALREADY_REGISTERED, PASSWORD_CHANGED = "already_registered", "password_changed"

SIGN_IN_CHANGED: Mapping[str, str] = MappingProxyType(
    {
        "app_added": "An authenticator app was added to your account",
        "app_removed": "The authenticator app was removed from your account",
        "passkey_added": "A passkey was added to your account",
        "passkey_removed": "A passkey was removed from your account",
        "codes_renewed": "New recovery codes were made for your account, and the old ones stopped working",
        "factors_reset": "An admin switched two-step sign-in off for your account",
        "sign_on_linked": "Single sign-on was linked to your account",
        "sign_on_unlinked": "Single sign-on was unlinked from your account",
    }
)
"""What a letter says about another way to sign in, by its kind."""

EMAIL_LINK, PASSWORD_LINK = "account.email", "account.password"

RESET_LINK_LIVES = timedelta(hours=1)
AT_MOST_AN_HOUR = 10
"""So many letters of one kind an account gets in an hour, however often somebody asks for them."""


def bond_of(account: Account) -> bytes:
    """Return what a link to an account is bound to: its address and its password."""
    return links.state_of(account.email, account.password_hash)


def holder_of(link: Link) -> Account:
    """Return the account that a link still holds for. Raises LinkVoid, LinkLate."""
    account = queries.find_account(link.subject_id)
    if account is None or not account.is_active:
        raise LinkVoid
    links.judge(link, bound_to=bond_of(account))
    return account


def write_verification(letter: Letter) -> Draft | None:
    """Write the letter with the link that proves an address, unless it is proven already."""
    account = _addressee(letter)
    if account is None or account.email_verified:
        return None
    return _with_link(letter, account, EMAIL_LINK, "/verify-email", _link_lifetime())


def write_reset(letter: Letter) -> Draft | None:
    """Write the letter with the link that sets another password."""
    account = _addressee(letter)
    if account is None:
        return None
    return _with_link(letter, account, PASSWORD_LINK, "/reset-password", min(RESET_LINK_LIVES, _link_lifetime()))


def write_invitation(letter: Letter) -> Draft | None:
    """Write the letter with the link that sets the first password."""
    account = _addressee(letter)
    if account is None or account.password_hash is not None:
        return None
    return _with_link(letter, account, PASSWORD_LINK, "/reset-password", _link_lifetime())


def write_notice(letter: Letter) -> Draft | None:
    """Write a letter that tells an account what happened, without a link of its own."""
    account = _addressee(letter)
    if account is None or _has_enough(letter):
        return None
    return Draft(letter.kind, {"at": moment(utc_now())})


def write_change(letter: Letter) -> Draft | None:
    """Write the letter that a way to sign in came or went."""
    account = _addressee(letter)
    if account is None or _has_enough(letter):
        return None
    return Draft("sign_in_changed", {"at": moment(utc_now()), "fact": SIGN_IN_CHANGED[letter.kind]})


def tell_of_change(account_id: UUID, kind: str) -> None:
    """Have the owner of an account told of a change in `SIGN_IN_CHANGED`, with the transaction in hand."""
    letters.post(kind, subject_id=account_id, to=queries.get_account(account_id).email)


WRITERS = {
    VERIFY_EMAIL: write_verification,
    RESET_PASSWORD: write_reset,
    INVITATION: write_invitation,
    ALREADY_REGISTERED: write_notice,
    PASSWORD_CHANGED: write_notice,
    **dict.fromkeys(SIGN_IN_CHANGED, write_change),
}


def init_app(app: Flask) -> None:
    """Have the letters of accounts written here."""
    for kind, writer in WRITERS.items():
        letters.use_writer(app, kind, writer)


def _addressee(letter: Letter) -> Account | None:
    """Find the account a letter is for, while it is in use and still has the address the letter was meant for."""
    account = queries.find_account(letter.subject_id) if letter.subject_id is not None else None
    return account if account is not None and account.is_active and account.email == letter.to else None


def _has_enough(letter: Letter) -> bool:
    since = utc_now() - timedelta(hours=1)
    return letter.subject_id is None or letters.count_sent(letter.kind, letter.subject_id, since) >= AT_MOST_AN_HOUR


def _with_link(letter: Letter, account: Account, purpose: str, path: str, lifetime: timedelta) -> Draft | None:
    if _has_enough(letter):
        return None
    token = links.renew(purpose, letter, bound_to=bond_of(account), lifetime=lifetime)
    if token is None:
        return None
    context: dict[str, Any] = {
        "url": f"{settings().base_url}{path}?token={token}",
        "until": moment(utc_now() + lifetime),
    }
    return Draft(letter.kind, context)


def _link_lifetime() -> timedelta:
    return timedelta(hours=settings().verification_link_hours)

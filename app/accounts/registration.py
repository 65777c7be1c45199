"""Registering: somebody makes an account for themselves, and proves that the address is theirs."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.accounts import queries
from app.accounts.correspondence import ALREADY_REGISTERED, EMAIL_LINK, VERIFY_EMAIL, holder_of
from app.accounts.errors import NameTaken
from app.accounts.models import Account
from app.accounts.passwords import hash_password
from app.accounts.schemas_registration import RegisterInput
from app.core import letters, links, outbox, transaction
from app.core.actions import Action
from app.core.database import new_id, utc_now
from app.core.identity import Actor
from app.core.links import Link
from app.core.transaction import command
from app.extensions import db


@dataclass(frozen=True, slots=True)
class Verified:
    """Whose address was proven, and when."""

    account_id: UUID
    at: datetime


def register(data: RegisterInput, *, actor: Actor) -> Account:
    """Make an account that can be used once its address is proven. Raises NameTaken.

    Who has the address already gets a letter that says what was tried.
    """
    password_hash = hash_password(data.password)
    try:
        return _insert_member(data, password_hash, actor=actor)
    except NameTaken as taken:
        if "email" in {error.field for error in taken.errors}:
            transaction.run(lambda: _post(ALREADY_REGISTERED, data.email))
        raise


def _name_taken(data: RegisterInput, _password_hash: str, *, actor: Actor) -> NameTaken | None:
    taken = queries.taken_names(data.email, data.username)
    return NameTaken(taken) if taken else None


@command(Action.ACCOUNT_REGISTERED, refuse=_name_taken)
def _insert_member(data: RegisterInput, password_hash: str, *, actor: Actor) -> Account:
    account = Account(
        id=new_id(),
        email=data.email,
        username=data.username,
        full_name=data.full_name,
        role="member",
        password_hash=password_hash,
        is_active=True,
        email_verified=False,
        created_at=utc_now(),
    )
    db.session.add(account)
    outbox.publish("user.registered", subject_id=account.id)
    letters.post(VERIFY_EMAIL, subject_id=account.id, to=account.email)
    return account


def resend(email: str) -> None:
    """Have the link for an address sent again. The work is the same whether or not somebody waits for it."""
    transaction.run(lambda: _post(VERIFY_EMAIL, email))


def _post(kind: str, email: str) -> None:
    letters.post(kind, subject_id=queries.find_account_id(email), to=email)


def find_link(token: str) -> tuple[Link, Account]:
    """Return a link that can still prove an address, and whose it is; nothing changes. Raises LinkVoid, LinkLate."""
    link = links.find(EMAIL_LINK, token)
    return link, holder_of(link)


def verify_email(token: str, *, actor: Actor) -> Verified:
    """Use a link up and note that the address is proven. Raises LinkVoid, LinkLate."""
    link, _account = find_link(token)
    return _verify(link, actor=actor)


@command(Action.ACCOUNT_EMAIL_VERIFIED)
def _verify(link: Link, *, actor: Actor) -> Verified:
    queries.lock_account(link.subject_id)
    account = holder_of(link)
    links.use_up(link)
    if not account.email_verified:
        account.email_verified = True
        outbox.publish("user.email_verified", subject_id=account.id)
    return Verified(account.id, utc_now())

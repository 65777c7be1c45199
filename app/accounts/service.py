"""Making accounts."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from app.accounts import queries
from app.accounts.errors import NameTaken
from app.accounts.models import Account
from app.accounts.passwords import Owner, hash_password, weakness
from app.core.actions import Action
from app.core.database import new_id
from app.core.errors import FieldError, ValidationFailed
from app.core.identity import ROLES, Actor, system_actor
from app.core.rules import RuleBroken, canonical_email
from app.core.settings import settings
from app.core.transaction import command
from app.extensions import db


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made of. `email` is in any accepted spelling; `password` is as typed, None where one is
    to be set by a mailed link."""

    email: str
    role: str
    password: str | None
    full_name: str | None = None
    username: str | None = None


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """The admin made on the first start; `password` only where it was generated, to be shown once."""

    email: str
    password: str | None


def create_account(new: NewAccount, *, actor: Actor) -> UUID:
    """Make an account; with a password it is verified and usable at once. Return its id.

    Raises ValidationFailed, NameTaken.
    """
    checked = _checked(new)
    return _insert_account(checked, hash_password(new.password) if new.password is not None else None, actor=actor)


def _name_taken(new: NewAccount, _password_hash: str | None, *, actor: Actor) -> NameTaken | None:
    taken = queries.taken_names(new.email, new.username)
    return NameTaken(taken) if taken else None


@command(Action.ACCOUNT_CREATED, refuse=_name_taken)
def _insert_account(new: NewAccount, password_hash: str | None, *, actor: Actor) -> UUID:
    account = Account(
        id=new_id(),
        email=new.email,
        username=new.username,
        full_name=new.full_name,
        role=new.role,
        password_hash=password_hash,
        is_active=True,
        email_verified=password_hash is not None,
    )
    db.session.add(account)
    return account.id


def ensure_first_admin(email: str, password: str | None) -> FirstAdmin | None:
    """Make the first admin where there is no account yet; without a password, generate one.

    Returns None when there are accounts. Raises ValidationFailed.
    """
    if queries.any_account_exists():
        return None
    generated = None if password else generated_password()
    create_account(NewAccount(email, "admin", password or generated), actor=system_actor())
    return FirstAdmin(canonical_email(email), generated)


def generated_password() -> str:
    """Return a random password that satisfies the policy; 120 bits stand before the fixed ending."""
    return f"{secrets.token_urlsafe(15)}-Aa1"


def _checked(new: NewAccount) -> NewAccount:
    errors = []
    try:
        email = canonical_email(new.email)
    except RuleBroken as broken:
        email = new.email
        errors.append(FieldError("email", broken.code, broken.message))
    if new.role not in ROLES:
        errors.append(FieldError("role", "INVALID", f"Choose one of {', '.join(ROLES)}"))
    if new.password is not None and (fault := _weakness(new.password, Owner(email, new.username, new.full_name))):
        errors.append(FieldError("password", "WEAK_PASSWORD", fault))
    if errors:
        raise ValidationFailed(errors)
    return NewAccount(email, new.role, new.password, new.full_name, new.username)


def _weakness(password: str, owner: Owner) -> str | None:
    return weakness(password, owner, settings().password_policy)

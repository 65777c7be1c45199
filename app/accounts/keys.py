"""API keys: credentials of machines. The secret is shown once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from app.accounts import queries, queries_accounts, queries_keys
from app.accounts.credentials import digest, new_api_key, prefix_of
from app.accounts.field_types import KEY_NAME, REQUIRED_WORDS
from app.accounts.models import ApiKey
from app.accounts.revocation import forget_credentials
from app.core.actions import Action
from app.core.database import new_id, table_of, utc_now
from app.core.errors import FieldError, ValidationFailed
from app.core.identity import ALL_SCOPES, Actor, scopes_of
from app.core.rules import RuleBroken, trimmed
from app.core.transaction import command, run
from app.extensions import db


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `secret` is kept nowhere else."""

    id: UUID
    secret: str


@command(Action.API_KEY_CREATED)
def create_api_key(
    account_id: UUID, name: str, scopes: Iterable[str], *, actor: Actor, expires_at: datetime | None = None
) -> NewKey:
    """Make an API key for an account. Raises NoSuchAccount, and ValidationFailed for a scope the account lacks."""
    account = queries_accounts.lock_account(account_id)
    wanted = frozenset(scopes)
    errors = [*_name_errors(name), *_scope_errors(wanted, scopes_of(account.role))]
    if not account.is_active:
        errors.append(FieldError("account_id", "INVALID", "This account is disabled"))
    if expires_at is not None and expires_at <= utc_now():
        errors.append(FieldError("expires_at", "INVALID", "Choose a time that is still to come"))
    if errors:
        raise ValidationFailed(errors)
    secret = new_api_key()
    key = ApiKey(
        id=new_id(),
        account_id=account.id,
        name=KEY_NAME.canonical(name),
        prefix=prefix_of(secret),
        secret_hash=digest(secret),
        scopes=" ".join(sorted(wanted)),
        expires_at=expires_at,
    )
    db.session.add(key)
    return NewKey(key.id, secret)


@command(Action.API_KEY_REVOKED)
def revoke_api_key(api_key_id: UUID, *, actor: Actor) -> None:
    """Make an API key worthless for good; one that is revoked stays as it is."""
    key = queries.get_api_key(api_key_id)
    if key.revoked_at is None:
        key.revoked_at = utc_now()
        forget_credentials()


def revoke_keys_of(account_id: UUID, *, actor: Actor) -> None:
    """Make every API key of an account worthless for good."""
    for key_id in queries_keys.live_keys_of(account_id):
        revoke_api_key(key_id, actor=actor)


def touch_key(api_key_id: UUID, now: datetime) -> None:
    """Note that an API key is in use; nothing of that belongs on record."""
    table = table_of(ApiKey)
    used = update(table).where(table.c.id == api_key_id)
    run(lambda: db.session.execute(used.values(last_used_at=now)))


def _name_errors(name: str) -> list[FieldError]:
    """Judge the name by the rule of the doors: at the shell nothing else does."""
    if not trimmed(name):
        return [FieldError("name", "REQUIRED", REQUIRED_WORDS["name"])]
    try:
        KEY_NAME.canonical(name)
    except RuleBroken as broken:
        return [FieldError("name", broken.code, broken.message)]
    return []


def _scope_errors(wanted: frozenset[str], held: frozenset[str]) -> list[FieldError]:
    if not wanted:
        return [FieldError("scopes", "REQUIRED", "Choose at least one scope")]
    if wanted - ALL_SCOPES:
        return [FieldError("scopes", "INVALID", f"Choose from {', '.join(sorted(ALL_SCOPES))}")]
    if wanted - held:
        return [FieldError("scopes", "INVALID", f"The account's role lacks {', '.join(sorted(wanted - held))}")]
    return []

"""Reading accounts and what they sign in with. What runs on every request reads rows, not objects."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects import mysql, sqlite

from app.accounts.errors import AccountUnknown
from app.accounts.models import Account, ApiKey, BrowserSession, RefreshFamily, RefreshToken, SignInAttempts
from app.core.identity import Actor, scopes_of
from app.extensions import db


@dataclass(frozen=True, slots=True)
class Credential:
    """A live credential as it was found: who it speaks for, and the times that bound it.

    `is_vouched`: a second factor was shown to a provider of single sign-on.
    """

    actor: Actor
    created_at: datetime
    last_seen_at: datetime | None
    expires_at: datetime | None
    is_vouched: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """The account a typed name may mean, with what a sign-in has to know of it."""

    account_id: UUID
    password_hash: str | None
    is_active: bool
    email_verified: bool
    actor: Actor


_WHO = (Account.id, Account.email, Account.username, Account.full_name, Account.role)


def find_candidate(name: str, channel: str) -> Candidate | None:
    """Find the account with this e-mail or username, canonical as stored."""
    column = Account.email if "@" in name else Account.username
    row = db.session.execute(
        select(*_WHO, Account.password_hash, Account.is_active, Account.email_verified).where(column == name)
    ).one_or_none()
    if row is None:
        return None
    actor = _actor(row, "account", None, channel)
    return Candidate(row.id, row.password_hash, row.is_active, row.email_verified, actor)


def find_session(token_hash: bytes) -> Credential | None:
    """Find the browser session of a token, unless it was ended or its account disabled."""
    live = _live(BrowserSession, BrowserSession.last_seen_at).where(BrowserSession.token_hash == token_hash)
    row = db.session.execute(live.add_columns(BrowserSession.is_vouched)).one_or_none()
    if row is None:
        return None
    found = _credential(row, _actor(row, "account", row.credential_id, "screen"))
    return replace(found, is_vouched=row.is_vouched)


def find_family(family_id: UUID) -> Credential | None:
    """Find a family of tokens, unless it was ended or its account disabled."""
    live = _live(RefreshFamily, RefreshFamily.last_seen_at).where(RefreshFamily.id == family_id)
    row = db.session.execute(live).one_or_none()
    return _credential(row, _actor(row, "account", row.credential_id, "api")) if row else None


def find_api_key(secret_hash: bytes) -> Credential | None:
    """Find an API key, unless it was revoked or its account disabled; its scopes are cut with the account's."""
    row = db.session.execute(
        select(
            *_WHO,
            ApiKey.id.label("credential_id"),
            ApiKey.name,
            ApiKey.scopes,
            ApiKey.created_at,
            ApiKey.last_used_at.label("last_seen_at"),
            ApiKey.expires_at,
        )
        .join(Account, Account.id == ApiKey.account_id)
        .where(ApiKey.secret_hash == secret_hash, ApiKey.revoked_at.is_(None), Account.is_active)
    ).one_or_none()
    if row is None:
        return None
    actor = _actor(row, "api_key", row.credential_id, "api", frozenset(row.scopes.split()))
    return _credential(row, actor, row.expires_at)


def find_refresh_token(token_hash: bytes) -> RefreshToken | None:
    """Find a refresh token, used or not, and keep others from using it meanwhile."""
    found = select(RefreshToken).where(RefreshToken.token_hash == token_hash).with_for_update()
    return db.session.scalars(found).one_or_none()


def lock_family(family_id: UUID) -> RefreshFamily:
    """Return a family of tokens, ended or not, and keep others from changing it until the transaction ends."""
    return db.session.get_one(RefreshFamily, family_id, populate_existing=True, with_for_update=True)


def find_browser_session(session_id: UUID) -> BrowserSession | None:
    """Find a browser session, ended or not."""
    return db.session.get(BrowserSession, session_id)


def get_api_key(api_key_id: UUID) -> ApiKey:
    """Return an API key by its id, revoked or not, and keep others from changing it until the transaction ends."""
    return db.session.get_one(ApiKey, api_key_id, populate_existing=True, with_for_update=True)


def get_account(account_id: UUID) -> Account:
    """Return an account by its id."""
    return db.session.get_one(Account, account_id)


def find_account(account_id: UUID) -> Account | None:
    """Find an account by its id."""
    return db.session.get(Account, account_id)


def find_account_id(email: str) -> UUID | None:
    """Find the id of the account with this canonical address."""
    return db.session.scalar(select(Account.id).where(Account.email == email))


def lock_account(account_id: UUID) -> Account:
    """Return an account as it is now, and keep others from changing it until the transaction ends."""
    return db.session.get_one(Account, account_id, populate_existing=True, with_for_update=True)


def get_account_by_email(email: str) -> Account:
    """Return the account with this canonical address. Raises AccountUnknown."""
    account = db.session.scalars(select(Account).where(Account.email == email)).one_or_none()
    if account is None:
        raise AccountUnknown
    return account


def any_account_exists() -> bool:
    """Tell whether this installation has an account yet."""
    return db.session.scalar(select(func.count()).select_from(select(Account.id).limit(1).subquery())) != 0


def count_active_accounts() -> int:
    """Count the accounts that can sign in."""
    able = select(func.count()).select_from(Account).where(Account.is_active, Account.email_verified)
    return db.session.scalars(able).one()


def taken_names(email: str, username: str | None) -> frozenset[str]:
    """Name those of `email` and `username` that another account has."""
    rows = db.session.execute(
        select(Account.email, Account.username).where((Account.email == email) | (Account.username == username))
    ).all()
    emails, usernames = {row.email for row in rows}, {row.username for row in rows}
    taken = {"email": email in emails, "username": username is not None and username in usernames}
    return frozenset(field for field, is_taken in taken.items() if is_taken)


def find_attempts(address_digest: bytes) -> SignInAttempts | None:
    """Find the wrong sign-ins counted for a typed address."""
    found = select(SignInAttempts).where(SignInAttempts.address_digest == address_digest)
    return db.session.scalars(found).one_or_none()


def find_and_lock_attempts(address_digest: bytes) -> SignInAttempts | None:
    """Return the count for a typed address, if there is one, and hold it until the transaction ends."""
    return db.session.get(SignInAttempts, address_digest, populate_existing=True, with_for_update=True)


def lock_attempts(address_digest: bytes, now: datetime) -> SignInAttempts:
    """Return the count for a typed address, made if need be, and hold it until the transaction ends.

    One statement makes the row or takes its lock: to insert, fail and then lock
    is how two callers come to wait for each other.
    """
    row = {"address_digest": address_digest, "failures": 0, "last_failed_at": now}
    if db.session.get_bind().dialect.name == "sqlite":
        made: Any = sqlite.insert(SignInAttempts).values(row).on_conflict_do_nothing()
    else:
        made = mysql.insert(SignInAttempts).values(row).on_duplicate_key_update(failures=SignInAttempts.failures)
    db.session.execute(made)
    return db.session.get_one(SignInAttempts, address_digest, populate_existing=True, with_for_update=True)


def _live(model: type[BrowserSession] | type[RefreshFamily], seen: Any) -> Select[Any]:
    return (
        select(*_WHO, model.id.label("credential_id"), model.created_at, seen.label("last_seen_at"))
        .join(Account, Account.id == model.account_id)
        .where(model.ended_at.is_(None), Account.is_active)
    )


def actor_of(account: Account, channel: str) -> Actor:
    """Return who acts once an account has signed in."""
    return _actor(account, "account", None, channel)


def _actor(row: Any, kind: str, credential_id: UUID | None, channel: str, cut: frozenset[str] | None = None) -> Actor:
    scopes = scopes_of(row.role) if cut is None else scopes_of(row.role) & cut
    name = row.full_name or row.username or row.email
    return Actor(row.id, name, row.role, scopes, kind, channel, credential_id)


def _credential(row: Any, actor: Actor, expires_at: datetime | None = None) -> Credential:
    return Credential(actor, row.created_at, row.last_seen_at, expires_at)


def find_names(account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names that screens show for these accounts."""
    if not account_ids:
        return {}
    rows = db.session.execute(select(*_WHO).where(Account.id.in_(set(account_ids))))
    return {row.id: row.full_name or row.username or row.email for row in rows}

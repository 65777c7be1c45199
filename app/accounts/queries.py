"""Reading accounts and what they sign in with. What runs on every request reads rows, not objects."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, bindparam, func, select
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.errors import AccountUnknown
from app.accounts.models import Account, ApiKey, BrowserSession, RefreshFamily, RefreshToken, SignInAttempts
from app.core.database import table_of
from app.core.identity import Actor, scopes_of
from app.core.quick_reads import fetch_first, fetch_value
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


_accounts, _keys = table_of(Account), table_of(ApiKey)
_sessions, _families, _attempts = table_of(BrowserSession), table_of(RefreshFamily), table_of(SignInAttempts)
_WHO = tuple(_accounts.c[name] for name in ("id", "email", "username", "full_name", "role"))


def _live(table: Table) -> Select[Any]:
    return (
        select(*_WHO, table.c.id.label("credential_id"), table.c.created_at, table.c.last_seen_at)
        .join_from(table, _accounts, _accounts.c.id == table.c.account_id)
        .where(table.c.ended_at.is_(None), _accounts.c.is_active)
    )


SESSION = _live(_sessions).add_columns(_sessions.c.is_vouched).where(_sessions.c.token_hash == bindparam("token_hash"))
FAMILY = _live(_families).where(_families.c.id == bindparam("family_id"))
API_KEY = (
    select(*_WHO, *(_keys.c[name] for name in ("scopes", "created_at", "expires_at")))
    .add_columns(_keys.c.id.label("credential_id"), _keys.c.last_used_at.label("last_seen_at"))
    .join_from(_keys, _accounts, _accounts.c.id == _keys.c.account_id)
    .where(_keys.c.secret_hash == bindparam("secret_hash"), _keys.c.revoked_at.is_(None), _accounts.c.is_active)
)
_candidates = select(*_WHO, *(_accounts.c[name] for name in ("password_hash", "is_active", "email_verified")))
BY_EMAIL = _candidates.where(_accounts.c.email == bindparam("name"))
BY_USERNAME = _candidates.where(_accounts.c.username == bindparam("name"))
LOCK = select(_attempts.c.locked_until).where(_attempts.c.address_digest == bindparam("address_digest"))


def find_candidate(name: str, channel: str) -> Candidate | None:
    """Find the account with this e-mail or username, canonical as stored."""
    row = fetch_first(BY_EMAIL if "@" in name else BY_USERNAME, {"name": name})
    if row is None:
        return None
    actor = _actor(row, "account", None, channel)
    return Candidate(row.id, row.password_hash, row.is_active, row.email_verified, actor)


def find_session(token_hash: bytes) -> Credential | None:
    """Find the browser session of a token, unless it was ended or its account disabled."""
    row = fetch_first(SESSION, {"token_hash": token_hash})
    if row is None:
        return None
    found = _credential(row, _actor(row, "account", row.credential_id, "screen"))
    return replace(found, is_vouched=row.is_vouched)


def find_family(family_id: UUID) -> Credential | None:
    """Find a family of tokens, unless it was ended or its account disabled."""
    row = fetch_first(FAMILY, {"family_id": family_id})
    return _credential(row, _actor(row, "account", row.credential_id, "api")) if row else None


def find_api_key(secret_hash: bytes) -> Credential | None:
    """Find an API key, unless it was revoked or its account disabled; its scopes are cut with the account's."""
    row = fetch_first(API_KEY, {"secret_hash": secret_hash})
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


def count_active_accounts() -> int | None:
    """Count the accounts that can sign in; None while the database does not answer, which is told without failing."""
    able = select(func.count()).select_from(Account).where(Account.is_active, Account.email_verified)
    try:
        return db.session.scalars(able).one()
    except SQLAlchemyError:
        db.session.remove()
        return None


def taken_names(email: str, username: str | None) -> frozenset[str]:
    """Name those of `email` and `username` that another account has."""
    rows = db.session.execute(
        select(Account.email, Account.username).where((Account.email == email) | (Account.username == username))
    ).all()
    emails, usernames = {row.email for row in rows}, {row.username for row in rows}
    taken = {"email": email in emails, "username": username is not None and username in usernames}
    return frozenset(field for field, is_taken in taken.items() if is_taken)


def find_lock(address_digest: bytes) -> datetime | None:
    """Find until when a typed address is or was locked."""
    until: datetime | None = fetch_value(LOCK, {"address_digest": address_digest})
    return until


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


def actor_of(account: Account, caller: Actor) -> Actor:
    """Return who acts once an account has signed in, as the one who called."""
    known = _actor(account, "account", None, caller.channel)
    return known.calling(caller.channel, caller.ip, caller.request_id)


def _actor(row: Any, kind: str, credential_id: UUID | None, channel: str, cut: frozenset[str] | None = None) -> Actor:
    scopes = scopes_of(row.role) if cut is None else scopes_of(row.role) & cut
    return Actor(row.id, name_of(row), row.role, scopes, kind, channel, credential_id)


def _credential(row: Any, actor: Actor, expires_at: datetime | None = None) -> Credential:
    return Credential(actor, row.created_at, row.last_seen_at, expires_at)


def find_names(account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names that screens show for these accounts."""
    if not account_ids:
        return {}
    rows = db.session.execute(select(*_WHO).where(Account.id.in_(set(account_ids))))
    return {row.id: name_of(row) for row in rows}


def name_of(account: Any) -> str:
    """Return the name that screens and the trail show for an account, of a row that has all it could be."""
    return str(account.full_name or account.username or account.email)

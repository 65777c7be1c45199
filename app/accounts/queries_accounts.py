"""Reading accounts to manage them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select

from app.accounts.errors import NoSuchAccount
from app.accounts.models import Account, SignInAttempts
from app.accounts.models_factors import Passkey, Totp
from app.core.paging import Page, PageRequest, walk
from app.extensions import db

SORTS: dict[str, Any] = {"created_at": Account.created_at, "email": Account.email}


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows the list of accounts."""

    text: str | None = None
    role: str | None = None
    is_active: bool | None = None
    email_verified: bool | None = None
    mfa_enabled: bool | None = None


def get_account(account_id: UUID) -> Account:
    """Return an account, disabled ones included. Raises NoSuchAccount."""
    account = db.session.get(Account, account_id)
    if account is None:
        raise NoSuchAccount
    return account


def lock_account(account_id: UUID) -> Account:
    """Return an account to be changed; other writers of it wait. Raises NoSuchAccount."""
    account = db.session.get(Account, account_id, populate_existing=True, with_for_update=True)
    if account is None:
        raise NoSuchAccount
    return account


def list_accounts(narrow: Filter, ask: PageRequest, *, sort: str = "created_at") -> Page[Account]:
    """Page through the accounts."""
    conditions = _conditions(narrow)
    total = select(func.count()).select_from(Account).where(*conditions)
    page = walk(select(Account).where(*conditions), total, SORTS[sort], Account.id, ask)
    return page.of([row.Account for row in page.data])


def count_admins(*, but: UUID | None = None) -> int:
    """Count the admins who can sign in, one of them left out."""
    able = select(func.count()).select_from(Account).where(Account.role == "admin", Account.is_active)
    able = able.where(Account.email_verified)
    return db.session.scalars(able if but is None else able.where(Account.id != but)).one()


def locks_of(digests: Collection[bytes], now: datetime) -> dict[bytes, datetime]:
    """Tell until when those of the typed addresses are locked that are."""
    if not digests:
        return {}
    held = select(SignInAttempts.address_digest, SignInAttempts.locked_until).where(
        SignInAttempts.address_digest.in_(set(digests)), SignInAttempts.locked_until > now
    )
    return {row.address_digest: row.locked_until for row in db.session.execute(held) if row.locked_until is not None}


def _conditions(narrow: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        getattr(Account, name) == getattr(narrow, name)
        for name in ("role", "is_active", "email_verified")
        if getattr(narrow, name) is not None
    ]
    if narrow.mfa_enabled is not None:
        app = exists().where(Totp.account_id == Account.id, Totp.confirmed_at.is_not(None))
        has_factor = or_(app, exists().where(Passkey.account_id == Account.id))
        conditions.append(has_factor if narrow.mfa_enabled else ~has_factor)
    if narrow.text is not None:
        sought = narrow.text.lower()
        texts = (func.lower(Account.full_name), Account.full_name, Account.email, Account.username)
        conditions.append(
            or_(*(func.instr(text, sought) > 0 for text in texts), func.instr(Account.full_name, narrow.text) > 0)
        )
    return conditions

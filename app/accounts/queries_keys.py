"""Reading API keys to manage them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from app.accounts.errors import NoSuchKey
from app.accounts.models import Account, ApiKey
from app.accounts.queries import name_of
from app.core.paging import Page, PageRequest, walk
from app.extensions import db


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key that was not revoked, as it is listed; `owner` is the name that screens show for its account."""

    id: UUID
    name: str
    account_id: UUID
    owner: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def get_key(key_id: UUID) -> ShownKey:
    """Return a key that was not revoked. Raises NoSuchKey."""
    row = db.session.execute(_keys().where(ApiKey.id == key_id)).one_or_none()
    if row is None:
        raise NoSuchKey
    return _shown(row)


def list_keys(ask: PageRequest, *, account_id: UUID | None = None) -> Page[ShownKey]:
    """Page through the keys that were not revoked, newest first; of one account, where it is named."""
    total = select(func.count()).select_from(ApiKey).where(ApiKey.revoked_at.is_(None))
    rows = _keys()
    if account_id is not None:
        rows, total = rows.where(ApiKey.account_id == account_id), total.where(ApiKey.account_id == account_id)
    page = walk(rows, total, ApiKey.created_at, ApiKey.id, ask)
    return page.of([_shown(row) for row in page.data])


def live_keys_of(account_id: UUID) -> list[UUID]:
    """Name the keys of an account that were not revoked."""
    live = select(ApiKey.id).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None))
    return list(db.session.scalars(live))


def _keys() -> Any:
    columns = (ApiKey.id, ApiKey.name, ApiKey.account_id, ApiKey.prefix, ApiKey.scopes, ApiKey.created_at)
    times = (ApiKey.expires_at, ApiKey.last_used_at)
    who = (Account.full_name, Account.username, Account.email)
    owned = select(*columns, *times, *who).join(Account, Account.id == ApiKey.account_id)
    return owned.where(ApiKey.revoked_at.is_(None))


def _shown(row: Row[Any]) -> ShownKey:
    return ShownKey(
        row.id,
        row.name,
        row.account_id,
        name_of(row),
        row.prefix,
        tuple(row.scopes.split()),
        row.created_at,
        row.expires_at,
        row.last_used_at,
    )

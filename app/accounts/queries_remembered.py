"""Reading remembered browsers and their tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.accounts.models_remembered import RememberedBrowser, RememberToken
from app.extensions import db


def find_and_lock_token(token_hash: bytes) -> RememberToken | None:
    """Find a token, used or not, and keep others from using it until the transaction ends."""
    return db.session.get(RememberToken, token_hash, populate_existing=True, with_for_update=True)


def find_browser_by_token(token_hash: bytes) -> RememberedBrowser | None:
    """Find the browser that is remembered by a token which was not used yet."""
    of_token = RememberToken.browser_id == RememberedBrowser.id
    good = (RememberToken.token_hash == token_hash, RememberToken.used_at.is_(None))
    return db.session.scalar(select(RememberedBrowser).join(RememberToken, of_token).where(*good))


def lock_browser(browser_id: UUID) -> RememberedBrowser:
    """Return a remembered browser, ended or not, and keep others from changing it until the transaction ends."""
    return db.session.get_one(RememberedBrowser, browser_id, populate_existing=True, with_for_update=True)


def is_token_over(now: datetime) -> ColumnElement[bool]:
    """Return the condition of the tokens whose remembered browser is past its time."""
    over = select(RememberedBrowser.id).where(RememberedBrowser.expires_at <= now)
    return RememberToken.browser_id.in_(over)

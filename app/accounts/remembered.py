"""Remembered browsers: begun with a password, carried on by one token after another, ended for good.

The cookie holds a random token, the table its digest. Each token is good for one use, so that a copy of a cookie is
worth nothing once its owner has come back, and shows itself when it comes second.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from app.accounts import queries_remembered
from app.accounts.credentials import digest, new_token
from app.accounts.models_remembered import RememberedBrowser, RememberToken
from app.core import audit
from app.core.actions import Action
from app.core.database import new_id, utc_now
from app.core.identity import Actor
from app.core.transaction import command
from app.extensions import db

LIVES = timedelta(days=30)
"""From the password on, however often it is used (NIST SP 800-63B-4 §2.1.3): then the password is asked for again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A remembered browser and the token that is good now. The token is kept nowhere else."""

    browser_id: UUID
    token: str = field(repr=False)


def remember(account_id: UUID, user_agent: str, ip: str | None) -> Kept:
    """Begin to remember a browser, in the transaction in hand."""
    now = utc_now()
    browser = RememberedBrowser(
        id=new_id(),
        account_id=account_id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + LIVES,
        user_agent=user_agent,
        ip=ip,
    )
    db.session.add(browser)
    db.session.flush()
    return carry_on(browser)


def carry_on(browser: RememberedBrowser) -> Kept:
    """Give a remembered browser its next token, in the transaction in hand."""
    token = new_token()
    db.session.add(RememberToken(token_hash=digest(token), browser_id=browser.id, created_at=utc_now()))
    return Kept(browser.id, token)


@command(Action.SESSION_ENDED)
def forget(token: str, *, actor: Actor) -> None:
    """Remember a browser no more by the token it shows; one that is used, over or unknown changes nothing."""
    found = queries_remembered.find_and_lock_token(digest(token))
    if found is None or found.used_at is not None:
        return
    browser = queries_remembered.lock_browser(found.browser_id)
    if end(browser):
        audit.note(Action.SESSION_ENDED, subject=("account", browser.account_id), reason="remembered browser")


@command(Action.SESSION_ENDED)
def end_browser(browser_id: UUID, *, actor: Actor) -> None:
    """Remember a browser no more, at once."""
    browser = queries_remembered.lock_browser(browser_id)
    if end(browser):
        audit.note(Action.SESSION_ENDED, subject=("account", browser.account_id), reason="remembered browser")


def end(browser: RememberedBrowser) -> bool:
    """End a remembered browser in the transaction in hand; tell whether it was one until now."""
    was_live = browser.ended_at is None
    browser.ended_at = browser.ended_at or utc_now()
    return was_live

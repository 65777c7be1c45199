"""Signing in again by a remembered browser: no password is shown, so what needs a fresh one asks for it.

The second factor was shown when the browser came to be remembered, and any change of the factors, the password or the
role has ended that since (`ending.end_sign_ins`).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from sqlalchemy import update

from app.accounts import queries, queries_factors, queries_remembered, remembered
from app.accounts.credentials import digest
from app.accounts.models import Account, BrowserSession
from app.accounts.models_remembered import RememberedBrowser, RememberToken
from app.accounts.revocation import forget_credentials
from app.accounts.sessions import NewSession, add_session
from app.accounts.sign_in import SignInRules, let_in, not_usable
from app.core import audit
from app.core.actions import Action, Outcome
from app.core.database import utc_now, write_rows
from app.core.identity import Actor
from app.core.metrics import sign_in_tried
from app.core.transaction import command

REMEMBERED = "remembered browser"
TABS_OPEN_WITHIN = timedelta(seconds=10)
"""A browser that opens several pages at once shows the same token with each. The later ones open nothing, and are not
taken for a thief's either."""


class Unremembered(Enum):
    """Why a token signs nobody in: it is worth nothing, was used a moment ago, or came back after its use."""

    VOID = auto()
    JUST_USED = auto()
    REUSED = auto()


def sign_in_again(token: str, user_agent: str, *, rules: SignInRules, actor: Actor) -> NewSession | Unremembered:
    """Sign in whoever's browser is remembered by this token, and give it the next one.

    A token that was used before ends the remembered browser and every session that came of it.
    """
    outcome = _judge(token, user_agent, rules, actor=actor)
    if isinstance(outcome, NewSession):
        sign_in_tried("success")
    elif outcome is Unremembered.REUSED:
        sign_in_tried("failure")
    return outcome


@command(Action.SESSION_REFRESH_REUSED)
def _judge(token: str, user_agent: str, rules: SignInRules, *, actor: Actor) -> NewSession | Unremembered:
    shown, now = queries_remembered.find_and_lock_token(digest(token)), utc_now()
    if shown is None:
        return Unremembered.VOID
    browser = queries_remembered.lock_browser(shown.browser_id)
    if _is_over(browser, now):
        return Unremembered.VOID
    if shown.used_at is not None:
        return _used_before(shown, browser, now)
    account = queries.lock_account(browser.account_id)
    if _is_barred(account, rules):
        return Unremembered.VOID
    shown.used_at = browser.last_seen_at = now
    kept = remembered.carry_on(browser)

    def open_door(account: Account, known: Actor) -> NewSession:
        opened = add_session(account, known, user_agent, remembered_id=browser.id)
        return replace(opened, remember_token=kept.token)

    known = queries.actor_of(account, actor)
    return let_in(account, open_door, REMEMBERED, actor=known)


def _used_before(shown: RememberToken, browser: RememberedBrowser, now: datetime) -> Unremembered:
    if shown.used_at is not None and now - shown.used_at <= TABS_OPEN_WITHIN:
        return Unremembered.JUST_USED
    remembered.end(browser)
    came_of_it = update(BrowserSession).where(BrowserSession.remembered_id == browser.id)
    write_rows(came_of_it.where(BrowserSession.ended_at.is_(None)).values(ended_at=now))
    subject = ("account", browser.account_id)
    audit.note(Action.SESSION_REFRESH_REUSED, subject=subject, outcome=Outcome.FAILURE, reason=REMEMBERED)
    forget_credentials()
    return Unremembered.REUSED


def would_sign_in(token: str, account_id: UUID, at: datetime, *, rules: SignInRules) -> bool:
    """Tell whether this token would sign its account in again at a moment to come, as things stand; it is not used."""
    found = queries_remembered.find_browser_by_token(digest(token))
    if found is None or found.account_id != account_id or _is_over(found, at):
        return False
    account = queries.find_account(account_id)
    return account is not None and not _is_barred(account, rules)


def _is_over(browser: RememberedBrowser, at: datetime) -> bool:
    return browser.ended_at is not None or browser.expires_at <= at


def _is_barred(account: Account, rules: SignInRules) -> bool:
    return not_usable(account) is not None or _lacks_factor(account, rules)


def _lacks_factor(account: Account, rules: SignInRules) -> bool:
    """Tell whether the account's role has come to need a second factor that it does not have."""
    return account.role in rules.second_factor_roles and not queries_factors.has_second_factor(account.id)

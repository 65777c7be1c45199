"""Browser sessions: rows on the server, so that ending one ends it for whoever holds the cookie."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from app.accounts import queries, queries_remembered, remembered
from app.accounts.credentials import digest, new_token
from app.accounts.models import Account, BrowserSession
from app.accounts.revocation import forget_credentials
from app.accounts.sign_in import OpenDoor, SignIn, SignInRules, sign_in
from app.core import audit
from app.core.actions import Action
from app.core.database import utc_now, write_rows
from app.core.identity import Actor
from app.core.transaction import command, run
from app.extensions import db

USER_AGENT_LENGTH = 255


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that was just started. The tokens are for cookies and are kept nowhere else.

    `remember_token`: where the browser is to be remembered.
    """

    token: str = field(repr=False)
    actor: Actor
    remember_token: str | None = field(default=None, repr=False)


def session_opener(
    user_agent: str, ip: str | None, *, is_vouched: bool = False, remember: bool = False
) -> OpenDoor[NewSession]:
    """Return what opens a browser session for an account that has proven itself.

    `is_vouched`: a provider of single sign-on says that a second factor was shown there. `remember`: the person wants
    to be kept signed in on this device.
    """

    def open_door(account: Account, known: Actor) -> NewSession:
        kept = remembered.remember(account.id, user_agent[:USER_AGENT_LENGTH], ip) if remember else None
        browser_id = kept.browser_id if kept else None
        known = replace(known, ip=ip)
        facts = {"is_vouched": is_vouched, "remembered_id": browser_id, "proven_at": utc_now()}
        opened = add_session(account, known, user_agent, **facts)
        return replace(opened, remember_token=kept.token if kept else None)

    return open_door


def add_session(account: Account, known: Actor, user_agent: str, **facts: Any) -> NewSession:
    """Begin a browser session in the transaction in hand; `facts` are further columns of `BrowserSession`."""
    token, now = new_token(), utc_now()
    shown = {"user_agent": user_agent[:USER_AGENT_LENGTH], "ip": known.ip}
    times = {"created_at": now, "last_seen_at": now}
    db.session.add(BrowserSession(account_id=account.id, token_hash=digest(token), **times, **shown, **facts))
    return NewSession(token, known)


def start_session(
    typed: SignIn, user_agent: str, *, rules: SignInRules, actor: Actor, remember: bool = False
) -> NewSession:
    """Sign somebody in by the page. Raises as `sign_in` does."""
    return sign_in(typed, session_opener(user_agent, actor.ip, remember=remember), rules=rules, actor=actor)


@command(Action.SESSION_ENDED)
def end_session(session_id: UUID, *, actor: Actor) -> None:
    """End a browser session at once, and remember its browser no more; one that has ended stays as it is."""
    session = queries.find_browser_session(session_id)
    if session is None or session.ended_at is not None:
        return
    session.ended_at = utc_now()
    if session.remembered_id is not None:
        remembered.end(queries_remembered.lock_browser(session.remembered_id))
    audit.note(Action.SESSION_ENDED, subject=("account", session.account_id))
    forget_credentials()


def renew_session(session_id: UUID) -> str | None:
    """Give a live browser session another token, in place of the one it had; return it. None when it was ended.

    It comes with a change of what the session is worth, so that nothing known before is worth anything after.
    """
    token = new_token()
    live = update(BrowserSession).where(BrowserSession.id == session_id, BrowserSession.ended_at.is_(None))

    def renew() -> int:
        forget_credentials()
        return write_rows(live.values(token_hash=digest(token)))

    return token if run(renew) else None


def note_proof(session_id: UUID) -> None:
    """Note that the person of a browser session has just shown who they are."""
    run(lambda: write_rows(update(BrowserSession).where(BrowserSession.id == session_id).values(proven_at=utc_now())))


def is_proven_within(session_id: UUID | None, window: timedelta) -> bool:
    """Tell whether the person of a browser session has shown lately who they are."""
    session = queries.find_browser_session(session_id) if session_id is not None else None
    return session is not None and session.proven_at is not None and utc_now() < session.proven_at + window


def touch_session(session_id: UUID, now: datetime) -> None:
    """Note that a browser session is in use; one that was ended meanwhile stays as it is."""
    used = update(BrowserSession).where(BrowserSession.id == session_id, BrowserSession.ended_at.is_(None))
    run(lambda: db.session.execute(used.values(last_seen_at=now)))

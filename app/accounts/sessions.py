"""Browser sessions: rows on the server, so that ending one ends it for whoever holds the cookie."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from app.accounts import queries
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
    """A session that was just started. `token` is for the cookie and is kept nowhere else."""

    token: str
    actor: Actor


def session_opener(user_agent: str, ip: str | None, *, is_vouched: bool = False) -> OpenDoor[NewSession]:
    """Return what opens a browser session for an account that has proven itself.

    `is_vouched`: a provider of single sign-on says that a second factor was shown there.
    """

    def open_door(account: Account, known: Actor) -> NewSession:
        token, now = new_token(), utc_now()
        db.session.add(
            BrowserSession(
                account_id=account.id,
                token_hash=digest(token),
                created_at=now,
                last_seen_at=now,
                user_agent=user_agent[:USER_AGENT_LENGTH],
                ip=ip,
                is_vouched=is_vouched,
            )
        )
        return NewSession(token, known)

    return open_door


def start_session(typed: SignIn, user_agent: str, *, rules: SignInRules, actor: Actor) -> NewSession:
    """Sign somebody in by the page. Raises as `sign_in` does."""
    return sign_in(typed, session_opener(user_agent, actor.ip), rules=rules, actor=actor)


@command(Action.SESSION_ENDED)
def end_session(session_id: UUID, *, actor: Actor) -> None:
    """End a browser session at once; one that has ended stays as it is."""
    session = queries.find_browser_session(session_id)
    if session is None or session.ended_at is not None:
        return
    session.ended_at = utc_now()
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


def touch_session(session_id: UUID, now: datetime) -> None:
    """Note that a browser session is in use; one that was ended meanwhile stays as it is."""
    used = update(BrowserSession).where(BrowserSession.id == session_id, BrowserSession.ended_at.is_(None))
    run(lambda: db.session.execute(used.values(last_seen_at=now)))

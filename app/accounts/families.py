"""Token families of the API: an access token for minutes, and refresh tokens that are good for one use (RFC 9700)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.accounts import queries
from app.accounts.credentials import digest, new_token
from app.accounts.models import Account, RefreshFamily, RefreshToken
from app.accounts.revocation import forget_credentials
from app.accounts.sessions import USER_AGENT_LENGTH
from app.accounts.sign_in import OpenDoor, SignIn, SignInRules, sign_in
from app.core import audit
from app.core.actions import Action, Outcome
from app.core.database import new_id, utc_now
from app.core.errors import DomainError, ExpiredToken, InvalidToken
from app.core.identity import Actor
from app.core.transaction import command
from app.extensions import db


@dataclass(frozen=True, slots=True)
class Opened:
    """A family and the refresh token that is good now. The token is kept nowhere else."""

    family_id: UUID
    account_id: UUID
    refresh_token: str


def family_opener(user_agent: str, ip: str | None, lifetime: timedelta) -> OpenDoor[Opened]:
    """Return what opens a family of tokens for an account that has proven itself; refresh tokens live `lifetime`."""

    def open_door(account: Account, _known: Actor) -> Opened:
        now = utc_now()
        family = RefreshFamily(
            id=new_id(),
            account_id=account.id,
            created_at=now,
            last_seen_at=now,
            user_agent=user_agent[:USER_AGENT_LENGTH],
            ip=ip,
        )
        db.session.add(family)
        db.session.flush()
        return _opened(family, lifetime)

    return open_door


def start_family(typed: SignIn, user_agent: str, *, lifetime: timedelta, rules: SignInRules, actor: Actor) -> Opened:
    """Sign somebody in by the API; refresh tokens live for `lifetime`. Raises as `sign_in` does."""
    return sign_in(typed, family_opener(user_agent, actor.ip, lifetime), rules=rules, actor=actor)


def refresh(refresh_token: str, *, lifetime: timedelta, actor: Actor) -> Opened:
    """Give a new refresh token for an unused one. One that was used before ends its whole family.

    Raises InvalidToken, ExpiredToken.
    """
    outcome = _rotate(digest(refresh_token), lifetime, actor=actor)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


@command(Action.SESSION_REFRESH_REUSED)
def _rotate(token_hash: bytes, lifetime: timedelta, *, actor: Actor) -> Opened | DomainError:
    """Return the refusal instead of raising it: the end of the family has to be kept."""
    token, now = queries.find_refresh_token(token_hash), utc_now()
    if token is None or queries.find_family(token.family_id) is None:
        return InvalidToken()
    family = queries.lock_family(token.family_id)
    if token.used_at is not None:
        family.ended_at = now
        subject = ("account", family.account_id)
        audit.note(Action.SESSION_REFRESH_REUSED, subject=subject, outcome=Outcome.FAILURE)
        forget_credentials()
        return InvalidToken()
    if token.expires_at <= now:
        return ExpiredToken()
    token.used_at = family.last_seen_at = now
    return _opened(family, lifetime)


@command(Action.SESSION_ENDED)
def end_family(family_id: UUID, *, actor: Actor) -> None:
    """End a family of tokens at once."""
    family = queries.lock_family(family_id)
    if family.ended_at is None:
        family.ended_at = utc_now()
        audit.note(Action.SESSION_ENDED, subject=("account", family.account_id))
        forget_credentials()


def _opened(family: RefreshFamily, lifetime: timedelta) -> Opened:
    token, now = new_token(), utc_now()
    db.session.add(
        RefreshToken(family_id=family.id, token_hash=digest(token), created_at=now, expires_at=now + lifetime)
    )
    return Opened(family.id, family.account_id, token)

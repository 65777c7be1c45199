"""From a shown credential to an actor: what core/access.py and Flask-Login ask on every request.

What a credential stands for is remembered for a moment, and only until any
credential on this machine ends. Times are judged anew on each request.
What a page asks by itself, without its person, keeps no session alive.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from flask import Flask, current_app, flash, g, session
from flask.globals import request_ctx

from app.accounts import queries, queries_factors
from app.accounts.credentials import API_KEY_MARK, digest
from app.accounts.keys import touch_key
from app.accounts.queries import Credential
from app.accounts.revocation import use_bell
from app.accounts.sessions import touch_session
from app.accounts.sign_in import SignInRules
from app.accounts.sign_ins import limits_of
from app.accounts.staying import Ends, warned_before
from app.accounts.tokens import AccessClaims, TokenRing
from app.core.access import SAFE_METHODS, use_authenticator
from app.core.cache import Bell, ShortMemory
from app.core.database import utc_now
from app.core.errors import ExpiredToken, InvalidToken
from app.core.identity import Actor
from app.core.metrics import count_active_users_by
from app.core.settings import settings
from app.extensions import login_manager
from config import Config

REMEMBERED_SECONDS = 3.0
REMEMBERED_AT_MOST = 10_000
TOUCHED_EVERY = timedelta(seconds=60)
UNATTENDED = "HTTP_X_UNATTENDED"
"""How `static/js/requests.js` marks what a page asks by a timer, as the state of a letter that is on its way."""


class SignedIn:
    """The person of a browser session, as Flask-Login keeps one: known by the session's token, not by the account."""

    is_authenticated = is_active = True
    is_anonymous = False

    def __init__(self, token: str, actor: Actor, ends: Ends | None = None) -> None:
        self.token = token
        self.actor = actor
        self.ends = ends

    def get_id(self) -> str:
        """Return what the cookie holds."""
        return self.token


class Doorkeeper:
    """Knows every kind of credential by its look, and what each is worth at this moment."""

    def __init__(self, ring: TokenRing, bell: Bell, config: Config) -> None:
        self.ring = ring
        self.limits = limits_of(config)
        self.warned_before = warned_before(self.limits)
        # What is remembered, or touched late, must not make a short idle limit seem reached.
        self.touched_every = min(TOUCHED_EVERY, self.limits.idle / 10)
        seconds = min(REMEMBERED_SECONDS, self.touched_every.total_seconds())
        self.memory: ShortMemory[tuple[str, object], Credential] = ShortMemory(
            bell, seconds=seconds, size=REMEMBERED_AT_MOST
        )

    def read_bearer(self, token: str) -> Actor:
        """Return who a bearer speaks for. Raises InvalidToken, ExpiredToken."""
        now = utc_now()
        if token.startswith(API_KEY_MARK):
            return self._api_key(digest(token), now)
        return self.read_access(token)[0]

    def read_access(self, token: str) -> tuple[Actor, AccessClaims]:
        """Return who an access token speaks for, and what it says. Raises InvalidToken, ExpiredToken."""
        claims = self.ring.read(token)
        family = self.memory.recall(("family", claims.family_id), lambda: _able(queries.find_family(claims.family_id)))
        if family is None or family.actor.account_id != claims.account_id:
            raise InvalidToken
        return family.actor, claims

    def read_session(self, token: str, *, is_used: bool = True) -> SignedIn | None:
        """Return who a browser session belongs to; None when it was ended. Raises ExpiredToken.

        Unless it `is_used`, nothing is noted or remembered: else a use a moment later would go unnoted.
        """
        now, hashed = utc_now(), digest(token)

        def look_up() -> Credential | None:
            session = _able(queries.find_session(hashed))
            return self._touched(session, now) if is_used else session

        found = self.memory.recall(("session", hashed), look_up) if is_used else look_up()
        if found is None:
            return None
        ends = self._ends(found)
        if over := self._over(ends, now):
            raise ExpiredToken(over)
        return SignedIn(token, found.actor, ends)

    def whose(self, token: str) -> UUID | None:
        """Return the account of a browser session that ran out, as the holder of its token is known by it."""
        found = queries.find_session(digest(token))
        return None if found is None else found.actor.account_id

    def _over(self, ends: Ends, now: datetime) -> str | None:
        """Say which limit a session has reached, if any."""
        if now >= ends.idle:
            return f"You were signed out after {self.limits.idle.total_seconds() / 60:g} minutes."
        if now >= ends.longest:
            return f"You were signed out after {self.limits.longest.total_seconds() / 3600:g} hours."
        return None

    def _ends(self, found: Credential) -> Ends:
        idle = (found.last_seen_at or found.created_at) + self.limits.idle
        return Ends(idle, found.created_at + self.limits.longest)

    def _touched(self, found: Credential | None, now: datetime) -> Credential | None:
        if found is None or self._over(self._ends(found), now):
            return found
        return self._note_use(found, now, touch_session)

    def _api_key(self, hashed: bytes, now: datetime) -> Actor:
        def look_up() -> Credential | None:
            key = queries.find_api_key(hashed)
            return None if key is None else self._note_use(key, now, touch_key)

        found = self.memory.recall(("key", hashed), look_up)
        if found is None:
            raise InvalidToken
        if found.expires_at is not None and found.expires_at <= now:
            raise ExpiredToken
        return found.actor

    def _note_use(self, found: Credential, now: datetime, touch: Callable[..., None]) -> Credential:
        if found.last_seen_at is not None and now - found.last_seen_at < self.touched_every:
            return found
        touch(found.actor.credential_id, now)
        return replace(found, last_seen_at=now)


def init_app(app: Flask) -> None:
    """Tell core/access.py and Flask-Login how credentials are read."""
    config = cast(Config, app.extensions["config"])
    lifetime = timedelta(minutes=config.jwt_access_token_expire_minutes)
    bell = Bell(config.instance_dir / "credentials.bell")
    keeper = Doorkeeper(TokenRing(config.jwt_secret_keys, issuer=config.base_url, lifetime=lifetime), bell, config)
    app.extensions["doorkeeper"] = keeper
    use_bell(app, bell)
    count_active_users_by(app, queries.count_active_accounts)
    use_authenticator(app, keeper.read_bearer)
    login_manager.user_loader(load_person)


def doorkeeper() -> Doorkeeper:
    """Return the doorkeeper of the running application."""
    return cast(Doorkeeper, current_app.extensions["doorkeeper"])


def load_person(token: str) -> SignedIn | None:
    """Return the person of a browser session for Flask-Login. One that ran out is told so on the next page."""
    try:
        return doorkeeper().read_session(token, is_used=not _is_unattended())
    except ExpiredToken as over:
        g.signed_out = doorkeeper().whose(token)
        session.clear()
        flash(f"{over.detail} Sign in to go on where you were.", "info")
        return None


def _is_unattended() -> bool:
    """Tell whether a page only looks by itself; whatever changes something is somebody's doing."""
    asked = request_ctx.request
    return UNATTENDED in asked.environ and asked.method in SAFE_METHODS


def sign_in_rules() -> SignInRules:
    """Return the lock-out, and the roles that need a second factor, as the settings have them."""
    config = settings()
    roles = frozenset(config.mfa_required_roles)
    return SignInRules(config.max_login_attempts, timedelta(minutes=config.lockout_minutes), roles)


def _able(found: Credential | None) -> Credential | None:
    """Let nothing of a role that needs a second factor through without one: roles and settings change meanwhile."""
    if found is None or found.is_vouched or not needs_second_factor(found.actor) or found.actor.account_id is None:
        return found
    return found if queries_factors.has_second_factor(found.actor.account_id) else None


def needs_second_factor(actor: Actor) -> bool:
    """Tell whether somebody's role cannot do without a second factor."""
    return actor.role in settings().mfa_required_roles

"""Reading where an account is signed in: browser sessions and token families, side by side."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, func, literal, select, union_all

from app.accounts.models import BrowserSession, RefreshFamily, RefreshToken
from app.core.paging import Page, PageRequest, walk
from app.extensions import db

BROWSER, API = "browser", "api"


@dataclass(frozen=True, slots=True)
class Limits:
    """When a browser session is over by itself."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class ShownSignIn:
    """A sign-in that is still good. `kind` is `browser` or `api`."""

    id: UUID
    kind: str
    created_at: datetime
    last_seen_at: datetime
    ip: str | None
    user_agent: str | None


def list_sign_ins(account_id: UUID, limits: Limits, now: datetime, ask: PageRequest) -> Page[ShownSignIn]:
    """Page through the sign-ins of an account that are still good, the latest first."""
    found = union_all(_sessions(account_id, limits, now), _families(account_id, now)).subquery("sign_ins")
    total = select(func.count()).select_from(found)
    page = walk(select(found), total, found.c.created_at, found.c.id, ask)
    return page.of([_shown(row) for row in page.data])


def kind_of(sign_in_id: UUID, account_id: UUID) -> str | None:
    """Tell what kind a sign-in of this account is; None where it has none of this id, or it has ended."""
    for kind, model in ((BROWSER, BrowserSession), (API, RefreshFamily)):
        live = exists().where(model.id == sign_in_id, model.account_id == account_id, model.ended_at.is_(None))
        if db.session.scalar(select(live)):
            return kind
    return None


def _sessions(account_id: UUID, limits: Limits, now: datetime) -> Any:
    return _columns(BrowserSession, BROWSER).where(
        BrowserSession.account_id == account_id,
        BrowserSession.ended_at.is_(None),
        BrowserSession.last_seen_at > now - limits.idle,
        BrowserSession.created_at > now - limits.longest,
    )


def _families(account_id: UUID, now: datetime) -> Any:
    unused = exists().where(
        RefreshToken.family_id == RefreshFamily.id, RefreshToken.used_at.is_(None), RefreshToken.expires_at > now
    )
    live = (RefreshFamily.account_id == account_id, RefreshFamily.ended_at.is_(None), unused)
    return _columns(RefreshFamily, API).where(*live)


def _columns(model: type[BrowserSession] | type[RefreshFamily], kind: str) -> Any:
    times = (model.created_at, model.last_seen_at)
    return select(model.id, literal(kind).label("kind"), *times, model.ip, model.user_agent)


def _shown(row: Row[Any]) -> ShownSignIn:
    return ShownSignIn(row.id, row.kind, row.created_at, row.last_seen_at, row.ip, row.user_agent)

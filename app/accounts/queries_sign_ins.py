"""Reading where an account is signed in: browser sessions and token families, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, false, func, literal, select, true, union_all

from app.accounts.models import BrowserSession, RefreshFamily, RefreshToken
from app.accounts.models_remembered import RememberedBrowser
from app.core.paging import Page, PageRequest, walk
from app.extensions import db

BROWSER, REMEMBERED, API = "browser", "remembered", "api"
_MODELS: Mapping[str, Any] = MappingProxyType(
    {BROWSER: BrowserSession, REMEMBERED: RememberedBrowser, API: RefreshFamily}
)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a browser session is over by itself."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class ShownSignIn:
    """A sign-in that is still good. `kind` is `browser`, `remembered` (it has no session now) or `api`.

    `is_remembered`: the browser signs its owner in again by itself.
    """

    id: UUID
    kind: str
    created_at: datetime
    last_seen_at: datetime
    ip: str | None
    user_agent: str | None
    is_remembered: bool


def list_sign_ins(account_id: UUID, limits: Limits, now: datetime, ask: PageRequest) -> Page[ShownSignIn]:
    """Page through the sign-ins of an account that are still good, the latest first."""
    parts = (_sessions(account_id, limits, now), _remembered(account_id, limits, now), _families(account_id, now))
    found = union_all(*parts).subquery("sign_ins")
    total = select(func.count()).select_from(found)
    page = walk(select(found), total, found.c.created_at, found.c.id, ask)
    return page.of([_shown(row) for row in page.data])


def kind_of(sign_in_id: UUID, account_id: UUID) -> str | None:
    """Tell what kind a sign-in of this account is; None where it has none of this id, or it has ended."""
    for kind, model in _MODELS.items():
        live = exists().where(model.id == sign_in_id, model.account_id == account_id, model.ended_at.is_(None))
        if db.session.scalar(select(live)):
            return kind
    return None


def _sessions(account_id: UUID, limits: Limits, now: datetime) -> Any:
    live = exists().where(RememberedBrowser.id == BrowserSession.remembered_id, *_is_remembered(now))
    return _columns(BrowserSession, BROWSER, live).where(
        BrowserSession.account_id == account_id, *_is_live(limits, now)
    )


def _remembered(account_id: UUID, limits: Limits, now: datetime) -> Any:
    """Select the remembered browsers that have no session now: the next visit opens one."""
    in_use = exists().where(BrowserSession.remembered_id == RememberedBrowser.id, *_is_live(limits, now))
    return _columns(RememberedBrowser, REMEMBERED, true()).where(
        RememberedBrowser.account_id == account_id, *_is_remembered(now), ~in_use
    )


def _families(account_id: UUID, now: datetime) -> Any:
    unused = exists().where(
        RefreshToken.family_id == RefreshFamily.id, RefreshToken.used_at.is_(None), RefreshToken.expires_at > now
    )
    live = (RefreshFamily.account_id == account_id, RefreshFamily.ended_at.is_(None), unused)
    return _columns(RefreshFamily, API, false()).where(*live)


def _is_live(limits: Limits, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        BrowserSession.ended_at.is_(None),
        BrowserSession.last_seen_at > now - limits.idle,
        BrowserSession.created_at > now - limits.longest,
    )


def _is_remembered(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (RememberedBrowser.ended_at.is_(None), RememberedBrowser.expires_at > now)


def _columns(model: Any, kind: str, is_remembered: ColumnElement[bool]) -> Any:
    times = (model.created_at, model.last_seen_at)
    more = (model.ip, model.user_agent, is_remembered.label("is_remembered"))
    return select(model.id, literal(kind).label("kind"), *times, *more)


def _shown(row: Row[Any]) -> ShownSignIn:
    times = (row.created_at, row.last_seen_at)
    return ShownSignIn(row.id, row.kind, *times, row.ip, row.user_agent, bool(row.is_remembered))

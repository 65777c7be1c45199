"""Ending sign-ins: one's own, one by one or all but the one in use."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

from app.accounts import ending, families, queries_sign_ins, remembered, sessions
from app.accounts.errors import NoSuchSession
from app.accounts.queries_sign_ins import API, BROWSER, REMEMBERED, Limits
from app.core.actions import Action
from app.core.identity import Actor
from app.core.transaction import command
from config import Config

_ENDINGS: Mapping[str, Callable[..., None]] = MappingProxyType(
    {BROWSER: sessions.end_session, REMEMBERED: remembered.end_browser, API: families.end_family}
)


def limits_of(config: Config) -> Limits:
    """Return when a browser session is over by itself."""
    return Limits(timedelta(minutes=config.session_idle_minutes), timedelta(hours=config.session_max_hours))


def end_sign_in(sign_in_id: UUID, account_id: UUID, *, actor: Actor) -> None:
    """End one sign-in of an account. Raises NoSuchSession, for somebody else's as well."""
    _ENDINGS[get_kind(sign_in_id, account_id)](sign_in_id, actor=actor)


def get_kind(sign_in_id: UUID, account_id: UUID) -> str:
    """Return what kind of sign-in of an account this is. Raises NoSuchSession, for somebody else's as well."""
    kind = queries_sign_ins.kind_of(sign_in_id, account_id)
    if kind is None:
        raise NoSuchSession
    return kind


@command(Action.SESSION_ENDED)
def end_other_sign_ins(account_id: UUID, *, keep: UUID | None, actor: Actor) -> int:
    """End every sign-in of an account but the one in use; return how many ended."""
    return ending.end_sign_ins(account_id, keep=keep, reason="ended by its owner")

"""Ending what an account is signed in with: after a change of password, second factor or role nothing older counts."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, update

from app.accounts.models import BrowserSession, RefreshFamily
from app.accounts.models_factors import SignInStep
from app.accounts.models_remembered import RememberedBrowser
from app.accounts.revocation import forget_credentials
from app.core import audit
from app.core.actions import Action
from app.core.database import utc_now
from app.extensions import db


def end_sign_ins(account_id: UUID, *, keep: UUID | None = None, reason: str | None = None) -> int:
    """End all sessions and token families of an account but `keep`, and void half-done sign-ins; return how many ended.

    No browser is remembered any more, not even the one that `keep` is in: somebody may hold a copy of its cookie. It is
    called inside a command; on every worker what ended is refused from the commit on. API keys live on.
    """
    ended = 0
    for model in (BrowserSession, RefreshFamily, RememberedBrowser):
        live = update(model).where(model.account_id == account_id, model.ended_at.is_(None))
        others = live.where(model.id != keep) if keep is not None else live
        done = db.session.execute(others.values(ended_at=utc_now()), execution_options={"synchronize_session": False})
        ended += cast(CursorResult[Any], done).rowcount
    db.session.execute(
        delete(SignInStep).where(SignInStep.account_id == account_id),
        execution_options={"synchronize_session": False},
    )
    if ended:
        audit.note(Action.SESSION_ENDED, subject=("account", account_id), reason=reason)
    forget_credentials()
    return ended

"""What ends a credential has every process of this machine look it up anew, once that is committed."""

from typing import cast

from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from app.core.cache import Bell
from app.extensions import db

_CHANGED = "credentials_changed"


def forget_credentials() -> None:
    """Have remembered credentials forgotten when the transaction in hand ends."""
    db.session.info[_CHANGED] = True


def use_bell(app: Flask, bell: Bell) -> None:
    """Ring this bell when credentials changed."""
    app.extensions["credentials_bell"] = bell


@event.listens_for(Session, "after_transaction_end")
def _ring(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None and session.info.pop(_CHANGED, False):
        cast(Bell, current_app.extensions["credentials_bell"]).ring()

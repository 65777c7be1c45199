"""How long the feed goes back."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.core import purging
from app.core.database import table_of
from app.core.outbox import OutboxMessage
from app.core.settings import settings
from app.delivery.models_broker import BrokerRelay
from app.extensions import db

KEPT_FOR = timedelta(days=366)
"""A reader that stays away for longer has to begin anew."""

_OUTBOX = table_of(OutboxMessage)


def purge(now: datetime) -> int:
    """Remove the events of more than a year ago that everybody was told of; the last one stays, to count on from."""
    first_kept = _first_since(now - KEPT_FOR)
    db.session.remove()
    return 0 if first_kept is None else purging.remove(_OUTBOX, _OUTBOX.c.position < first_kept)


def _first_since(moment: datetime) -> int | None:
    """Return the position of the first event that is kept; it looks at old events only, in the order of the feed."""
    placed = select(_OUTBOX.c.position).where(_OUTBOX.c.position.is_not(None))
    young = placed.where(_OUTBOX.c.occurred_at >= moment).order_by(_OUTBOX.c.position).limit(1)
    kept = [db.session.scalars(young).first(), db.session.scalars(select(func.max(_OUTBOX.c.position))).one()]
    if settings().broker_url is not None:
        told = db.session.scalars(select(BrokerRelay.position)).first() or 0
        kept.append(told + 1)
    return min((position for position in kept if position is not None), default=None)

"""Reading the feed: the events that have their place in it, in its order."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, func, select

from app.core.database import table_of
from app.core.outbox import OutboxMessage
from app.delivery.events import FeedEvent
from app.extensions import db

_OUTBOX = table_of(OutboxMessage)


def find_position(event_id: UUID) -> int | None:
    """Return the place of an event in the feed, or None for one that is not in it."""
    return db.session.scalars(select(_OUTBOX.c.position).where(_OUTBOX.c.id == event_id)).first()


def list_after(position: int, *, type_: str | None = None, at_most: int) -> list[FeedEvent]:
    """List the events that follow a place, the oldest first."""
    following = select(_OUTBOX).where(_OUTBOX.c.position > position)
    if type_ is not None:
        following = following.where(_OUTBOX.c.type == type_)
    rows = db.session.execute(following.order_by(_OUTBOX.c.position).limit(at_most))
    return [FeedEvent(row.position, row.id, row.type, row.subject_id, row.occurred_at, row.data) for row in rows]


def count_after(position: int) -> int:
    """Count the events that follow a place."""
    return db.session.scalars(select(func.count()).where(_OUTBOX.c.position > position)).one()


def list_unplaced(at_most: int) -> Sequence[UUID]:
    """List events that are committed and have no place yet, the newest first."""
    unplaced = select(_OUTBOX.c.id).where(_OUTBOX.c.position.is_(None))
    return db.session.scalars(unplaced.order_by(_OUTBOX.c.id.desc()).limit(at_most)).all()


def are_unplaced(event_ids: Sequence[UUID]) -> bool:
    """Tell whether one of these events still has no place."""
    waiting = exists().where(_OUTBOX.c.id.in_(event_ids), _OUTBOX.c.position.is_(None))
    return bool(db.session.scalars(select(waiting)).one())

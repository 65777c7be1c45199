"""The order of the feed: each committed event gets its place afterwards, so that no reader ever misses one.

Ids and numbers of inserts are given before a commit, and a transaction that began first may commit last; whoever reads
on from the highest number seen would skip it. A position is given only to what is committed, one higher than the
highest so far, by whoever holds the turn; so nothing that commits later can appear before what somebody has read.
Events of one subject are committed one after another, and a batch takes them in the order in which they were made.
"""

from collections.abc import Callable
from typing import cast

import structlog
from flask import Flask, current_app
from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError

from app.core import ready_sql, transaction
from app.core.database import table_of
from app.core.errors import DomainError
from app.core.later import Later
from app.core.outbox import OutboxMessage
from app.core.statements import connection
from app.core.turns import take_turn
from app.delivery import webhook_queue
from app.delivery.events import FeedEvent
from app.extensions import db

AT_ONCE = 200
TURN = "outbox"
PAUSE_SECONDS = 0.02

_OUTBOX = table_of(OutboxMessage)
_PLACE = (
    update(_OUTBOX)
    .where(_OUTBOX.c.id == bindparam("event_id"), _OUTBOX.c.position.is_(None))
    .values(position=bindparam("place"))
)
"""Ready, because the others who want the turn wait while a batch is written."""

log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    """Let a process that is asked for the feed arrange it, so that it is complete without a worker as well."""
    app.extensions["arranging"] = Later(app, _arrange_as_asked, seconds=PAUSE_SECONDS, at_most=1)


def arrange_soon() -> None:
    """Have what is committed arranged off the path of whoever asks."""
    cast("Later[None]", current_app.extensions["arranging"]).put(None)


def _arrange_as_asked(_asked: list[None]) -> None:
    try:
        arrange()
    except (DomainError, SQLAlchemyError) as error:
        log.warning("feed.not_arranged", kind=type(error).__name__)  # who reads on asks again


def arrange(is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Give every committed event that has none its place in the feed; return how many got one."""
    arranged = 0
    while not is_stopping() and _is_waiting():
        arranged += transaction.run(_arrange_some)
    return arranged


def _is_waiting() -> bool:
    found = db.session.scalars(select(_OUTBOX.c.id).where(_OUTBOX.c.position.is_(None)).limit(1)).first()
    db.session.remove()  # no snapshot is held while others commit
    return found is not None


def _arrange_some() -> int:
    take_turn(TURN)
    waiting = select(_OUTBOX).where(_OUTBOX.c.position.is_(None)).order_by(_OUTBOX.c.id).limit(AT_ONCE)
    rows = db.session.execute(waiting).all()
    last = db.session.scalars(select(func.max(_OUTBOX.c.position))).one() or 0
    events = [_placed(row, position) for position, row in enumerate(rows, last + 1)]
    if events:
        _write_down(events)
        webhook_queue.plan(events)
    return len(events)


def _placed(row: Row[tuple[object, ...]], position: int) -> FeedEvent:
    return FeedEvent(position, row.id, row.type, row.subject_id, row.occurred_at, row.data)


def _write_down(events: list[FeedEvent]) -> None:
    """Write the positions, each by its event's key: a search for rows without one would wait for those being made."""
    in_use = connection()
    for event in events:
        if ready_sql.write(in_use, _PLACE, [{"event_id": event.id, "place": event.position}]) != 1:
            raise StaleDataError("somebody else has arranged this event")

"""What webhooks wait for: one row for each event and webhook. Who takes it from there is webhook_claims.py."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, insert, select, update

from app.core import purging
from app.core.database import new_id, table_of, utc_now, write_rows
from app.core.settings import settings
from app.core.unit import require_work
from app.delivery.events import FeedEvent, cloud_event
from app.delivery.models_webhooks import FAILED, PENDING, Delivery, Webhook
from app.extensions import db

EVERYTHING = "*"
TEST_EVENT = "webhook.test"
KEPT_FOR = timedelta(days=30)
ROWS_AT_ONCE = 500
OFF = "webhook off"

_QUEUE = table_of(Delivery)
_HOOKS = table_of(Webhook)


def plan(events: Sequence[FeedEvent]) -> None:
    """Note, in the transaction in hand, which webhooks are to be told of these events; none of what came before it."""
    require_work(db.session)
    live = select(_HOOKS.c.id, _HOOKS.c.events, _HOOKS.c.created_at).where(is_live())
    hooks = [(row.id, frozenset(row.events.split()), row.created_at) for row in db.session.execute(live)]
    rows = [
        _row(hook_id, event.type, cloud_event(event, settings().base_url)) | {"position": event.position}
        for event in events
        for hook_id, wanted, made_at in hooks
        if wanted & {EVERYTHING, event.type} and event.occurred_at >= made_at
    ]
    for first in range(0, len(rows), ROWS_AT_ONCE):
        db.session.execute(insert(_QUEUE).values(rows[first : first + ROWS_AT_ONCE]))


def plan_test(webhook_id: UUID) -> UUID:
    """Note that a webhook is to be sent a test; return the id of the delivery."""
    event = FeedEvent(0, new_id(), TEST_EVENT, webhook_id, utc_now(), {})
    row = _row(webhook_id, event.type, cloud_event(event, settings().base_url))
    db.session.execute(insert(_QUEUE).values(row))
    return UUID(str(row["id"]))


def _row(webhook_id: UUID, event_type: str, event: dict[str, Any]) -> dict[str, Any]:
    now = utc_now()
    return {
        "id": new_id(),
        "webhook_id": webhook_id,
        "event_id": UUID(event["id"]),
        "event_type": event_type,
        "subject_id": UUID(event["subject"]),
        "position": None,
        "body": orjson.dumps(event),
        "state": PENDING,
        "attempts": 0,
        "tries": 0,
        "next_attempt_at": now,
        "created_at": now,
    }


def send_again(delivery_id: UUID) -> bool:
    """Have a delivery attempted anew from the beginning; tell whether there was anything to do.

    It left its place in the order when it was settled, so it holds up no later event.
    """
    require_work(db.session)
    settled = update(_QUEUE).where(_QUEUE.c.id == delivery_id, _QUEUE.c.state != PENDING)
    return write_rows(settled.values(position=None, **_anew())) == 1


def send_failed_again(webhook_id: UUID) -> int:
    """Have all that failed attempted anew, each in its old place in the order; return how many there were."""
    require_work(db.session)
    failed = update(_QUEUE).where(_QUEUE.c.webhook_id == webhook_id, _QUEUE.c.state == FAILED)
    return write_rows(failed.values(_anew()))


def _anew() -> dict[str, Any]:
    return {"state": PENDING, "tries": 0, "next_attempt_at": utc_now(), "settled_at": None}


def give_up_one(delivery_id: UUID) -> None:
    """Give up one delivery that nobody wants any more."""
    require_work(db.session)
    _stop(_QUEUE.c.id == delivery_id)


def give_up(webhook_id: UUID) -> None:
    """Give up what waits for a webhook that is no longer told of anything; what is under way settles itself."""
    require_work(db.session)
    _stop((_QUEUE.c.webhook_id == webhook_id) & (_QUEUE.c.state == PENDING) & _QUEUE.c.leased_by.is_(None))


def _stop(which: ColumnElement[bool]) -> None:
    over = {"state": FAILED, "problem": OFF, "settled_at": utc_now(), "next_attempt_at": None}
    write_rows(update(_QUEUE).where(which).values(leased_by=None, leased_until=None, **over))


def purge(now: datetime) -> int:
    """Remove what was settled a month ago."""
    return purging.remove(_QUEUE, (_QUEUE.c.state != PENDING) & (_QUEUE.c.settled_at < now - KEPT_FOR))


def is_live() -> ColumnElement[bool]:
    """Tell in a query whether a webhook is told of events."""
    return _HOOKS.c.is_active & _HOOKS.c.deleted_at.is_(None)

"""The queue of webhooks as a worker uses it: find what is due, claim it, settle it or put it back.

A claim is a committed compare-and-set with a lease, as it is for letters (postbox.py). A delivery waits while an
earlier event about the same subject is still to be delivered to the same webhook, so a receiver is told in order.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import aliased

from app.core import transaction
from app.core.database import table_of, utc_now, write_rows
from app.core.settings import settings
from app.delivery import webhook_queue
from app.delivery.leasing import LEASE, is_unleased
from app.delivery.models_webhooks import DELIVERED, FAILED, PENDING, Delivery, Webhook
from app.extensions import db

LONGEST_WAIT_SECONDS = 86_400.0
"""What a receiver may ask for by Retry-After, at most."""

GONE_STATUS = 410
PROBLEM_LENGTH = 64

_QUEUE = table_of(Delivery)
_HOOKS = table_of(Webhook)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker alone may attempt until its lease ends."""

    id: UUID
    webhook_id: UUID
    event_id: UUID
    tries: int
    claimant: UUID
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    sealed_secrets: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt: the receiver's status and the size of its answer, or what was in the way."""

    took_ms: int
    status: int | None = None
    size: int | None = None
    problem: str | None = None
    retry_after: float | None = None

    @property
    def is_gone(self) -> bool:
        """Tell whether the receiver wants to hear no more (410)."""
        return self.status == GONE_STATUS

    @property
    def is_delivered(self) -> bool:
        """Tell whether the receiver took it."""
        return self.problem is None and self.status is not None and 200 <= self.status < 300


def due(busy: Collection[UUID], for_each: int) -> list[tuple[UUID, UUID]]:
    """List what may be attempted now as (delivery, webhook): a few of each webhook, the busy ones left out.

    Each webhook is asked after by itself, so that a long queue of one costs the others nothing.
    """
    now = utc_now()
    waiting = (_QUEUE.c.webhook_id == _HOOKS.c.id) & _is_free(now) & _may_be_sent()
    hooks = select(_HOOKS.c.id).where(_HOOKS.c.deleted_at.is_(None), select(_QUEUE.c.id).where(waiting).exists())
    if busy:
        hooks = hooks.where(_HOOKS.c.id.not_in(busy))
    found = [row for hook_id in db.session.scalars(hooks).all() for row in _due_for(hook_id, now, for_each)]
    db.session.remove()  # no snapshot is held while receivers are waited for
    return found


def _due_for(webhook_id: UUID, now: datetime, at_most: int) -> list[tuple[UUID, UUID]]:
    earlier = aliased(_QUEUE)
    before = select(earlier.c.id).where(
        earlier.c.webhook_id == webhook_id,
        earlier.c.subject_id == _QUEUE.c.subject_id,
        earlier.c.state == PENDING,
        earlier.c.position < _QUEUE.c.position,
    )
    oldest = (
        select(_QUEUE.c.id)
        .where(_QUEUE.c.webhook_id == webhook_id, _is_free(now), ~before.exists())
        .order_by(_QUEUE.c.next_attempt_at, _QUEUE.c.id)
        .limit(at_most)
    )
    return [(delivery_id, webhook_id) for delivery_id in db.session.scalars(oldest)]


def _is_free(now: datetime) -> ColumnElement[bool]:
    return (_QUEUE.c.state == PENDING) & (_QUEUE.c.next_attempt_at <= now) & is_unleased(_QUEUE, now)


def _may_be_sent() -> ColumnElement[bool]:
    """Tell what is still wanted: a test may also be sent to a webhook that is off."""
    return webhook_queue.is_live() | (_HOOKS.c.deleted_at.is_(None) & (_QUEUE.c.event_type == webhook_queue.TEST_EVENT))


def claim(delivery_id: UUID, claimant: UUID) -> Claimed | None:
    """Take a delivery; None when somebody else was faster or its webhook is off."""
    return transaction.run(partial(_take, delivery_id, claimant))


def _take(delivery_id: UUID, claimant: UUID) -> Claimed | None:
    now = utc_now()
    counted = {"attempts": _QUEUE.c.attempts + 1, "tries": _QUEUE.c.tries + 1, "attempted_at": now}
    mine = update(_QUEUE).where(_QUEUE.c.id == delivery_id, _is_free(now))
    if write_rows(mine.values(leased_by=claimant, leased_until=now + LEASE, **counted)) != 1:
        return None
    both = select(_QUEUE, _HOOKS.c.url, _HOOKS.c.sealed_secret, _HOOKS.c.sealed_old_secret, _HOOKS.c.old_secret_until)
    row = db.session.execute(
        both.join(_HOOKS, _HOOKS.c.id == _QUEUE.c.webhook_id).where(_QUEUE.c.id == delivery_id, _may_be_sent())
    ).one_or_none()
    if row is None:
        webhook_queue.give_up_one(delivery_id)
        return None
    is_turning = row.sealed_old_secret is not None and row.old_secret_until > now
    secrets = (row.sealed_secret, row.sealed_old_secret) if is_turning else (row.sealed_secret,)
    return Claimed(row.id, row.webhook_id, row.event_id, row.tries, claimant, row.url, row.body, secrets)


def settle(claimed: Claimed, result: Result) -> str:
    """Note what came of an attempt: delivered, to be tried again, or failed for good; return the state."""
    if result.is_delivered:
        return _write(claimed, result, DELIVERED, None)
    pause = pause_after(claimed.tries, settings().webhook_retry_seconds, result.retry_after)
    if pause is None or result.is_gone:
        return _write(claimed, result, FAILED, None)
    return _write(claimed, result, PENDING, utc_now() + timedelta(seconds=pause))


def _write(claimed: Claimed, result: Result, state: str, next_attempt_at: datetime | None) -> str:
    """Change a delivery and let go of it; not when the lease has run out and somebody else took it."""
    values = {
        "state": state,
        "next_attempt_at": next_attempt_at,
        "settled_at": utc_now() if state != PENDING else None,
        "response_status": result.status,
        "response_bytes": result.size,
        "problem": result.problem and result.problem[:PROBLEM_LENGTH],
        "took_ms": result.took_ms,
        "leased_by": None,
        "leased_until": None,
    }
    mine = (_QUEUE.c.id == claimed.id) & (_QUEUE.c.leased_by == claimed.claimant) & (_QUEUE.c.state == PENDING)
    transaction.run(lambda: write_rows(update(_QUEUE).where(mine).values(values)))
    return state


def pause_after(tries: int, schedule: Sequence[int], asked: float | None = None) -> float | None:
    """Return how many seconds to wait after so many tries, never in step with others; None when it was the last.

    What the receiver asked for by Retry-After makes the pause longer, never shorter.
    """
    if tries > len(schedule):
        return None
    pause = schedule[tries - 1] * random.uniform(0.9, 1.1)  # noqa: S311 - spreads attempts, no secret
    return max(pause, min(asked or 0.0, LONGEST_WAIT_SECONDS))

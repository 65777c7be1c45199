"""What could not be delivered: letters that were given up, what waits for a server that is away, and the broker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Row, func, select, update

from app.core import letters, transaction
from app.core.database import table_of, utc_now, write_rows
from app.core.identity import Actor
from app.core.letters import FAILED, PENDING, QueuedLetter
from app.core.paging import Page, PageRequest, walk
from app.core.vault import SealBroken
from app.delivery import queries_events
from app.delivery.broker_relay import RELAY
from app.delivery.models_broker import BrokerRelay
from app.delivery.models_webhooks import FAILED as DELIVERY_FAILED
from app.delivery.models_webhooks import Delivery, Webhook
from app.extensions import db

OVERDUE = timedelta(minutes=2)
"""A letter that is due for so long is taken by no worker, or by one that hangs."""

_QUEUE, _RELAY = table_of(QueuedLetter), table_of(BrokerRelay)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A letter nobody tries to send any more; `to` is None where its seal does not open."""

    id: UUID
    channel: str
    kind: str
    to: str | None = field(repr=False)
    attempts: int
    problem: str | None
    created_at: datetime
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits of one channel or for the broker, why (None: nobody has tried), and when it is tried again."""

    channel: str
    count: int
    problem: str | None
    next_attempt_at: datetime


def list_given_up(ask: PageRequest) -> Page[GivenUp]:
    """Page through the letters that were given up, the latest first."""
    total = select(func.count()).where(_QUEUE.c.state == FAILED)
    shown = ("id", "channel", "kind", "subject_id", "sealed", "attempts", "problem", "created_at", "settled_at")
    rows = select(*(_QUEUE.c[name] for name in shown)).where(_QUEUE.c.state == FAILED)
    page = walk(rows, total, _QUEUE.c.settled_at, _QUEUE.c.id, ask)
    return page.of([_given_up(row) for row in page.data])


def _given_up(row: Row[Any]) -> GivenUp:
    try:
        to = letters.opened(row.id, row.kind, row.subject_id, row.sealed).to
    except SealBroken:
        to = None
    return GivenUp(row.id, row.channel, row.kind, to, row.attempts, row.problem, row.created_at, row.settled_at)


def list_waiting() -> list[Waiting]:
    """Tell, for each channel, how many letters failed and are to be tried again, or were due and nobody takes them."""
    overdue = _QUEUE.c.next_attempt_at < utc_now() - OVERDUE
    failing = (_QUEUE.c.state == PENDING) & (_QUEUE.c.problem.is_not(None) | overdue)
    facts = (func.count(), func.max(_QUEUE.c.problem), func.min(_QUEUE.c.next_attempt_at))
    rows = db.session.execute(select(_QUEUE.c.channel, *facts).where(failing).group_by(_QUEUE.c.channel))
    return [Waiting(*row) for row in rows]


def find_broker_trouble() -> Waiting | None:
    """Tell how many events wait for a broker that failed last time; None while it takes them."""
    row = db.session.execute(select(_RELAY).where(_RELAY.c.name == RELAY)).one_or_none()
    if row is None or row.problem is None:
        return None
    return Waiting(RELAY, queries_events.count_after(row.position), row.problem, row.next_attempt_at)


def list_failing_webhooks() -> list[tuple[Webhook, int]]:
    """List the webhooks with deliveries that were given up, and how many of them there are."""
    failed = select(Delivery.webhook_id, func.count().label("failed")).where(Delivery.state == DELIVERY_FAILED)
    counted = failed.group_by(Delivery.webhook_id).subquery()
    rows = select(Webhook, counted.c.failed).join(counted, counted.c.webhook_id == Webhook.id)
    return [(row.Webhook, row.failed) for row in db.session.execute(rows.where(Webhook.deleted_at.is_(None)))]


def send_again(letter_id: UUID, *, actor: Actor) -> bool:
    """Have a letter that was given up sent again, for three more days; tell whether it was given up at all."""
    return _revive(_QUEUE.c.id == letter_id, actor) == 1


def send_all_again(*, actor: Actor) -> int:
    """Have every letter that was given up sent again; return how many there were."""
    return _revive(_QUEUE.c.state == FAILED, actor)


def _revive(which: ColumnElement[bool], actor: Actor) -> int:
    now = utc_now()
    anew = {"state": PENDING, "attempts": 0, "unanswered": 0, "revived_at": now, "next_attempt_at": now}
    again = update(_QUEUE).where(which, _QUEUE.c.state == FAILED).values(settled_at=None, problem=None, **anew)
    revived = transaction.run(lambda: write_rows(again))
    log.info("letters.revived", count=revived, account_id=str(actor.account_id))
    return revived


def try_now() -> None:
    """Have everything that waits after a failure tried at once, the broker as well."""
    now: Mapping[str, Any] = {"next_attempt_at": utc_now()}
    letters_due = update(_QUEUE).where(_QUEUE.c.state == PENDING, _QUEUE.c.problem.is_not(None), _unheld(_QUEUE))
    broker_due = update(_RELAY).where(_RELAY.c.name == RELAY, _unheld(_RELAY))
    transaction.run(lambda: [write_rows(due.values(now)) for due in (letters_due, broker_due)])


def _unheld(table: Any) -> ColumnElement[bool]:
    return table.c.leased_by.is_(None)  # type: ignore[no-any-return]  # the columns of a table are untyped

"""The queue of letters as a worker uses it: claim one, then settle it or put it back.

A claim is a committed compare-and-set with a lease, never a lock that is held while a mail server is waited for: locks
are local to a node of a cluster and die with a connection. A worker that dies leaves its claim to run out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from app.core import letters, transaction
from app.core.database import table_of, utc_now, write_rows
from app.core.letters import DROPPED, FAILED, MAIL, PENDING, SENT, QueuedLetter
from app.delivery.leasing import LEASE, growing_pause, is_unleased
from app.extensions import db

TRIED_FOR = timedelta(days=3)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 4.0, 3600.0
UNANSWERED_PAUSE_SECONDS = 60.0
COPIES_AT_MOST = 2
LOOKED_AT = 16
PROBLEM_LENGTH = 64

pause_after = partial(growing_pause, first=FIRST_PAUSE_SECONDS, longest=LONGEST_PAUSE_SECONDS)

_QUEUE = table_of(QueuedLetter)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A letter that this worker alone may send until its lease ends."""

    id: UUID
    kind: str
    subject_id: UUID | None
    sealed: bytes
    attempts: int
    unanswered: int
    tried_since: datetime
    claimant: UUID


def claim(claimant: UUID, channel: str = MAIL) -> Claimed | None:
    """Take the letter of a channel that is due first and that nobody else holds; None when there is none."""
    now = utc_now()
    due = select(_QUEUE.c.id).where(_QUEUE.c.channel == channel, _is_free(now))
    found = list(db.session.scalars(due.order_by(_QUEUE.c.next_attempt_at, _QUEUE.c.id).limit(LOOKED_AT)))
    db.session.remove()  # no snapshot is held while others are asked
    for letter_id in found:
        claimed = transaction.run(partial(_take, letter_id, claimant))
        if claimed is not None:
            return claimed
    return None


def _is_free(now: datetime) -> ColumnElement[bool]:
    return (_QUEUE.c.state == PENDING) & (_QUEUE.c.next_attempt_at <= now) & is_unleased(_QUEUE, now)


def _take(letter_id: UUID, claimant: UUID) -> Claimed | None:
    now = utc_now()
    lease = {"leased_by": claimant, "leased_until": now + LEASE, "attempts": _QUEUE.c.attempts + 1}
    if write_rows(update(_QUEUE).where(_QUEUE.c.id == letter_id, _is_free(now)).values(lease)) != 1:
        return None
    row = db.session.execute(select(_QUEUE).where(_QUEUE.c.id == letter_id)).one()
    since = row.revived_at or row.created_at
    return Claimed(row.id, row.kind, row.subject_id, row.sealed, row.attempts, row.unanswered, since, claimant)


def mark_sent(claimed: Claimed, problem: str | None = None) -> None:
    """Note that a letter went out, and forget what was in it."""
    _settle(claimed, SENT, sealed=None, problem=problem)


def drop(claimed: Claimed) -> None:
    """Note that a letter became pointless before it went out, and forget what was in it."""
    _settle(claimed, DROPPED, sealed=None)


def put_back(claimed: Claimed, problem: str, seconds: float | None = None) -> None:
    """Have a letter tried again later, or give it up after three days; `seconds` takes the place of the usual pause."""
    if utc_now() - claimed.tried_since > TRIED_FOR:
        _settle(claimed, FAILED, problem=problem)
        return
    wait = timedelta(seconds=seconds if seconds is not None else pause_after(claimed.attempts))
    _write(claimed, next_attempt_at=utc_now() + wait, problem=problem)


def put_back_unanswered(claimed: Claimed, problem: str) -> None:
    """Have a letter that may have arrived sent once more; after that it counts as sent."""
    if claimed.unanswered + 1 >= COPIES_AT_MOST:
        mark_sent(claimed, problem)
        return
    again_at = utc_now() + timedelta(seconds=UNANSWERED_PAUSE_SECONDS)
    _write(claimed, next_attempt_at=again_at, unanswered=claimed.unanswered + 1, problem=problem)


def _settle(claimed: Claimed, state: str, **values: Any) -> None:
    _write(claimed, state=state, settled_at=utc_now(), **values)


def _write(claimed: Claimed, **values: Any) -> None:
    """Change a letter and let go of it; not when the lease has run out and somebody else took it."""
    if values.get("problem"):
        values["problem"] = values["problem"][:PROBLEM_LENGTH]
    mine = update(_QUEUE).where(_QUEUE.c.id == claimed.id, _QUEUE.c.leased_by == claimed.claimant)
    transaction.run(lambda: write_rows(mine.values(leased_by=None, leased_until=None, **values)))


def opened(claimed: Claimed) -> letters.Letter:
    """Open what a claimed letter holds. Raises SealBroken."""
    return letters.opened(claimed.id, claimed.kind, claimed.subject_id, claimed.sealed)

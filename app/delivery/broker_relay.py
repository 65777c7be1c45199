"""Telling the broker of the feed, in its order and by one worker at a time.

Who sends is settled by a committed compare-and-set with a lease; how far the broker has been told is moved on in the
same way once it has confirmed. A worker that dies in between leaves its lease to run out, and the same events go out
again under the same ids.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import ColumnElement, insert, select, update

from app.core import transaction
from app.core.database import new_id, table_of, utc_now, write_rows
from app.delivery import queries_events
from app.delivery.broker import Broker, BrokerAway
from app.delivery.leasing import LEASE, growing_pause, is_due, is_unleased
from app.delivery.models_broker import BrokerRelay
from app.extensions import db

RELAY = "broker"
SEND_FOR_SECONDS = 30.0
"""How long one turn may send, so that it is noted before its lease ends."""

AT_ONCE = 100
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 20.0
LONGEST_PAUSE = timedelta(seconds=LONGEST_PAUSE_SECONDS)
PROBLEM_LENGTH = 64

pause_after = partial(growing_pause, first=FIRST_PAUSE_SECONDS, longest=LONGEST_PAUSE_SECONDS)

_RELAY = table_of(BrokerRelay)

log = structlog.get_logger(__name__)


class Teller:
    """One worker's hands at the broker."""

    def __init__(self, broker: Broker) -> None:
        self.id = new_id()
        self._broker = broker

    def tell(self, is_stopping: Callable[[], bool]) -> int:
        """Send what the broker has not been told of, until that is nothing or it is away; return how many."""
        told = 0
        while not is_stopping() and _is_behind():
            position = transaction.run(self._take)
            if position is None:
                break
            sent = self._send(position, is_stopping)
            if not sent:
                break
            told += sent
        return told

    def _take(self) -> int | None:
        """Take the lease; return the position to go on from, or None while somebody else sends or has to wait."""
        _begin_once()
        leased = {"leased_by": self.id, "leased_until": utc_now() + LEASE}
        if write_rows(update(_RELAY).where(_is_free(utc_now())).values(leased)) != 1:
            return None
        return int(db.session.scalars(select(_RELAY.c.position).where(_RELAY.c.name == RELAY)).one())

    def _send(self, position: int, is_stopping: Callable[[], bool]) -> int:
        """Send a handful of events and note how far it went; return how many the broker confirmed."""
        over_at, sent = monotonic() + SEND_FOR_SECONDS, 0
        events = queries_events.list_after(position, at_most=AT_ONCE)
        db.session.remove()  # no snapshot is held while the broker is waited for
        problem: str | None = None
        try:
            for event in self._broker.send(events, lambda: is_stopping() or monotonic() > over_at):
                position, sent = event.position, sent + 1
        except BrokerAway as away:
            problem = str(away)
        transaction.run(partial(self._let_go, position, problem))
        if problem is not None:
            log.warning("broker.away", problem=problem, sent=sent)
            return 0
        log.info("broker.told", sent=sent, position=position)
        return sent

    def _let_go(self, position: int, problem: str | None) -> None:
        """Note how far the broker has been told; not when the lease has run out and somebody else took it."""
        mine = select(_RELAY.c.attempts).where(_RELAY.c.name == RELAY, _RELAY.c.leased_by == self.id)
        attempts = db.session.scalars(mine).first()
        if attempts is None:
            return
        noted: dict[str, Any] = {"attempts": 0, "problem": None, "next_attempt_at": utc_now()}
        if problem is not None:
            again_at = utc_now() + timedelta(seconds=pause_after(attempts + 1))
            noted = {"attempts": attempts + 1, "problem": problem[:PROBLEM_LENGTH], "next_attempt_at": again_at}
        still_mine = update(_RELAY).where(_RELAY.c.name == RELAY, _RELAY.c.leased_by == self.id)
        write_rows(still_mine.values(position=position, leased_by=None, leased_until=None, **noted))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return (_RELAY.c.name == RELAY) & is_due(_RELAY, now, LONGEST_PAUSE) & is_unleased(_RELAY, now)


def _is_behind() -> bool:
    """Tell, without writing anything, whether it is worth taking the lease."""
    row = db.session.execute(select(_RELAY.c.position, _is_free(utc_now())).where(_RELAY.c.name == RELAY)).first()
    position, is_free = row or (0, True)
    is_behind = bool(is_free) and bool(queries_events.list_after(position, at_most=1))
    db.session.remove()
    return is_behind


def _begin_once() -> None:
    """Make the relay's row where there is none; two workers that begin at once agree after one of them is rerun."""
    if db.session.scalars(select(_RELAY.c.name).where(_RELAY.c.name == RELAY)).first() is None:
        first = {"name": RELAY, "position": 0, "attempts": 0, "next_attempt_at": utc_now()}
        db.session.execute(insert(_RELAY).values(first))

"""When a claim that somebody made is over, and how long to wait before the next: moments in a row, so clocks matter."""

import random
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, FromClause, or_

LEASE = timedelta(seconds=60)


def is_unleased(table: FromClause, now: datetime) -> ColumnElement[bool]:
    """Tell of a row of a table whether nobody holds it.

    A lease that would go on for longer than any is given was given before a clock was set back. It holds nothing, or
    the work of whoever died then would wait until that clock comes round again.
    """
    until = table.c.leased_until
    return or_(until.is_(None), until <= now, until > now + 2 * LEASE)


def is_due(table: FromClause, now: datetime, longest_pause: timedelta) -> ColumnElement[bool]:
    """Tell of a row whether its next attempt may be made; a pause longer than any that is made was begun as above."""
    at = table.c.next_attempt_at
    return or_(at <= now, at > now + 2 * longest_pause)


def growing_pause(attempts: int, *, first: float, longest: float) -> float:
    """Return how many seconds to wait after so many attempts: twice as long each time, never in step with others."""
    pause = min(longest, first * 2.0 ** min(attempts - 1, 20))
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads attempts, no secret

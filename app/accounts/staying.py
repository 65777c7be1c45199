"""How long a browser session has left, and when its person is warned (WCAG 2.2.1)."""

from datetime import datetime, timedelta
from typing import NamedTuple

from app.accounts.queries_sign_ins import Limits

WARNED_BEFORE = timedelta(minutes=2)


class Ends(NamedTuple):
    """When a session ends if nobody uses it any more, and when it ends however much it is used."""

    idle: datetime
    longest: datetime

    @property
    def first(self) -> datetime:
        """Return when it ends as things stand."""
        return min(self.idle, self.longest)

    @property
    def is_last(self) -> bool:
        """Tell whether using it prolongs it no more."""
        return self.longest <= self.idle


def warned_before(limits: Limits) -> timedelta:
    """Return how long before the end the warning comes: half of a limit that is shorter than four minutes."""
    return min(WARNED_BEFORE, limits.idle / 2, limits.longest / 2)

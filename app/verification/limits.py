"""How often something may be sent, so that nobody is flooded and nobody's bill is run up."""

from collections.abc import Sequence
from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)
LINKS_FOR_A_RECORD = 5
CODES_FOR_A_NUMBER = 5
CODES_FOR_AN_ACCOUNT = 100
"""A counter that registers people all day long sends some thirty an hour."""


def again_at(sent: Sequence[datetime], at_most: int) -> datetime | None:
    """Return when the next one may be sent, where so many went out within the hour; None when it may be now."""
    return sent[-at_most] + WINDOW if len(sent) >= at_most else None

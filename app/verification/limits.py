"""How often something may be sent, so that nobody is flooded and nobody's bill is run up."""

from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)
LINKS_FOR_A_RECORD = 5
CODES_FOR_A_NUMBER = 5
CODES_FOR_AN_ACCOUNT = 100
"""A counter that registers people all day long sends some thirty an hour."""


def again_at(*filled_at: datetime | None) -> datetime | None:
    """Return when the next one may be sent, by the moments that fill its limits; None when it may be now."""
    return max((moment + WINDOW for moment in filled_at if moment), default=None)

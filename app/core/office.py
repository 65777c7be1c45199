"""The office's own clock: which day it is there, whatever the clocks of servers and databases say (TIMEZONE)."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.core.database import utc_now
from app.core.settings import settings


def office_zone() -> ZoneInfo:
    """Return the time zone of the office."""
    return ZoneInfo(settings().timezone)


def office_day(moment: datetime) -> date:
    """Return the date that a moment has in the office."""
    return moment.astimezone(office_zone()).date()


def office_today() -> date:
    """Return today's date in the office."""
    return office_day(utc_now())

"""How long a deleted record is kept before it is erased."""

from datetime import date

YEARS_KEPT = 1


def kept_until(deleted_on: date) -> date:
    """Return the last day on which a record deleted on a day can be restored."""
    try:
        return deleted_on.replace(year=deleted_on.year + YEARS_KEPT)
    except ValueError:  # 29 February
        return deleted_on.replace(year=deleted_on.year + YEARS_KEPT, day=28)


def days_left(deleted_on: date, today: date) -> int:
    """Count the days a deleted record is still kept."""
    return max(0, (kept_until(deleted_on) - today).days)

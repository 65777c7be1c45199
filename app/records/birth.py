"""Date of birth and age: calendar years, never days divided by 365.25 (Majority Act 1875, section 3)."""

import re
from datetime import date

from app.core.rules import RuleBroken, trimmed

MAJORITY_YEARS = 18
EARLIEST = date(1900, 1, 1)

DATE_WORDS = "Enter the date of birth with year, month and day, like 2000-12-31"

_SHAPE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def canonical_birth_date(text: str, today: date) -> date:
    """Read `YYYY-MM-DD` as the birth date of somebody who is 18 or older today.

    Raises RuleBroken.
    """
    shape = _SHAPE.fullmatch(trimmed(text))
    if shape is None:
        raise RuleBroken("INVALID", DATE_WORDS)
    year, month, day = (int(part) for part in shape.groups())
    born = _calendar_date(year, month, day)
    if born > today:
        raise RuleBroken("INVALID", "The date is in the future")
    latest = latest_birth_date(today)
    if born > latest:
        words = f"The person must be {MAJORITY_YEARS} or older. Born on {spelled(latest)} or earlier"
        raise RuleBroken("UNDERAGE", words)
    return born


def latest_birth_date(today: date) -> date:
    """Return the last day on which somebody who is 18 today can be born; 29 February is 18 on 1 March."""
    year = today.year - MAJORITY_YEARS
    if (today.month, today.day) == (2, 29) and not _is_leap(year):
        return date(year, 2, 28)
    return date(year, today.month, today.day)


def age_on(today: date, born: date) -> int:
    """Count the whole years somebody has lived; who is born on 29 February completes a common year on 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def spelled(day: date) -> str:
    """Spell a date the way the screens do: 20 Nov 2008."""
    return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"


def _calendar_date(year: int, month: int, day: int) -> date:
    if not 1 <= month <= 12:
        raise RuleBroken("INVALID", "A year has months 1 to 12")
    if year < EARLIEST.year:
        raise RuleBroken("INVALID", f"The year is before {EARLIEST.year}")
    try:
        return date(year, month, day)
    except ValueError as error:
        # 29 February is the one day that only some years have, so there the sentence names the year.
        leap_day = (month, day) == (2, 29)
        words = f"{_MONTHS[month - 1]} {year} has no day 29" if leap_day else f"{_MONTHS[month - 1]} has no day {day}"
        raise RuleBroken("INVALID", words) from error


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)

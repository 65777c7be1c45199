"""Date of birth: calendar years in the office's time zone, and a day that says which rule failed."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.rules import RuleBroken
from app.records.birth import DATE_WORDS, age_on, canonical_birth_date, latest_birth_date, spelled

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize("typed", ["2008-11-20", "1900-01-01", "2004-02-29", " 1990-12-31 "])
def test_a_birth_date_of_an_adult_passes(typed: str) -> None:
    assert canonical_birth_date(typed, TODAY).isoformat() == typed.strip()


@pytest.mark.parametrize(
    ("typed", "code", "message"),
    [
        ("2008-11-21", "UNDERAGE", "The person must be 18 or older. Born on 20 Nov 2008 or earlier"),
        ("2026-11-20", "UNDERAGE", "The person must be 18 or older. Born on 20 Nov 2008 or earlier"),
        ("2026-11-21", "INVALID", "The date is in the future"),
        ("1899-12-31", "INVALID", "The year is before 1900"),
        ("0000-01-01", "INVALID", "The year is before 1900"),
        ("1990-02-31", "INVALID", "February has no day 31"),
        ("1990-02-29", "INVALID", "February 1990 has no day 29"),
        ("1990-04-31", "INVALID", "April has no day 31"),
        ("1990-04-00", "INVALID", "April has no day 0"),
        ("1990-13-01", "INVALID", "A year has months 1 to 12"),
        ("1990-00-01", "INVALID", "A year has months 1 to 12"),
        ("0", "INVALID", DATE_WORDS),
        ("19901231", "INVALID", DATE_WORDS),
        ("1990-12-31T00:00:00Z", "INVALID", DATE_WORDS),
        ("31-12-1990", "INVALID", DATE_WORDS),
        ("1990-1-1", "INVALID", DATE_WORDS),
        ("१९९०-१२-३१", "INVALID", DATE_WORDS),
        ("-1990-12-31", "INVALID", DATE_WORDS),
    ],
)
def test_a_refused_birth_date_says_why(typed: str, code: str, message: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        canonical_birth_date(typed, TODAY)
    assert (refused.value.code, refused.value.message) == (code, message)


@pytest.mark.parametrize(
    ("today", "latest"),
    [
        (date(2026, 2, 28), date(2008, 2, 28)),
        (date(2026, 3, 1), date(2008, 3, 1)),
        (date(2028, 2, 29), date(2010, 2, 28)),
        (date(2028, 3, 1), date(2010, 3, 1)),
        (date(1918, 2, 28), date(1900, 2, 28)),
    ],
)
def test_the_latest_birth_date_of_an_adult_is_eighteen_calendar_years_ago(today: date, latest: date) -> None:
    assert latest_birth_date(today) == latest


def test_who_is_born_on_29_february_is_eighteen_on_1_march() -> None:
    with pytest.raises(RuleBroken) as refused:
        canonical_birth_date("2008-02-29", date(2026, 2, 28))
    assert refused.value.code == "UNDERAGE"
    assert canonical_birth_date("2008-02-29", date(2026, 3, 1)) == date(2008, 2, 29)


@settings(database=None, deadline=None)
@given(today=st.dates(date(1930, 1, 1), date(2200, 12, 31)), days=st.integers(-2, 2))
def test_eighteen_years_of_age_and_the_latest_birth_date_agree(today: date, days: int) -> None:
    born = latest_birth_date(today) + timedelta(days=days)
    assert (age_on(today, born) >= 18) == (days <= 0)


def test_dates_are_spelled_for_people() -> None:
    assert spelled(date(2008, 3, 5)) == "5 Mar 2008"

"""How things read on screen."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from app.core import presenting
from app.core.navigation import initials


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0"), (12, "12"), (999, "999"), (1284, "1,284"), (124830, "1,24,830"), (12345678, "1,23,45,678")],
)
def test_numbers_are_grouped_the_indian_way(count: int, words: str) -> None:
    assert presenting.number(count) == words


def test_a_moment_is_told_in_the_time_of_the_office(context: Flask) -> None:
    late = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    assert presenting.moment(late) == "21 Nov 2026, 01:30"
    assert presenting.day(late) == "21 Nov 2026"
    assert presenting.utc(late) == "2026-11-20T20:00:00Z"
    assert presenting.zone_name() == "IST"


def test_a_moment_of_another_day_is_told_with_its_date(context: Flask) -> None:
    assert presenting.clock(datetime(2020, 1, 2, 5, 0, tzinfo=UTC)) == "2 Jan 2020, 10:30"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", None, None),
        ("name", "", None),
        ("is_active", True, "Active"),
        ("is_active", False, "Inactive"),
        ("email_verified", True, "Yes"),
        ("mobile_verified", False, "No"),
        ("primary_mobile", "9876543201", "98765 43201"),
        ("aadhaar", "XXXXXXXX9012", "XXXX XXXX 9012"),
        ("pan", "XXXXX1234X", "XXXXX1234X"),
        ("date_of_birth", "1984-03-14", "14 Mar 1984"),
        ("date_of_birth", date(1984, 3, 14), "14 Mar 1984"),
    ],
)
def test_values_are_written_as_the_screens_write_them(field: str, value: object, words: str | None) -> None:
    assert presenting.shown_value(value, field) == words


def test_what_has_no_words_of_its_own_is_still_plain() -> None:
    assert presenting.field_words("case_number") == "Case number"
    assert presenting.action_words("api_key.revoked") == "Api key revoked"
    assert presenting.channel_words("fax") == "fax"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Priya Kulkarni", "PK"), ("Lalthanmawia", "L"), ("rekha.menon@example.com", "RM"), ("A B C", "AC")],
)
def test_initials_are_of_the_first_and_the_last_word(name: str, letters: str) -> None:
    assert initials(name) == letters

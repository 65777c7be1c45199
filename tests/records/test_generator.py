"""Invented people: valid, unique, and the same again for the same seed."""

import unicodedata
from datetime import date
from itertools import chain

from app.core.checks import Checks
from app.records.birth import age_on
from app.records.people import BLOCK, generate_people
from app.records.sample_names import REGIONS
from app.records.schemas import RecordInput

TODAY = date(2026, 11, 20)


def test_invented_people_pass_every_rule_in_their_stored_spelling() -> None:
    for given in generate_people(2_000, 7, TODAY):
        stored = RecordInput.model_validate(given, context=Checks(TODAY)).values()
        assert {**stored, "date_of_birth": stored["date_of_birth"].isoformat()} == given


def test_nobody_shares_a_unique_value_within_a_seed_or_with_the_seeds_below_a_thousand() -> None:
    people = list(chain.from_iterable(generate_people(5_000, seed, TODAY) for seed in (0, 1, 2, 999)))
    for field in ("email", "primary_mobile", "aadhaar", "pan"):
        assert len({person[field] for person in people}) == len(people)


def test_the_same_seed_gives_the_same_people() -> None:
    assert list(generate_people(50, 42, TODAY)) == list(generate_people(50, 42, TODAY))
    assert list(generate_people(10, 42, TODAY)) == list(generate_people(50, 42, TODAY))[:10]


def test_another_seed_gives_other_people() -> None:
    first, second, far = (next(generate_people(1, seed, TODAY)) for seed in (1, 2, 1_001))
    assert first["name"] + first["current_address"] != second["name"] + second["current_address"]
    assert len({person["aadhaar"] for person in (first, second, far)}) == 3


def test_negative_and_huge_seeds_work() -> None:
    for seed in (-1, 2**64):
        assert len(list(generate_people(3, seed, TODAY))) == 3


def test_a_block_holds_more_people_than_the_largest_measurement() -> None:
    assert BLOCK >= 1_000_000


def test_the_fifth_letter_of_the_pan_begins_the_surname_as_the_email_has_it() -> None:
    for person in generate_people(500, 5, TODAY):
        names = person["email"].split("@")[0].split(".")[:-1]
        assert person["pan"][4] == names[-1][0].upper()
        assert person["pan"][3] == "P"


def test_people_are_of_many_ages_scripts_and_habits() -> None:
    people = list(generate_people(3_000, 3, TODAY))
    ages = {age_on(TODAY, date.fromisoformat(person["date_of_birth"])) for person in people}
    scripts = {
        unicodedata.name(letter).split()[0] for person in people for letter in person["name"] if letter.isalpha()
    }
    assert min(ages) == 18
    assert max(ages) > 75
    assert scripts >= {
        *("LATIN", "DEVANAGARI", "TAMIL", "TELUGU", "BENGALI", "GURMUKHI", "MALAYALAM", "KANNADA", "GUJARATI"),
        *("ORIYA", "ARABIC"),
    }
    assert any(" " not in person["name"] for person in people)
    assert any(person["name"][1:3] == ". " for person in people)
    assert {person["is_active"] for person in people} == {True, False}
    assert any(person["secondary_mobile"] for person in people)
    assert any(person["current_address"] != person["permanent_address"] for person in people)


def test_names_and_towns_are_spelled_in_composed_unicode() -> None:
    for region in REGIONS:
        words = chain(region.women, region.men, region.surnames, region.titles)
        natives = [word.native for word in words] + [town.native for town in region.towns]
        assert all(unicodedata.is_normalized("NFC", native) for native in natives)
        assert all(len(town.pin_start) == 3 for town in region.towns)

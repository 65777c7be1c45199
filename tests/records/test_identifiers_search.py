"""What a search text could be, and the reference that stands for a record."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.records.identifiers import ExactKinds, classify, stays_out_of_urls
from app.records.references import ALPHABET, canonical_reference, new_reference

quick = settings(database=None, deadline=None, max_examples=200)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("ravi", ExactKinds()),
        ("2341 2341 2346", ExactKinds(aadhaar="234123412346")),
        ("2341-2341-2347", ExactKinds(aadhaar="234123412347")),
        ("919876543210", ExactKinds(aadhaar="919876543210", mobile="9876543210")),
        ("+91 98765 43210", ExactKinds(mobile="9876543210")),
        ("abcpe 1234 f", ExactKinds(pan="ABCPE1234F")),
        ("ABCP\u01311234F", ExactKinds()),
        ("98765", ExactKinds()),
        ("२३४१२३४१२३४६", ExactKinds()),
    ],
)
def test_a_search_text_is_every_exact_kind_that_it_has_the_shape_of(text: str, kinds: ExactKinds) -> None:
    assert classify(text) == kinds


@pytest.mark.parametrize(
    "text",
    ["2341 2341 2346", "2341 2341 234", "98765 43210", "9876 5432", "abcpe1234f", "a@b.example", "ravi@", "२३४१२३४१"],
)
def test_a_text_that_may_be_personal_stays_out_of_addresses(text: str) -> None:
    assert stays_out_of_urls(text)


@pytest.mark.parametrize("text", ["ravi", "ravi 1984", "12, MG Road"])
def test_plain_text_may_stand_in_an_address(text: str) -> None:
    assert not stays_out_of_urls(text)


def test_a_reference_may_stand_in_an_address_although_it_may_hold_many_digits() -> None:
    assert not stays_out_of_urls("00000-00011")
    assert classify("00000-00011") == ExactKinds(reference="00000-00011")


def test_identifiers_are_told_from_references() -> None:
    assert classify("abcpe1234f").has_identifier
    assert not classify(new_reference()).aadhaar


def test_a_new_reference_is_canonical_already() -> None:
    for reference in (new_reference() for _ in range(200)):
        assert canonical_reference(reference) == reference
        assert len(reference) == 11
        assert reference[5] == "-"


@quick
@given(st.integers(0, 9), st.sampled_from(ALPHABET))
def test_one_wrong_character_in_a_reference_is_noticed(place: int, wrong: str) -> None:
    key = new_reference().replace("-", "")
    if key[place] != wrong:
        assert canonical_reference(key[:place] + wrong + key[place + 1 :]) is None


@quick
@given(st.integers(0, 8))
def test_two_swapped_characters_in_a_reference_are_noticed(place: int) -> None:
    key = new_reference().replace("-", "")
    if key[place] != key[place + 1]:
        swapped = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
        assert canonical_reference(swapped) is None


def test_a_reference_is_read_as_people_write_it() -> None:
    reference = next(one for one in iter(new_reference, None) if "0" in one[:-1] and "1" in one[:-1])
    spoken = reference.lower().replace("0", "o").replace("1", "l")
    for typed in (spoken, spoken.replace("-", ""), f" {spoken.upper()} ", spoken.replace("l", "i").replace("-", " ")):
        assert canonical_reference(typed) == reference


@pytest.mark.parametrize(
    "text", ["", "R7K3M", "R7K3M-9QXT", "R7K3U-9QXT2", "R7K3M--9QXT2", "Ｒ7K3M-9QXT2", "R7-K3M9QXT2"]
)
def test_what_is_no_reference_is_none(text: str) -> None:
    assert canonical_reference(text) is None

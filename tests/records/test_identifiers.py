"""Aadhaar, PAN and mobile: what passes, what is refused, and in which words."""

import pytest

from app.core.rules import RuleBroken
from app.records.identifiers import (
    HOLDERS,
    canonical_aadhaar,
    canonical_mobile,
    canonical_pan,
    mask_aadhaar,
    mask_pan,
    suggest_pan,
)

MASKED_AADHAAR = "This is a masked number. Type all 12 digits"
MASKED_PAN = "This is a masked number. Type all 10 characters"
MOBILE = "A mobile number has 10 digits and starts with 6, 7, 8 or 9"
SCRIPT = "Type the digits 0 to 9. Digits of another script are not read here"


@pytest.mark.parametrize(
    "typed", ["234123412346", "2341 2341 2346", "2341-2341-2346", " 234123412346\n", "2341\u00a02341\u20112346"]
)
def test_an_aadhaar_is_twelve_digits_however_they_are_grouped(typed: str) -> None:
    assert canonical_aadhaar(typed) == "234123412346"


def test_a_palindrome_with_the_right_check_digit_is_an_aadhaar() -> None:
    assert canonical_aadhaar("200009900002") == "200009900002"


@pytest.mark.parametrize(
    ("typed", "code", "message"),
    [
        ("23412341234", "TOO_SHORT", "Aadhaar has 12 digits. You typed 11"),
        ("2341234123461", "TOO_LONG", "Aadhaar has 12 digits. You typed 13"),
        ("023412341234", "INVALID", "Aadhaar starts with a digit from 2 to 9"),
        ("123456789012", "INVALID", "Aadhaar starts with a digit from 2 to 9"),
        (
            "234123412347",
            "CHECKSUM",
            "The last digit does not match. One digit is mistyped or two are swapped",
        ),
        ("23412341234O", "INVALID", "Aadhaar has 12 digits and no other characters"),
        ("२३४१२३४१२३४६", "INVALID", SCRIPT),
        ("２３４１２３４１２３４６", "INVALID", SCRIPT),
        ("²34123412346", "INVALID", SCRIPT),
        ("XXXXXXXX2346", "INVALID", MASKED_AADHAAR),
        ("xxxx-xxxx-2346", "INVALID", MASKED_AADHAAR),
        ("**** **** 2346", "INVALID", MASKED_AADHAAR),
        ("••••••••••••", "INVALID", MASKED_AADHAAR),
        ("2341\x0023412346", "INVALID", "Aadhaar has 12 digits and no other characters"),
        ("-", "INVALID", "Aadhaar has 12 digits and no other characters"),
    ],
)
def test_a_refused_aadhaar_names_the_rule_that_failed(typed: str, code: str, message: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        canonical_aadhaar(typed)
    assert (refused.value.code, refused.value.message) == (code, message)


@pytest.mark.parametrize("typed", ["123456789012", "012345678901", "1234 5678 9012"])
def test_a_never_issued_aadhaar_passes_where_test_identities_are_allowed(typed: str) -> None:
    assert canonical_aadhaar(typed, allow_test_identities=True) == typed.replace(" ", "")


def test_a_number_that_could_be_real_is_checked_also_where_test_identities_are_allowed() -> None:
    with pytest.raises(RuleBroken) as refused:
        canonical_aadhaar("234123412347", allow_test_identities=True)
    assert refused.value.code == "CHECKSUM"


@pytest.mark.parametrize("typed", ["ABCPE1234F", "abcpe1234f", " ABCPE 1234 F ", "abcpe-1234-f"])
def test_a_pan_is_read_in_any_case_and_grouping(typed: str) -> None:
    assert canonical_pan(typed) == "ABCPE1234F"


@pytest.mark.parametrize(
    ("typed", "code", "message"),
    [
        ("ABCPE1234", "TOO_SHORT", "PAN has 10 characters. You typed 9"),
        ("ABCPE1234FG", "TOO_LONG", "PAN has 10 characters. You typed 11"),
        ("AB1PE1234F", "INVALID", "The first 5 characters must be letters. The 3rd is a digit"),
        ("1BCPE1234F", "INVALID", "The first 5 characters must be letters. The 1st is a digit"),
        ("A2CPE1234F", "INVALID", "The first 5 characters must be letters. The 2nd is a digit"),
        ("ABCPE1O34F", "INVALID", "The 6th to 9th characters must be digits. The 7th is the letter O"),
        ("ABCPE123XF", "INVALID", "The 6th to 9th characters must be digits. The 9th is the letter X"),
        ("ABCPE12345", "INVALID", "The last character must be a letter"),
        ("ABCCE1234F", "INVALID", "The 4th letter is C: this PAN belongs to a company. A person’s has P"),
        ("ABCDE1234F", "INVALID", "The 4th letter is D: no PAN has that. A person’s has P"),
        ("ABCP.1234F", "INVALID", "PAN has letters A to Z and digits only"),
        ("ABCP\u01311234F", "INVALID", "PAN has letters A to Z and digits only"),
        ("ABCPE१२३४F", "INVALID", "PAN has letters A to Z and digits only"),
        ("XXXXX1234X", "INVALID", MASKED_PAN),
        ("xxxxx1234x", "INVALID", MASKED_PAN),
        ("*****1234*", "INVALID", MASKED_PAN),
        ("•••••1234•", "INVALID", MASKED_PAN),
    ],
)
def test_a_refused_pan_names_the_position_that_is_wrong(typed: str, code: str, message: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        canonical_pan(typed)
    assert (refused.value.code, refused.value.message) == (code, message)


@pytest.mark.parametrize("letter", sorted(set(HOLDERS) - {"P"}))
@pytest.mark.parametrize("allowed", [True, False])
def test_a_pan_of_another_holder_is_refused_everywhere(letter: str, allowed: bool) -> None:
    with pytest.raises(RuleBroken) as refused:
        canonical_pan(f"ABC{letter}E1234F", allow_test_identities=allowed)
    assert refused.value.code == "INVALID"
    assert HOLDERS[letter] in refused.value.message


def test_the_holder_types_are_those_in_use() -> None:
    assert "".join(sorted(HOLDERS)) == "ABCFGHJKLPT"


@pytest.mark.parametrize("letter", sorted(set("ABCDEFGHIJKLMNOPQRSTUVWXYZ") - set(HOLDERS)))
def test_a_pan_of_no_holder_type_passes_where_test_identities_are_allowed(letter: str) -> None:
    assert canonical_pan(f"ABC{letter}E1234F", allow_test_identities=True) == f"ABC{letter}E1234F"


@pytest.mark.parametrize("masked", ["XXXXX1234X", "xxxxx1234x"])
def test_a_masked_pan_is_refused_although_a_test_identity_may_look_alike(masked: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        canonical_pan(masked, allow_test_identities=True)
    assert refused.value.message == MASKED_PAN


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ABCPE1O34F", "ABCPE1034F"),
        ("abcpeI234f", "ABCPE1234F"),
        ("ABCP01234F", "ABCPO1234F"),
        ("ABCPE12341", "ABCPE1234I"),
        ("ABCPE1234F", None),
        ("ABCPE1234", None),
        ("ABCPE12Z4F", None),
        ("ABCCE1O34F", None),
        ("ABCPÉ1O34F", None),
    ],
)
def test_a_mixed_up_letter_and_digit_in_a_pan_is_offered_mended(typed: str, meant: str | None) -> None:
    assert suggest_pan(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "9876543210",
        "98765 43210",
        "98765-43210",
        "+919876543210",
        "+91 98765 43210",
        "+91-98765-43210",
        "919876543210",
        "09876543210",
        "0 98765 43210",
        "\t9876543210 ",
    ],
)
def test_a_mobile_is_ten_digits_without_its_prefix(typed: str) -> None:
    assert canonical_mobile(typed) == "9876543210"


def test_a_number_of_ten_digits_keeps_a_beginning_that_looks_like_a_prefix() -> None:
    assert canonical_mobile("9198765432") == "9198765432"


@pytest.mark.parametrize(
    ("typed", "code", "message"),
    [
        ("987654321", "TOO_SHORT", MOBILE),
        ("91987654321", "TOO_SHORT", MOBILE),
        ("98765432101", "TOO_LONG", MOBILE),
        ("9198765432101", "TOO_LONG", MOBILE),
        ("5876543210", "INVALID", MOBILE),
        ("0987654321", "INVALID", MOBILE),
        ("+9198765432", "INVALID", MOBILE),
        ("+9876543210", "INVALID", MOBILE),
        ("+19876543210", "INVALID", MOBILE),
        ("++919876543210", "INVALID", MOBILE),
        ("(98765) 43210", "INVALID", MOBILE),
        ("98765.43210", "INVALID", MOBILE),
        ("9.87654321e9", "INVALID", MOBILE),
        ("+", "INVALID", MOBILE),
        ("९८७६५४३२१०", "INVALID", SCRIPT),
        ("９８７６５４３２１０", "INVALID", SCRIPT),
    ],
)
def test_a_refused_mobile_says_what_one_is(typed: str, code: str, message: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        canonical_mobile(typed)
    assert (refused.value.code, refused.value.message) == (code, message)


def test_masks_leave_four_digits() -> None:
    assert mask_aadhaar("123456789012") == "XXXXXXXX9012"
    assert mask_pan("ABCPE1234F") == "XXXXX1234X"

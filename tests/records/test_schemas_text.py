"""Names, places, addresses, notes and e-mail addresses: which characters, how many, and in which form."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.rules import EMAIL_WORDS, RuleBroken, canonical_email, ordinal
from app.core.text import TextRule
from app.records.text import ADDRESS, NAME, PLACE, REASON, SEARCH

quick = settings(database=None, deadline=None, max_examples=150)
NAME_WORDS = "The name needs at least 2 characters, one of them a letter"
ZWNJ, ZWJ = "\u200c", "\u200d"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Meenakshi Sundaram\n", "Meenakshi Sundaram"),
        ("\u3000Asha\u00a0", "Asha"),
        ("Joseph D’Souza", "Joseph D’Souza"),
        ("K. Ravi 2nd", "K. Ravi 2nd"),
        ("Jose\u0301", "Jos\u00e9"),
        ("क्\u200dष", "क्\u200dष"),
        ("അനില്\u200d", "അനില്\u200d"),
        ("நி", "நி"),
        ("𠮷田", "𠮷田"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("x" * 255, "x" * 255),
        ("e\u0301" * 255, "\u00e9" * 255),
    ],
)
def test_a_name_is_trimmed_and_composed(typed: str, stored: str) -> None:
    assert NAME.canonical(typed) == stored


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("A", "TOO_SHORT"),
        (" A ", "TOO_SHORT"),
        ("e\u0301", "TOO_SHORT"),
        ("x" * 256, "TOO_LONG"),
        ("x" * 5000, "TOO_LONG"),
        ("\u0301" * 5000, "TOO_LONG"),
        ("12", "INVALID"),
        ("--", "INVALID"),
        ("🙂🙂", "INVALID"),
        ("\u3164\u3164", "INVALID"),
        ("\u115f\u1160", "INVALID"),
        (ZWJ + "Asha", "INVALID"),
        ("Asha" + ZWNJ, "INVALID"),
        (ZWJ + ZWJ, "INVALID"),
    ],
)
def test_a_refused_name_has_the_code_of_its_rule(typed: str, code: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        NAME.canonical(typed)
    assert refused.value.code == code


REFUSED_CHARACTERS = [
    *("\x00", "\x07", "\x1b", "\x1c", "\x1f", "\x7f", "\x85", "\x9f"),
    *("\ud800", "\udfff", "\ufdd0", "\ufdef", "\ufffe", "\uffff", "\U0001fffe", "\U0010ffff"),
    *("\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069"),
    *("\u200b", "\u00ad", "\ufeff", "\r", "\x0b", "\x0c"),
]


@pytest.mark.parametrize("character", REFUSED_CHARACTERS, ids=ascii)
@pytest.mark.parametrize("rule", [NAME, PLACE, ADDRESS, REASON, SEARCH], ids=lambda rule: rule.label)
def test_characters_that_hide_or_command_are_refused_in_every_text(rule: TextRule, character: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        rule.canonical(f"Gandhi{character}Nagar")
    assert refused.value.code == "INVALID"
    assert "the 7th character" in refused.value.message


@pytest.mark.parametrize("character", ["\x1f", "\x85", "\u2028", "\ufeff", "\u200b"], ids=ascii)
def test_trimming_takes_no_control_character_away_unseen(character: str) -> None:
    with pytest.raises(RuleBroken):
        NAME.canonical(f"{character}Asha")


@pytest.mark.parametrize("rule", [ADDRESS, REASON], ids=["address", "reason"])
def test_lines_and_tabs_stand_in_addresses_and_notes(rule: TextRule) -> None:
    assert rule.canonical("12, MG Road\r\n\tPune\n411001") == "12, MG Road\n\tPune\n411001"


@pytest.mark.parametrize("rule", [NAME, PLACE, SEARCH], ids=["name", "place", "search"])
@pytest.mark.parametrize("character", ["\n", "\t", "\r\n"], ids=ascii)
def test_lines_and_tabs_stand_in_no_other_text(rule: TextRule, character: str) -> None:
    with pytest.raises(RuleBroken):
        rule.canonical(f"Gandhi{character}Nagar")


@pytest.mark.parametrize(("rule", "least", "most"), [(PLACE, 2, 255), (ADDRESS, 10, 1000), (REASON, 5, 500)])
def test_lengths_count_code_points_after_trimming(rule: TextRule, least: int, most: int) -> None:
    for length in (least, most):
        assert len(rule.canonical(f" {'𝒳' * length} ")) == length
    for length, code in ((least - 1, "TOO_SHORT"), (most + 1, "TOO_LONG")):
        with pytest.raises(RuleBroken) as refused:
            rule.canonical(f" {'𝒳' * length} ")
        assert refused.value.code == code


def test_an_address_needs_no_letter_but_something_to_see() -> None:
    assert ADDRESS.canonical("12-34/56, 78") == "12-34/56, 78"
    with pytest.raises(RuleBroken) as refused:
        ADDRESS.canonical("\u2800" * 12)
    assert refused.value.code == "INVALID"


def test_a_name_without_a_letter_is_told_so_in_the_words_of_the_screen() -> None:
    for typed in ("A", "12"):
        with pytest.raises(RuleBroken) as refused:
            NAME.canonical(typed)
        assert refused.value.message == NAME_WORDS


@quick
@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_what_a_text_rule_returns_it_returns_again(text: str) -> None:
    for rule in (NAME, PLACE, ADDRESS, REASON, SEARCH):
        try:
            once = rule.canonical(text)
        except RuleBroken:
            continue
        assert rule.canonical(once) == once
        assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Rajesh@EXAMPLE.com", "rajesh@example.com"),
        (" a.b+c@example.test ", "a.b+c@example.test"),
        ("a@mail.example", "a@mail.example"),
        ("a@host.local", "a@host.local"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@उदाहरण.भारत", "a@xn--p1b6ci4b4b3a.xn--h2brj9c"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@faß.example", "a@xn--fa-hia.example"),
        ("a@\u212aelvin.example", "a@kelvin.example"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
    ],
)
def test_an_email_is_stored_in_small_letters_with_a_domain_of_ascii_labels(typed: str, stored: str) -> None:
    assert canonical_email(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "a",
        "a@",
        "@example.com",
        "a@localhost",
        "a@@example.com",
        "a b@example.com",
        '"a b"@example.com',
        "a(note)@example.com",
        "ä@example.com",
        "\u0131@example.com",
        "\u212a@example.com",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a..b@example.com",
        ".a@example.com",
        "a.@example.com",
        "a@-example.com",
        "a@exa_mple.com",
        "a@example.com.",
        "a@example..com",
        "Asha <a@example.com>",
        "a@example.com\x00",
        "a\ud800@example.com",
        "a@\ud800.example",
        "a@xn--zz.example",
        "a,b@example.com",
        "x" * 65 + "@example.com",
    ],
    ids=ascii,
)
def test_what_is_no_email_address_is_refused_in_one_sentence(typed: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        canonical_email(typed)
    assert (refused.value.code, refused.value.message) == ("INVALID", EMAIL_WORDS)


@pytest.mark.parametrize(
    "typed",
    [
        "x" * 60 + "@" + ".".join(["label" * 9] * 5) + ".example",
        "x" * 100_000,
    ],
    ids=["long", "huge"],
)
def test_an_email_has_at_most_254_characters(typed: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        canonical_email(typed)
    assert refused.value.code == "TOO_LONG"


@pytest.mark.parametrize("local", ["x" * 5, "x" * 40])
def test_an_international_email_is_measured_as_it_is_stored(local: str) -> None:
    with pytest.raises(RuleBroken):
        canonical_email(f"{local}@{'.'.join(['भारत'] * 20)}.example")


def test_positions_are_spelled_as_people_say_them() -> None:
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 112, 122)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th", "122nd"]
    )

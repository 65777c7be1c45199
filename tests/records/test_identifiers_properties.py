"""Properties of the identifier rules, tried on arbitrary values."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import verhoeff

from app.core.rules import RuleBroken, canonical_email
from app.records.identifiers import (
    canonical_aadhaar,
    canonical_mobile,
    canonical_pan,
    classify,
    stays_out_of_urls,
    suggest_pan,
)
from app.records.references import canonical_reference

quick = settings(database=None, deadline=None, max_examples=150)

_bodies = st.integers(2 * 10**10, 10**11 - 1).map(str)
_aadhaars = _bodies.map(lambda body: body + verhoeff.calc_check_digit(body))
_pans = st.from_regex(r"[A-Za-z]{3}[Pp][A-Za-z][0-9]{4}[A-Za-z]", fullmatch=True)
_mobiles = st.from_regex(r"(\+91[ -]?|91|0)?[6-9][0-9]{4}[ -]?[0-9]{5}", fullmatch=True)
_emails = st.from_regex(r"[A-Za-z0-9_+-]{1,20}(\.[A-Za-z0-9]{1,9})?@[A-Za-z]{1,9}\.(COM|test|भारत)", fullmatch=True)
_anything = st.text(st.characters(exclude_categories=()), max_size=40)


@quick
@given(_aadhaars, st.integers(0, 11), st.integers(1, 9))
def test_every_single_digit_slip_in_an_aadhaar_is_refused(number: str, place: int, slip: int) -> None:
    wrong = str((int(number[place]) + slip) % 10)
    assert _refusal(canonical_aadhaar, number[:place] + wrong + number[place + 1 :]) in {"CHECKSUM", "INVALID"}


@quick
@given(_aadhaars, st.integers(0, 10))
def test_every_swap_of_neighbours_in_an_aadhaar_is_refused(number: str, place: int) -> None:
    if number[place] != number[place + 1]:
        swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        assert _refusal(canonical_aadhaar, swapped) in {"CHECKSUM", "INVALID"}


@quick
@given(_aadhaars, _pans, _mobiles, _emails)
def test_the_canonical_form_of_a_canonical_form_is_itself(aadhaar: str, pan: str, mobile: str, email: str) -> None:
    for canonical, typed in (
        (canonical_aadhaar, aadhaar),
        (canonical_pan, pan),
        (canonical_mobile, mobile),
        (canonical_email, email),
    ):
        once = canonical(typed)
        assert canonical(once) == once


@quick
@given(_anything)
def test_no_text_makes_an_identifier_rule_fail(text: str) -> None:
    for rule in (canonical_aadhaar, canonical_pan, canonical_mobile, canonical_email):
        assert _refusal(rule, text) in {None, "INVALID", "TOO_SHORT", "TOO_LONG", "CHECKSUM"}
    classify(text)
    stays_out_of_urls(text)
    suggest_pan(text)
    canonical_reference(text)


def _refusal(rule: Callable[[str], str], text: str) -> str | None:
    try:
        rule(text)
    except RuleBroken as refused:
        return refused.code
    return None

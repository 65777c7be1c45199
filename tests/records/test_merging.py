"""Merging two changes that began with one version: what is safe merges by itself, what is not is a clash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.records.merging import (
    Choice,
    Settled,
    Side,
    differing_words,
    merge,
    open_clashes,
    result_of,
    who_won,
)

FIELDS = ("name", "email", "note")
BASE = {"name": "Asha", "email": "a@example.com", "note": None}


def one(theirs: dict[str, object], mine: dict[str, object]) -> dict[str, Side]:
    return {field.name: field.side for field in merge(FIELDS, BASE, {**BASE, **theirs}, {**BASE, **mine})}


@pytest.mark.parametrize(
    ("theirs", "mine", "side"),
    [
        ({}, {}, Side.NOBODY),
        ({"name": "Usha"}, {}, Side.THEIRS),
        ({}, {"name": "Usha"}, Side.MINE),
        ({"name": "Usha"}, {"name": "Nisha"}, Side.BOTH),
        ({"name": "Usha"}, {"name": "Usha"}, Side.THEIRS),
        ({"note": "x"}, {}, Side.THEIRS),
    ],
)
def test_only_two_different_changes_of_one_field_clash(
    theirs: dict[str, object], mine: dict[str, object], side: Side
) -> None:
    name = next(iter({**theirs, **mine}), "name")
    assert one(theirs, mine)[name] is side


def test_clashes_come_first_and_what_nobody_changed_last() -> None:
    merged = merge(FIELDS, BASE, {**BASE, "email": "t@example.com"}, {**BASE, "email": "m@example.com", "note": "x"})
    assert [field.name for field in merged] == ["email", "note", "name"]


def test_without_a_base_whatever_differs_is_a_clash() -> None:
    merged = merge(FIELDS, None, BASE, {**BASE, "name": "Usha"})
    assert [field.name for field in merged if field.clashes] == ["name"]


def test_the_result_holds_only_what_differs_from_what_they_saved() -> None:
    theirs, mine = {**BASE, "name": "Usha", "note": "t"}, {**BASE, "name": "Nisha", "email": "m@example.com"}
    merged = merge(FIELDS, BASE, theirs, mine)
    assert open_clashes(merged, {}) == ["name"]
    assert result_of(merged, {"name": Settled(Choice.THEIRS)}) == {"email": "m@example.com"}
    assert result_of(merged, {"name": Settled(Choice.MINE)}) == {"name": "Nisha", "email": "m@example.com"}
    assert result_of(merged, {"name": Settled(Choice.OTHER, "Isha")}) == {"name": "Isha", "email": "m@example.com"}


def test_it_can_be_told_whose_value_each_field_got() -> None:
    merged = merge(FIELDS, BASE, {**BASE, "name": "Usha", "note": "t"}, {**BASE, "name": "Nisha"})
    won = who_won(merged, {"name": Settled(Choice.MINE)})
    assert won == {"name": "mine", "note": "theirs, merged by itself"}


def test_a_field_that_was_not_sent_stays_as_they_saved_it() -> None:
    merged = merge(FIELDS, BASE, {**BASE, "name": "Usha"}, {"email": "a@example.com"})
    assert result_of(merged, {}) == {}


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_of_a_text_put_together_are_the_text(text: str, other: str) -> None:
    assert "".join(piece for piece, _is_new in differing_words(text, other)) == text


def test_words_the_other_text_lacks_are_told_apart() -> None:
    pieces = differing_words("Flat 12, Karve Road, Pune", "Flat 2, Karve Road, Pune")
    assert [piece.strip() for piece, is_new in pieces if is_new] == ["12,"]

"""What a page costs: how often it asks the database, which hangs on what it shows and never on how much there is."""

from collections.abc import Callable

import pytest

from tests.browsing import Person
from tests.factories import MadeRecord

Make = Callable[..., MadeRecord]
OpenPage = Callable[..., Person]
HTMX = {"HX-Request": "true"}
RECORD, STORY, CORRECTIONS, PROOFS = "FROM user_records", "FROM audit_entries", "FROM corrections", "AS letter"


@pytest.fixture
def asked(statements: list[str]) -> Callable[..., list[str]]:
    """Return what a page asks beside who is there, once it was asked for before."""

    def ask(person: Person, path: str, **headers: str) -> list[str]:
        person.get(path)
        statements.clear()
        assert person.get(path, headers=headers).status_code == 200
        return [words for words in statements if words.startswith("SELECT") and "browser_sessions" not in words]

    return ask


def test_a_list_asks_three_things_however_many_it_shows(
    page: OpenPage, make_record: Make, asked: Callable[..., list[str]]
) -> None:
    person = page("supervisor")
    make_record()
    one = asked(person, "/records")
    assert len(one) <= 3
    for _ in range(5):
        make_record()
    assert asked(person, "/records") == one


def test_a_part_of_a_page_counts_nothing_for_the_menu(
    page: OpenPage, make_record: Make, asked: Callable[..., list[str]]
) -> None:
    make_record()
    person = page("supervisor")
    assert [statement for statement in asked(person, "/records") if CORRECTIONS in statement]
    assert [statement for statement in asked(person, "/records", **HTMX) if CORRECTIONS in statement] == []


@pytest.mark.parametrize(
    ("role", "things"),
    [
        ("viewer", (RECORD, CORRECTIONS, PROOFS)),
        ("editor", (RECORD, STORY, CORRECTIONS, PROOFS)),
        ("supervisor", (RECORD, STORY, CORRECTIONS, PROOFS, CORRECTIONS)),
    ],
)
def test_a_record_asks_once_for_each_thing_it_shows(
    page: OpenPage, make_record: Make, asked: Callable[..., list[str]], role: str, things: tuple[str, ...]
) -> None:
    statements = asked(page(role), f"/records/{make_record().id}")
    assert len(statements) == len(things), statements
    for statement, thing in zip(statements, things, strict=True):
        assert thing in statement

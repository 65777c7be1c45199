"""The rows of the list as they are shown: what matched is marked, numbers stay masked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.database import utc_now
from app.core.paging import Page
from app.records import queries
from app.records.identifiers import ExactKinds
from app.records.page_links import RowLinks
from app.records.suffixes import fold

NEW_FOR = timedelta(minutes=10)
NUMBER_WORDS = {"aadhaar": "Aadhaar", "pan": "PAN", "mobile": "mobile"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text: what was searched for, or what stands around it."""

    text: str
    is_match: bool = False


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """One row of the list; `name` and `email` are in pieces where something in them is marked."""

    record: Any
    url: str
    edit_url: str
    name: Sequence[Piece] | None = None
    email: Sequence[Piece] | None = None
    matched: Sequence[str] = ()
    is_new: bool = False


def listed(
    page: Page[Any], links: RowLinks, text: str | None, matched: Mapping[UUID, Sequence[str]]
) -> list[ListedPerson]:
    """Return the rows of a page; `matched` names the numbers each record was found by."""
    fresh, sought = utc_now() - NEW_FOR, fold(text or "").strip()
    before = ((page.page or 1) - 1) * page.page_size

    def person(place: int, row: Any) -> ListedPerson:
        return ListedPerson(
            row,
            links.show_url(row.id, place),
            "" if row.is_deleted else links.edit_url(row.id, place),
            pieces(row.name, sought) if sought else None,
            pieces(row.email, sought) if sought else None,
            matched.get(row.id, ()),
            row.created_by is not None and not row.is_deleted and row.created_at > fresh,
        )

    return [person(place, row) for place, row in enumerate(page.data, start=before + 1)]


def pieces(text: str, sought: str) -> list[Piece]:
    """Cut a text around what was searched for, compared as search compares: case folded."""
    origins = [place for place, character in enumerate(text) for _ in character.casefold()]
    start = text.casefold().find(sought)
    if start < 0:
        return [Piece(text)]
    first, last = origins[start], origins[start + len(sought) - 1] + 1
    cut = [Piece(text[:first]), Piece(text[first:last], is_match=True), Piece(text[last:])]
    return [piece for piece in cut if piece.text]


def matched_numbers(rows: Collection[Any], kinds: ExactKinds) -> dict[UUID, list[str]]:
    """Tell by which whole numbers each row was found."""
    numbers = {name: value for name in ("aadhaar", "pan") if (value := getattr(kinds, name))}
    found: dict[UUID, list[str]] = {}
    for taken in queries.find_taken(numbers):
        found.setdefault(taken.record_id, []).append(taken.field)
    for row in rows:
        if kinds.mobile and kinds.mobile in (row.primary_mobile, row.secondary_mobile):
            found.setdefault(row.id, []).append("mobile")
    return found


def number_words(kinds: ExactKinds) -> str:
    """Name the kinds of number a search text may be: "Aadhaar or mobile"."""
    return " or ".join(words for name, words in NUMBER_WORDS.items() if getattr(kinds, name))


def found_words(total: int, number: str) -> str:
    """Say how many people were found."""
    if total == 0:
        return "No people found"
    return "1 person found" if total == 1 else f"{number} people found"

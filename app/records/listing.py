"""From the parameters of a list to what the queries take, and back to links."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from app.core.doors import encode
from app.core.paging import Page, PageRequest
from app.records.identifiers import ExactKinds, classify
from app.records.queries import Filter
from app.records.schemas_lists import ListQuery, Paging


def filter_of(asked: ListQuery) -> Filter:
    """Return what narrows the list."""
    return Filter(
        is_active=asked.is_active,
        email_verified=asked.email_verified,
        mobile_verified=asked.mobile_verified,
        deleted=asked.deleted,
        created_from=asked.created_from,
        created_before=asked.created_to,
    )


def page_request(asked: Paging, *, default_size: int, descending: bool = True, listing: str = "") -> PageRequest:
    """Return which part of the list is asked for."""
    return PageRequest(
        size=asked.page_size or default_size,
        page=asked.page or 1,
        cursor=asked.cursor,
        descending=descending,
        listing=listing,
    )


def record_page(asked: ListQuery, *, default_size: int) -> PageRequest:
    """Return which part of a list of records is asked for; its cursor is good for the same filters and order only."""
    listing = name_listing(asked)
    return page_request(asked, default_size=default_size, descending=asked.descending, listing=listing)


def name_listing(asked: Paging) -> str:
    """Name a list by its filters and order, which a cursor of it has to share."""
    return encode(asked.model_dump(exclude={"page", "page_size", "cursor"})).decode()


def exact_kinds(text: str, *, numbers: bool) -> ExactKinds:
    """Return the whole values a search text could be: a reference always, numbers only where they may be searched."""
    found = classify(text)
    return found if numbers else ExactKinds(reference=found.reference)


def link_header(path: str, parameters: Iterable[tuple[str, str]], page: Page[Any]) -> str | None:
    """Return the Link header (RFC 8288) of a page: first, prev, next, last by number, or next by cursor."""
    kept = [(name, value) for name, value in parameters if name not in ("page", "cursor")]
    links: dict[str, tuple[str, str]] = {}
    if page.page is None:
        if page.next_cursor:
            links["next"] = ("cursor", page.next_cursor)
    else:
        links = _numbered(page.page, max(1, page.total_pages))
    shown = [f'<{path}?{urlencode([*kept, target])}>; rel="{name}"' for name, target in links.items()]
    return ", ".join(shown) or None


def _numbered(number: int, last: int) -> dict[str, tuple[str, str]]:
    links = {"first": ("page", "1")}
    if number > 1:
        links["prev"] = ("page", str(min(number - 1, last)))
    if number < last:
        links["next"] = ("page", str(number + 1))
    return links | {"last": ("page", str(last))}

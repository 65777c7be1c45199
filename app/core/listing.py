"""From the parameters of a list to the part of it that is asked for, and back to links."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from app.core.doors import encode, reply
from app.core.list_queries import Paging
from app.core.paging import Page, PageRequest
from app.core.settings import settings


def page_request(asked: Paging, *, descending: bool = True, listing: str = "") -> PageRequest:
    """Return which part of the list is asked for; how much of it the setting says where nobody does."""
    return PageRequest(
        size=asked.page_size or settings().default_page_size,
        page=asked.page or 1,
        cursor=asked.cursor,
        descending=descending,
        listing=listing,
    )


def name_listing(asked: Paging) -> str:
    """Name a list by its filters and order, which a cursor of it has to share."""
    return encode(asked.model_dump(exclude={"page", "page_size", "cursor"})).decode()


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


def reply_page(page: Page[Any]) -> Response:
    """Answer a page of a list, with the links to its neighbours where the list was asked for by its address."""
    link = link_header(request.path, request.args.items(multi=True), page) if request.method != "POST" else None
    return reply(page.as_dict(), headers={"Link": link} if link else None)

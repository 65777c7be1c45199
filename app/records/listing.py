"""From the parameters of a list of records to what the queries take."""

from app.core.listing import name_listing, page_request
from app.core.paging import PageRequest
from app.records.identifiers import ExactKinds, classify
from app.records.queries_lists import Filter
from app.records.schemas_lists import ListQuery


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


def record_page(asked: ListQuery) -> PageRequest:
    """Return which part of a list of records is asked for; its cursor is good for the same filters and order only."""
    listing = name_listing(asked)
    return page_request(asked, descending=asked.descending, listing=listing)


def exact_kinds(text: str, *, numbers: bool) -> ExactKinds:
    """Return the whole values a search text could be: a reference always, numbers only where they may be searched."""
    found = classify(text)
    return found if numbers else ExactKinds(reference=found.reference)

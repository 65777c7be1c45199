"""The parameters of lists and searches, in a query string and in a body alike."""

from datetime import UTC, date, datetime
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel, ValidationError

from app.core.checks import Checks
from app.core.fields import field_errors
from app.core.transport import from_text
from app.records.schemas_lists import BrowseQuery, ListQuery, RecordQuery, SearchBody, SearchQuery

T = TypeVar("T", bound=BaseModel)
CHECKS = Checks(date(2026, 11, 20))


def read(schema: type[T], **given: Any) -> T:
    return schema.model_validate(given, context=CHECKS)


def refused(schema: type[BaseModel], **given: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as error:
        schema.model_validate(given, context=CHECKS)
    return {one.field: one.code for one in field_errors(error.value, schema, given)}


def test_a_list_asks_for_the_newest_live_records_unless_said_otherwise() -> None:
    query = read(ListQuery)
    assert (query.sort_by, query.descending, query.deleted, query.wants_deleted) == (
        "created_at",
        True,
        "exclude",
        False,
    )
    assert (query.page, query.page_size, query.cursor) == (None, None, None)


@pytest.mark.parametrize("name", ["created_at", "name", "email", "updated_at"])
def test_a_list_sorts_both_ways(name: str) -> None:
    assert (read(ListQuery, sort=name).sort_by, read(ListQuery, sort=name).descending) == (name, False)
    assert (read(ListQuery, sort=f"-{name}").sort_by, read(ListQuery, sort=f"-{name}").descending) == (name, True)


@pytest.mark.parametrize("schema", [ListQuery, BrowseQuery])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("page", value) for value in (0, -1, 2**53, 10**30, "1", "x", 1.0, True, [1])),
        *(("page_size", value) for value in (0, 101, "10", 10.5, False)),
        *(("sort", value) for value in ("age", "--name", "NAME", 5, "aadhaar")),
        *(("deleted", value) for value in ("yes", "Only", True)),
        *((flag, value) for flag in ("is_active", "email_verified", "mobile_verified") for value in ("1", "TRUE", 0)),
        *(("cursor", value) for value in (5, "\ud800", "é")),
        ("created_from", "20261120"),
        ("created_from", "2026-11-20T09:30:00"),
        ("created_from", "2026-11-20 09:30:00Z"),
        ("created_from", "2026-11-20T09:30:00 05:30"),
        ("created_from", "2026-11-20T09:30:60Z"),
        ("created_from", "2026-13-20"),
        ("created_from", "0000-01-01"),
        ("created_from", "0001-01-01"),
        ("created_from", "२०२६-११-२०"),
        ("created_from", 0),
        ("created_to", "9999-12-31"),
        ("created_to", "0001-01-01T00:00:00+05:30"),
    ],
)
def test_a_parameter_out_of_its_range_is_named(schema: type[BaseModel], name: str, value: object) -> None:
    assert refused(schema, **{name: value}) == {name: "INVALID"}


@pytest.mark.parametrize("schema", [ListQuery, BrowseQuery])
@pytest.mark.parametrize(
    "name",
    ["page", "page_size", "cursor", "sort", "deleted", "is_active", "email_verified", "created_from", "created_to"],
)
def test_an_empty_parameter_is_none_at_all(schema: type[BaseModel], name: str) -> None:
    assert refused(schema, **{name: ""}) == {name: "REQUIRED"}


def test_a_page_number_and_a_cursor_exclude_each_other() -> None:
    assert refused(ListQuery, page=1, cursor="abc") == {"cursor": "INVALID"}
    assert read(ListQuery, page_size=5, cursor="abc").cursor == "abc"


def test_unknown_parameters_are_named() -> None:
    assert refused(ListQuery, limit=5, q="x") == {"limit": "UNKNOWN_FIELD", "q": "UNKNOWN_FIELD"}


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2026-11-20", datetime(2026, 11, 19, 18, 30, tzinfo=UTC), datetime(2026, 11, 20, 18, 30, tzinfo=UTC)),
        ("2026-11-20T09:30:00Z", *[datetime(2026, 11, 20, 9, 30, tzinfo=UTC)] * 2),
        ("2026-11-20t09:30:00z", *[datetime(2026, 11, 20, 9, 30, tzinfo=UTC)] * 2),
        ("2026-11-20T09:30:00+05:30", *[datetime(2026, 11, 20, 4, 0, tzinfo=UTC)] * 2),
        ("2026-11-20T09:30:00.5Z", *[datetime(2026, 11, 20, 9, 30, 0, 500_000, tzinfo=UTC)] * 2),
        ("2026-11-20T09:30:00.123456789Z", *[datetime(2026, 11, 20, 9, 30, 0, 123_456, tzinfo=UTC)] * 2),
    ],
)
def test_a_day_is_that_day_in_the_office_and_a_moment_is_a_moment(text: str, first: datetime, after: datetime) -> None:
    query = read(ListQuery, created_from=text, created_to=text)
    assert (query.created_from, query.created_to) == (first, after)


@pytest.mark.parametrize("schema", [SearchQuery, SearchBody])
@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("", "REQUIRED"),
        ("  ", "REQUIRED"),
        (" a ", "TOO_SHORT"),
        ("x" * 101, "TOO_LONG"),
        (55, "INVALID"),
        ("a\x00b", "INVALID"),
    ],
)
def test_a_search_text_has_two_to_a_hundred_characters(schema: type[BaseModel], q: object, code: str) -> None:
    assert refused(schema, q=q) == {"q": code}


def test_a_search_needs_a_text_and_trims_it() -> None:
    assert refused(SearchQuery) == {"q": "REQUIRED"}
    assert read(SearchQuery, q=" ravi ").q == "ravi"
    assert read(SearchBody, q="%_").q == "%_"


def test_the_list_page_may_search_or_not() -> None:
    assert read(BrowseQuery).q is None
    assert read(BrowseQuery, q="ravi").q == "ravi"


def test_a_record_is_read_with_deleted_ones_when_asked() -> None:
    assert read(RecordQuery).deleted == "exclude"
    assert read(RecordQuery, deleted="include").deleted == "include"
    assert refused(RecordQuery, page=1) == {"page": "UNKNOWN_FIELD"}


def test_a_query_string_meets_the_same_schema_as_a_body() -> None:
    typed = from_text(ListQuery, {"page": "2", "page_size": "20", "is_active": "true", "deleted": "only"})
    query = read(ListQuery, **typed)
    assert (query.page, query.page_size, query.is_active, query.wants_deleted) == (2, 20, True, True)


def test_null_in_a_search_body_is_as_good_as_absent() -> None:
    body = read(SearchBody, q="ravi", page=None, cursor=None, is_active=None, created_from=None)
    assert body.model_dump(exclude_none=True) == {"q": "ravi", "sort": "-created_at", "deleted": "exclude"}

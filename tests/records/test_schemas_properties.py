"""Whatever comes in, a schema answers with data or with field errors: it never breaks, and never tells what it saw."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.core.checks import Checks
from app.core.fields import field_errors
from app.records.field_types import Input
from app.records.people import generate_people
from app.records.schemas import (
    CHANGEABLE,
    FIXED,
    BatchInput,
    DeleteInput,
    RecordChanges,
    RecordInput,
    RestoreInput,
    RevealInput,
)
from app.records.schemas_lists import BrowseQuery, ListQuery, SearchBody
from tests.records.schema_checks import LAPTOP, STRICT, TODAY

SCHEMAS = (
    RecordInput,
    RecordChanges,
    DeleteInput,
    RestoreInput,
    RevealInput,
    BatchInput,
    ListQuery,
    SearchBody,
    BrowseQuery,
)
CODES = {
    *("REQUIRED", "INVALID", "TOO_SHORT", "TOO_LONG", "UNDERAGE", "CHECKSUM", "SAME_AS_PRIMARY"),
    *("IMMUTABLE_FIELD", "UNKNOWN_FIELD"),
}
SECRET = "Qz7~canary"

quick = settings(database=None, deadline=None, max_examples=100)
_text = st.text(st.characters(exclude_categories=()), max_size=30)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.__name__)
def test_arbitrary_json_gives_data_or_field_errors(schema: type[Input]) -> None:
    names = st.sampled_from(sorted(schema.model_fields)) | _text

    @quick
    @given(st.dictionaries(names, _json, max_size=8))
    def answer(body: dict[str, Any]) -> None:
        for checks in (LAPTOP, STRICT):
            refused = _refusal(schema, body, checks)
            assert refused is None or {error.code for error in field_errors(refused, schema, body)} <= CODES

    answer()


@quick
@given(st.sampled_from([*CHANGEABLE, *FIXED]), _text, _text)
def test_no_error_tells_what_was_typed(field: str, before: str, after: str) -> None:
    body = {**next(generate_people(1, 1, TODAY)), field: f"{before}{SECRET}{after}"}
    refused = _refusal(RecordInput, body, STRICT)
    errors = field_errors(refused, RecordInput, body) if refused else []
    assert [error.field for error in errors] in ([], [field])
    assert SECRET not in f"{refused}{refused!r}{errors}"
    assert not any(value in str(errors) for value in body.values() if isinstance(value, str) and len(value) > 9)


@quick
@given(st.sampled_from(["name", "place_of_birth", "current_address", "email"]), _text)
def test_what_was_stored_is_taken_again_unchanged(field: str, text: str) -> None:
    body = {**next(generate_people(1, 1, TODAY)), field: text}
    try:
        stored = RecordInput.model_validate(body, context=STRICT).values()
    except ValidationError:
        return
    stored["date_of_birth"] = stored["date_of_birth"].isoformat()
    again = RecordInput.model_validate(stored, context=STRICT).values()
    assert again[field] == stored[field]


def _refusal(schema: type[Input], body: dict[str, Any], checks: Checks) -> ValidationError | None:
    try:
        schema.model_validate(body, context=checks)
    except ValidationError as refused:
        return refused
    return None

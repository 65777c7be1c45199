"""What comes in to delete, restore, reveal and create in batches."""

from typing import Any

import pytest

from app.records.field_types import Input
from app.records.schemas import BatchInput, DeleteInput, RecordChanges, RecordInput, RestoreInput, RevealInput
from tests.records.schema_checks import STRICT, codes, person, refused


@pytest.mark.parametrize("schema", [RecordChanges, DeleteInput, RestoreInput])
@pytest.mark.parametrize(
    ("version", "code"), [(5, "INVALID"), (["x"], "INVALID"), (True, "INVALID"), (None, "REQUIRED")]
)
def test_a_version_that_is_no_text_is_refused(schema: type[Input], version: object, code: str) -> None:
    assert codes(schema, {"version": version}) == {"version": code}


@pytest.mark.parametrize("schema", [RecordChanges, DeleteInput, RestoreInput])
@pytest.mark.parametrize("version", ["", " old ", "\ud800", "x" * 9000], ids=["empty", "blanks", "half", "long"])
def test_a_version_that_is_text_is_kept_as_it_came(schema: type[Any], version: str) -> None:
    assert schema.model_validate({"version": version}, context=STRICT).version == version


@pytest.mark.parametrize(
    ("reason", "code"),
    [("abcd", "TOO_SHORT"), ("x" * 501, "TOO_LONG"), (5, "INVALID"), ("abcd\x00e", "INVALID"), ("", "REQUIRED")],
)
def test_a_reason_has_five_to_five_hundred_characters(reason: object, code: str) -> None:
    assert codes(DeleteInput, {"reason": reason}) == {"reason": code}
    assert codes(RevealInput, {"reason": reason, "fields": ["pan"]}) == {"reason": code}


def test_a_deletion_needs_no_reason() -> None:
    data = DeleteInput.model_validate({}, context=STRICT)
    assert (data.reason, data.version) == (None, None)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ([], "REQUIRED"),
        (None, "REQUIRED"),
        ("aadhaar", "INVALID"),
        (["name"], "INVALID"),
        (["aadhaar", 5], "INVALID"),
        ([["pan"]], "INVALID"),
        ({"aadhaar": True}, "INVALID"),
    ],
)
def test_a_reveal_names_aadhaar_or_pan(fields: object, code: str) -> None:
    assert codes(RevealInput, {"fields": fields, "reason": "Lost card"}) == {"fields": code}


def test_a_reveal_names_each_number_once() -> None:
    data = RevealInput.model_validate({"fields": ["pan", "aadhaar", "pan"], "reason": "Lost card"}, context=STRICT)
    assert (data.fields, data.reason) == (["aadhaar", "pan"], "Lost card")


def test_a_reveal_without_a_reason_asks_for_one() -> None:
    assert refused(RevealInput, {"fields": ["pan"]}) == {"reason": ("REQUIRED", "Choose a reason")}


def test_a_batch_keeps_its_items_as_they_came() -> None:
    items = [{"name": 5}, None, "x"]
    assert BatchInput.model_validate({"items": items}, context=STRICT).items == items


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "REQUIRED"),
        ({"items": None}, "REQUIRED"),
        ({"items": []}, "REQUIRED"),
        ({"items": {}}, "INVALID"),
        ({"items": "x"}, "INVALID"),
        ({"items": [{}] * 501}, "TOO_LONG"),
    ],
)
def test_a_batch_has_one_to_five_hundred_items(given: dict[str, Any], code: str) -> None:
    assert codes(BatchInput, given) == {"items": code}


def test_an_idempotency_key_may_stand_in_the_body() -> None:
    for key in ("k-1", None):
        assert RecordInput.model_validate(person(idempotency_key=key), context=STRICT).idempotency_key == key
        assert RestoreInput.model_validate({"idempotency_key": key}, context=STRICT).idempotency_key == key
    assert codes(RecordInput, person(idempotency_key=5)) == {"idempotency_key": "INVALID"}


def test_the_published_schema_of_a_batch_holds_records() -> None:
    items = BatchInput.model_json_schema()["properties"]["items"]
    assert (items["minItems"], items["maxItems"]) == (1, 500)
    record, _anything = items["items"]["anyOf"]
    assert record["properties"]["pan"]["type"] == "string"


def test_what_may_be_left_out_is_published_without_null() -> None:
    properties = DeleteInput.model_json_schema()["properties"]
    assert properties["reason"] == {"maxLength": 500, "minLength": 5, "title": "Reason", "type": "string"}
    assert "default" not in properties["version"]

"""What comes in to create and change a record: every wrong field at once, one error a field."""

from datetime import date

import pytest

from app.records.schemas import CHANGEABLE, FIELD_LIMITS, FIXED, READ_ONLY, RecordChanges, RecordInput
from app.records.schemas_output import RecordOutput
from tests.records.schema_checks import LAPTOP, REQUIRED, STRICT, codes, person, refused


def test_a_record_comes_in_as_it_will_be_stored() -> None:
    given = person(
        name="  Asha Rao ",
        email="Asha.RAO@Example.com",
        primary_mobile="+91 98765-43210",
        secondary_mobile="0 98765 43211",
        aadhaar="2341 2341 2346",
        pan="abcpe1234f",
        date_of_birth="2008-11-20",
        current_address="12, MG Road\r\nPune 411001",
    )
    data = RecordInput.model_validate(given, context=STRICT)
    assert data.values() == {
        **given,
        "name": "Asha Rao",
        "email": "asha.rao@example.com",
        "primary_mobile": "9876543210",
        "secondary_mobile": "9876543211",
        "aadhaar": "234123412346",
        "pan": "ABCPE1234F",
        "date_of_birth": date(2008, 11, 20),
        "current_address": "12, MG Road\nPune 411001",
    }


def test_a_record_is_active_and_has_one_mobile_unless_said_otherwise() -> None:
    given = {name: value for name, value in person().items() if name not in {"secondary_mobile", "is_active"}}
    data = RecordInput.model_validate(given, context=STRICT)
    assert (data.is_active, data.secondary_mobile) == (True, None)
    assert {"secondary_mobile", "is_active"}.isdisjoint(data.submitted_changes())


def test_the_documented_test_identities_pass_on_a_laptop_only() -> None:
    given = person(aadhaar="123456789012", pan="ABCDE1234F")
    data = RecordInput.model_validate(given, context=LAPTOP)
    assert (data.aadhaar, data.pan) == ("123456789012", "ABCDE1234F")
    assert codes(RecordInput, given) == {"aadhaar": "INVALID", "pan": "INVALID"}


def test_every_missing_field_is_named_with_its_own_words() -> None:
    errors = refused(RecordInput, {})
    assert set(errors) == REQUIRED
    assert errors["name"] == ("REQUIRED", "Enter the name")
    assert errors["aadhaar"] == ("REQUIRED", "Enter the Aadhaar")


@pytest.mark.parametrize("blank", [None, "", "   ", "\n\t"], ids=repr)
def test_null_and_blank_are_as_good_as_missing(blank: str | None) -> None:
    given = dict.fromkeys([*CHANGEABLE, *FIXED], blank)
    found = refused(RecordInput, given)
    assert set(found) == REQUIRED | {"is_active"}
    assert {code for code, _ in found.values()} == {"REQUIRED"}
    assert found["pan"] == ("REQUIRED", "Enter the PAN")


@pytest.mark.parametrize("wrong", [5, 5.5, True, [], ["x"], {}, {"a": 1}], ids=repr)
def test_another_json_type_is_refused_at_every_field(wrong: object) -> None:
    given = dict.fromkeys([*CHANGEABLE, *FIXED], wrong)
    expected = dict.fromkeys([*CHANGEABLE, *FIXED], "INVALID")
    if wrong is True:
        del expected["is_active"]
    assert codes(RecordInput, given) == expected


@pytest.mark.parametrize("wrong", ["true", "false", "yes", 0, 1])
def test_a_truth_value_in_json_is_true_or_false(wrong: object) -> None:
    assert refused(RecordInput, person(is_active=wrong)) == {"is_active": ("INVALID", "Must be true or false")}


def test_every_wrong_field_is_named_at_once_and_the_same_mobile_among_them() -> None:
    given = person(
        name="A",
        email="a@b",
        primary_mobile="9876543210",
        secondary_mobile="+919876543210",
        aadhaar="234123412347",
        pan="ABCCE1234F",
        date_of_birth="2008-11-21",
        place_of_birth="x" * 256,
        current_address="short",
        permanent_address="\ud800" * 12,
        is_active=None,
        nickname="x",
    )
    assert codes(RecordInput, given) == {
        "name": "TOO_SHORT",
        "email": "INVALID",
        "secondary_mobile": "SAME_AS_PRIMARY",
        "aadhaar": "CHECKSUM",
        "pan": "INVALID",
        "date_of_birth": "UNDERAGE",
        "place_of_birth": "TOO_LONG",
        "current_address": "TOO_SHORT",
        "permanent_address": "INVALID",
        "is_active": "REQUIRED",
        "nickname": "UNKNOWN_FIELD",
    }


@pytest.mark.parametrize("name", [*READ_ONLY, "password", "idempotency-key"])
def test_a_new_record_takes_no_read_only_and_no_unknown_field(name: str) -> None:
    assert codes(RecordInput, person(**{name: None})) == {name: "UNKNOWN_FIELD"}


@pytest.mark.parametrize("field", ["aadhaar", "pan"])
def test_a_mask_never_comes_back_in(field: str) -> None:
    mask = {"aadhaar": "XXXXXXXX9012", "pan": "XXXXX1234X"}[field]
    assert codes(RecordInput, person(**{field: mask}), LAPTOP) == {field: "INVALID"}


def test_changes_hold_only_what_was_given() -> None:
    changes = RecordChanges.model_validate({"name": " Asha ", "version": "v1"}, context=STRICT)
    assert changes.changes() == {"name": "Asha"}
    assert changes.version == "v1"
    assert RecordChanges.model_validate({}, context=STRICT).changes() == {}


@pytest.mark.parametrize("nothing", [None, "", " "], ids=repr)
def test_the_secondary_mobile_can_be_cleared(nothing: str | None) -> None:
    changes = RecordChanges.model_validate({"secondary_mobile": nothing}, context=STRICT)
    assert changes.changes() == {"secondary_mobile": None}


@pytest.mark.parametrize("blank", [None, "", "  "], ids=repr)
def test_no_other_field_can_be_cleared(blank: str | None) -> None:
    fields = set(CHANGEABLE) - {"secondary_mobile"}
    assert codes(RecordChanges, dict.fromkeys(fields, blank)) == dict.fromkeys(fields, "REQUIRED")


@pytest.mark.parametrize("name", sorted({*FIXED, *READ_ONLY} - {"version"}))
def test_a_fixed_or_read_only_field_in_an_update_is_immutable(name: str) -> None:
    assert codes(RecordChanges, {"name": "Asha", name: None}) == {name: "IMMUTABLE_FIELD"}


def test_an_update_takes_no_unknown_field() -> None:
    assert codes(RecordChanges, {"nickname": "x", "idempotency_key": "k"}) == dict.fromkeys(
        ("nickname", "idempotency_key"), "UNKNOWN_FIELD"
    )


def test_both_mobiles_of_an_update_have_to_differ() -> None:
    given = {"primary_mobile": "9876543210", "secondary_mobile": "9876543210"}
    assert refused(RecordChanges, given) == {
        "secondary_mobile": ("SAME_AS_PRIMARY", "Must differ from the primary mobile")
    }


def test_what_came_in_is_not_shown_when_it_is_printed() -> None:
    given = person()
    shown = repr(RecordInput.model_validate(given, context=STRICT))
    assert not any(value in shown for value in given.values() if isinstance(value, str))
    assert "aadhaar" in shown


def test_a_schema_is_never_used_without_its_moment() -> None:
    with pytest.raises(TypeError):
        RecordInput.model_validate(person())


def test_every_field_of_a_form_has_its_limits_from_the_rules() -> None:
    assert {*CHANGEABLE, *FIXED} - {"is_active"} <= set(FIELD_LIMITS)
    assert (FIELD_LIMITS["name"].min_length, FIELD_LIMITS["name"].max_length) == (2, 255)
    assert (FIELD_LIMITS["current_address"].min_length, FIELD_LIMITS["current_address"].max_length) == (10, 1000)
    assert not FIELD_LIMITS["secondary_mobile"].required


def test_the_published_schemas_name_every_field_and_no_default_that_is_none() -> None:
    changes = RecordChanges.model_json_schema()["properties"]
    assert changes["name"] == {"maxLength": 255, "minLength": 2, "title": "Name", "type": "string"}
    assert set(RecordInput.model_json_schema()["required"]) == REQUIRED
    assert set(RecordOutput.model_fields) == {*CHANGEABLE, *FIXED, *READ_ONLY}

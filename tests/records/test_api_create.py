"""POST /users/: what a create answers, what it refuses, and when it brings somebody back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from app.extensions import db
from tests.browsing import JsonClient
from tests.factories import aadhaar, pan, record_input
from tests.records.partner import codes, count, key_with

Api = Callable[..., JsonClient]

WRITABLE = ("name", "email", "primary_mobile", "date_of_birth", "place_of_birth", "current_address")


def test_a_create_answers_the_whole_record_with_masked_numbers(api: Api) -> None:
    given = record_input(name="  Asha   Verma ", email="Asha@Example.COM", secondary_mobile="+91 98765-43210")
    editor = api("editor")
    answer = editor.post("/users/", json=given)
    assert answer.status_code == 201
    record = answer.get_json()
    assert record["name"] == "Asha   Verma"
    assert record["email"] == "asha@example.com"
    assert record["secondary_mobile"] == "9876543210"
    assert record["aadhaar"] == "XXXXXXXX" + given["aadhaar"][-4:]
    assert record["pan"] == f"XXXXX{given['pan'][5:9]}X"
    assert record["is_active"] is True
    assert record["is_deleted"] is False
    assert record["email_verified"] is record["mobile_verified"] is False
    assert record["created_by"] == record["updated_by"] == str(editor.account and editor.account.id)
    assert record["deleted_at"] is record["deleted_by"] is record["last_login_at"] is None
    assert "restored" not in record
    assert UUID(record["id"]).version == 7


def test_a_create_says_where_the_record_is_and_which_version_it_has(api: Api) -> None:
    answer = api().post("/users", json=record_input())
    assert answer.headers["Location"] == f"/api/v1/users/{answer.json['id']}"
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_a_create_is_one_entry_and_one_event_of_ids_and_names_only(api: Api, app: Flask) -> None:
    record = api().post("/users/", json=record_input()).json
    with app.app_context():
        event = db.session.execute(text("SELECT type, data FROM outbox WHERE type LIKE 'record.%'")).one()
    assert event.type == "record.created"
    assert event.data.replace(" ", "") == f'{{"version":"{record["version"]}"}}'
    assert count(app, "audit_entries WHERE action = 'record.created'") == 1


def test_every_bad_field_is_named_at_once(api: Api) -> None:
    answer = api().post(
        "/users/",
        json={
            "name": "A",
            "email": "nobody",
            "primary_mobile": "12345",
            "secondary_mobile": 9876543210,
            "aadhaar": "234123412345",
            "pan": "ABCCE1234F",
            "date_of_birth": "2020-01-01",
            "current_address": "short",
            "is_active": "true",
            "id": "x",
            "nickname": "Ash",
        },
    )
    assert answer.status_code == 422
    assert answer.json["code"] == "VALIDATION_ERROR"
    assert codes(answer) == {
        "name": "TOO_SHORT",
        "email": "INVALID",
        "primary_mobile": "TOO_SHORT",
        "secondary_mobile": "INVALID",
        "aadhaar": "CHECKSUM",
        "pan": "INVALID",
        "date_of_birth": "UNDERAGE",
        "place_of_birth": "REQUIRED",
        "current_address": "TOO_SHORT",
        "permanent_address": "REQUIRED",
        "is_active": "INVALID",
        "id": "UNKNOWN_FIELD",
        "nickname": "UNKNOWN_FIELD",
    }


@pytest.mark.parametrize("field", ["version", "reference", "created_at", "email_verified", "is_deleted", "deleted_by"])
def test_a_read_only_field_on_create_is_unknown(api: Api, field: str) -> None:
    answer = api().post("/users/", json=record_input(**{field: None}))
    assert (answer.status_code, codes(answer)) == (422, {field: "UNKNOWN_FIELD"})


@pytest.mark.parametrize("value", [None, "", "  "])
@pytest.mark.parametrize("field", WRITABLE)
def test_a_field_that_is_null_empty_or_blank_is_required(api: Api, field: str, value: str | None) -> None:
    answer = api().post("/users/", json=record_input(**{field: value}))
    assert (answer.status_code, codes(answer)) == (422, {field: "REQUIRED"})


def test_a_mask_never_comes_back_in(api: Api) -> None:
    answer = api().post("/users/", json=record_input(aadhaar="XXXXXXXX9012", pan="XXXXX1234X"))
    assert codes(answer) == {"aadhaar": "INVALID", "pan": "INVALID"}


def test_a_secondary_mobile_differs_from_the_primary(api: Api) -> None:
    answer = api().post("/users/", json=record_input(primary_mobile="9876543210", secondary_mobile="+91 9876543210"))
    assert codes(answer) == {"secondary_mobile": "SAME_AS_PRIMARY"}


def test_a_secondary_mobile_may_be_anybodys(api: Api) -> None:
    editor = api()
    first = editor.post("/users/", json=record_input(secondary_mobile="9876543210")).json
    for other in ("9876543210", first["primary_mobile"]):
        assert editor.post("/users/", json=record_input(secondary_mobile=other)).status_code == 201


def test_a_problem_never_repeats_what_was_sent(api: Api) -> None:
    given = record_input(aadhaar="234123412345", email="not-an-email-of-asha", pan="ABCCE1234F")
    answer = api().post("/users/", json=given)
    assert not [value for value in given.values() if isinstance(value, str) and len(value) > 4 and value in answer.text]


def test_every_taken_field_is_named_in_order(api: Api) -> None:
    editor = api()
    given = record_input()
    editor.post("/users/", json=given)
    answer = editor.post("/users/", json={**given, "email": given["email"].upper(), "name": "Somebody Else"})
    assert answer.status_code == 409
    assert answer.json["code"] == "DUPLICATE_EMAIL"
    assert [(error["field"], error["code"]) for error in answer.json["errors"]] == [
        ("email", "DUPLICATE_EMAIL"),
        ("primary_mobile", "DUPLICATE_MOBILE"),
        ("aadhaar", "DUPLICATE_AADHAAR"),
        ("pan", "DUPLICATE_PAN"),
    ]
    assert not any("deleted_record" in error for error in answer.json["errors"])


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("email", "DUPLICATE_EMAIL"),
        ("primary_mobile", "DUPLICATE_MOBILE"),
        ("aadhaar", "DUPLICATE_AADHAAR"),
        ("pan", "DUPLICATE_PAN"),
    ],
)
def test_one_taken_field_is_refused_with_its_own_code_and_leaves_nothing(
    api: Api, app: Flask, field: str, code: str
) -> None:
    editor = api()
    given = record_input()
    editor.post("/users/", json=given)
    before = [count(app, table) for table in ("user_records", "identity_vault", "record_suffixes", "outbox")]
    answer = editor.post("/users/", json=record_input(**{field: given[field]}))
    assert (answer.status_code, answer.json["code"], codes(answer)) == (409, code, {field: code})
    assert [count(app, table) for table in ("user_records", "identity_vault", "record_suffixes", "outbox")] == before


def test_a_409_does_not_say_whose_record_it_is(api: Api) -> None:
    editor = api()
    first = editor.post("/users/", json=record_input()).json
    answer = editor.post("/users/", json=record_input(email=first["email"]))
    assert first["id"] not in answer.text
    assert first["email"] not in answer.text
    assert first["reference"] not in answer.text


def test_test_identities_pass_where_they_are_allowed(api: Api) -> None:
    assert api().post("/users/", json=record_input(aadhaar="123456789012", pan="ABCDE1234F")).status_code == 201


@pytest.fixture
def deleted(api: Api) -> tuple[dict[str, Any], dict[str, Any]]:
    """Save a record and delete it; return what it was made from and how it was."""
    given = record_input(secondary_mobile="9123456780", is_active=False)
    editor = api("editor")
    record = editor.post("/users/", json=given).get_json()
    assert editor.delete(f"/users/{record['id']}").status_code == 200
    return given, record


def test_the_same_person_comes_back_as_the_same_record(
    api: Api, app: Flask, deleted: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    given, record = deleted
    again = {name: value for name, value in given.items() if name not in ("is_active", "secondary_mobile")}
    answer = api("editor").post("/users/", json={**again, "name": "Asha Rao", "place_of_birth": "Elsewhere"})
    assert answer.status_code == 201
    assert answer.json["restored"] is True
    assert (answer.json["id"], answer.json["reference"]) == (record["id"], record["reference"])
    assert answer.json["version"] != record["version"]
    assert answer.json["name"] == "Asha Rao"
    assert answer.json["place_of_birth"] == record["place_of_birth"]
    assert answer.json["secondary_mobile"] == "9123456780"
    assert answer.json["is_active"] is False
    assert answer.json["is_deleted"] is False
    assert answer.json["deleted_at"] is answer.json["deleted_by"] is None
    assert answer.headers["Location"] == f"/api/v1/users/{record['id']}"
    assert count(app, "outbox WHERE type = 'record.restored'") == 1
    assert count(app, "audit_entries WHERE action = 'record.restored'") == 1
    assert count(app, "audit_entries WHERE action = 'record.created'") == 1


def test_a_restored_record_takes_over_a_submitted_status(
    api: Api, deleted: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    given, _ = deleted
    assert api("editor").post("/users/", json={**given, "is_active": True}).json["is_active"] is True


@pytest.mark.parametrize("field", ["aadhaar", "pan", "date_of_birth"])
def test_nobody_comes_back_unless_all_three_identifiers_match(
    api: Api, deleted: tuple[dict[str, Any], dict[str, Any]], field: str
) -> None:
    given, record = deleted
    other = {"aadhaar": aadhaar(999_000_111), "pan": pan(9_990_001), "date_of_birth": "1988-04-18"}[field]
    answer = api("editor").post("/users/", json={**given, field: other})
    assert answer.status_code == 409
    taken = {"aadhaar", "pan"} - {field}
    assert {error["field"] for error in answer.json["errors"]} == taken
    assert all(error["deleted_record"] == record["id"] for error in answer.json["errors"])


def test_aadhaar_of_one_deleted_record_and_pan_of_another_bring_nobody_back(api: Api) -> None:
    editor = api("editor")
    people = [record_input(), record_input()]
    ids = [editor.post("/users/", json=person).json["id"] for person in people]
    for one in ids:
        editor.delete(f"/users/{one}")
    answer = editor.post("/users/", json=record_input(aadhaar=people[0]["aadhaar"], pan=people[1]["pan"]))
    assert answer.status_code == 409
    assert [error["deleted_record"] for error in answer.json["errors"]] == ids


def test_who_may_not_restore_gets_the_plain_409(
    api: Api, app: Flask, deleted: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    given, record = deleted
    writer = key_with(app, "records:read", "records:write")
    answer = writer.post("/users/", json=given)
    assert answer.status_code == 409
    assert answer.json["code"] == "DUPLICATE_AADHAAR"
    assert "deleted" not in answer.text
    assert record["id"] not in answer.text


def test_a_live_clash_keeps_the_person_deleted(api: Api, deleted: tuple[dict[str, Any], dict[str, Any]]) -> None:
    given, record = deleted
    editor = api("editor")
    assert editor.post("/users/", json=record_input(email=given["email"])).status_code == 201
    answer = editor.post("/users/", json=given)
    assert (answer.status_code, codes(answer)) == (409, {"email": "DUPLICATE_EMAIL"})
    assert editor.get(f"/users/{record['id']}").status_code == 404

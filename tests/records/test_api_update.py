"""PUT and PATCH /users/{id}: partial, versioned, and never a lost update."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from tests.browsing import JsonClient
from tests.factories import MadeRecord, record_input
from tests.records.partner import codes, count, execute

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_update_changes_what_is_named_and_leaves_the_rest(api: Api, make_record: Make, method: str) -> None:
    made, editor = make_record(), api("editor")
    answer = editor.request(method, f"/users/{made.id}", json={"name": "Asha Rao", "version": str(made.version)})
    assert answer.status_code == 200
    assert answer.json["name"] == "Asha Rao"
    assert answer.json["email"] == made.values["email"]
    assert answer.json["version"] != str(made.version)
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    assert answer.json["updated_by"] == str(editor.account and editor.account.id)
    assert editor.get(f"/users/{made.id}").json == answer.json


def test_patch_also_takes_a_merge_patch(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    headers = {"Content-Type": "application/merge-patch+json"}
    assert editor.patch(f"/users/{made.id}", data=b'{"name": "Asha Rao"}', headers=headers).status_code == 200
    assert editor.put(f"/users/{made.id}", data=b'{"name": "Asha Das"}', headers=headers).status_code == 415


@pytest.mark.parametrize("change", [{}, {"name": "Asha Verma"}, {"email": "SAME"}, {"secondary_mobile": ""}])
def test_an_update_that_changes_nothing_leaves_no_trace(
    api: Api, make_record: Make, app: Flask, change: dict[str, Any]
) -> None:
    made, editor = make_record(), api("editor")
    if "email" in change:
        change = {"email": made.values["email"].upper()}
    answer = editor.patch(f"/users/{made.id}", json=change)
    assert (answer.status_code, answer.json["version"]) == (200, str(made.version))
    assert count(app, "audit_entries WHERE action = 'record.updated'") == 0
    assert count(app, "outbox WHERE type = 'record.updated'") == 0


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_null_or_blank_clears_the_secondary_mobile(api: Api, make_record: Make, nothing: str | None) -> None:
    made = make_record(secondary_mobile="9123456780")
    assert api().patch(f"/users/{made.id}", json={"secondary_mobile": nothing}).json["secondary_mobile"] is None


@pytest.mark.parametrize(
    "field", ["name", "email", "primary_mobile", "current_address", "permanent_address", "is_active"]
)
def test_no_other_field_can_be_cleared(api: Api, make_record: Make, field: str) -> None:
    answer = api().patch(f"/users/{make_record().id}", json={field: None})
    assert (answer.status_code, codes(answer)) == (422, {field: "REQUIRED"})


@pytest.mark.parametrize(
    "field",
    ["aadhaar", "pan", "date_of_birth", "place_of_birth", "id", "reference", "email_verified", "mobile_verified",
     "created_at", "updated_at", "created_by", "updated_by", "is_deleted", "deleted_at", "deleted_by", "last_login_at"],
)  # fmt: skip
def test_what_never_changes_is_refused_even_with_the_same_value(api: Api, make_record: Make, field: str) -> None:
    made, editor = make_record(), api("editor")
    same = made.values.get(field, editor.get(f"/users/{made.id}").json[field])
    answer = editor.patch(f"/users/{made.id}", json={field: same})
    assert (answer.status_code, codes(answer)) == (422, {field: "IMMUTABLE_FIELD"})


def test_every_bad_field_of_an_update_is_named_at_once(api: Api, make_record: Make) -> None:
    change = {"name": "A", "email": "x", "primary_mobile": "5555555555", "pan": "x", "foo": 1, "version": 7}
    answer = api().patch(f"/users/{make_record().id}", json=change)
    assert codes(answer) == {
        "name": "TOO_SHORT", "email": "INVALID", "primary_mobile": "INVALID", "pan": "IMMUTABLE_FIELD",
        "foo": "UNKNOWN_FIELD", "version": "INVALID",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"secondary_mobile": "9123456789"}, "secondary_mobile"),
        ({"primary_mobile": "9123456780"}, "secondary_mobile"),
        ({"primary_mobile": "9000000009", "secondary_mobile": "9000000009"}, "secondary_mobile"),
    ],
)
def test_the_two_mobiles_differ_after_an_update(
    api: Api, make_record: Make, change: dict[str, str], field: str
) -> None:
    made = make_record(primary_mobile="9123456789", secondary_mobile="9123456780")
    answer = api().patch(f"/users/{made.id}", json=change)
    assert (answer.status_code, codes(answer)) == (422, {field: "SAME_AS_PRIMARY"})


def test_the_two_mobiles_may_change_places(api: Api, make_record: Make) -> None:
    made = make_record(primary_mobile="9123456789", secondary_mobile="9123456780")
    swapped = {"primary_mobile": "9123456780", "secondary_mobile": "9123456789"}
    assert api().patch(f"/users/{made.id}", json=swapped).status_code == 200


def test_a_new_email_or_mobile_is_not_verified_any_more(api: Api, make_record: Make, app: Flask) -> None:
    made, editor = make_record(), api("editor")
    execute(app, "UPDATE user_records SET email_verified = 1, mobile_verified = 1")
    assert editor.patch(f"/users/{made.id}", json={"name": "Asha Rao"}).json["email_verified"] is True
    answer = editor.patch(f"/users/{made.id}", json={"email": "new@example.com"})
    assert (answer.json["email_verified"], answer.json["mobile_verified"]) == (False, True)
    answer = editor.patch(f"/users/{made.id}", json={"primary_mobile": "9000000001"})
    assert answer.json["mobile_verified"] is False
    changes = api("supervisor").get(f"/users/{made.id}/history").json["data"][0]["changes"]
    assert {change["field"] for change in changes} == {"primary_mobile", "mobile_verified"}


@pytest.mark.parametrize(("field", "code"), [("email", "DUPLICATE_EMAIL"), ("primary_mobile", "DUPLICATE_MOBILE")])
def test_a_taken_value_is_refused(api: Api, make_record: Make, field: str, code: str) -> None:
    first, second, editor = make_record(), make_record(), api("editor")
    answer = editor.patch(f"/users/{second.id}", json={field: first.values[field], "name": "Asha Rao"})
    assert (answer.status_code, answer.json["code"], codes(answer)) == (409, code, {field: code})
    assert editor.get(f"/users/{second.id}").json["version"] == str(second.version)


def test_a_stale_version_in_the_body_is_409_and_in_the_header_412(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    now = editor.patch(f"/users/{made.id}", json={"name": "Asha Rao", "is_active": False}).json["version"]
    by_body = editor.patch(f"/users/{made.id}", json={"name": "Asha Das", "version": str(made.version)})
    by_header = editor.patch(f"/users/{made.id}", json={"name": "Asha Das"}, headers={"If-Match": f'"{made.version}"'})
    assert (by_body.status_code, by_header.status_code) == (409, 412)
    for answer in (by_body, by_header):
        assert answer.json["code"] == "VERSION_CONFLICT"
        assert answer.json["current_version"] == now
        assert answer.json["changed_fields"] == ["is_active", "name"]
        assert answer.json["status"] == answer.status_code


def test_the_header_is_judged_first(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    stale, good = str(uuid4()), str(made.version)
    for header, body, status in ((stale, good, 412), (good, stale, 409), (stale, stale, 412), (good, good, 200)):
        answer = editor.patch(
            f"/users/{made.id}", json={"version": body, "is_active": True}, headers={"If-Match": f'"{header}"'}
        )
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ('"{tag}"', 200), ("*", 200), ('"x", "{tag}"', 200), ('"{tag}","x"', 200), ('W/"x", "{tag}"', 200),
        ('"a b" ,\t"{tag}"', 200), ('W/"{tag}"', 412), ("{tag}", 412), ('"x"', 412), ('"*"', 412), ("", 412),
        ('"{tag}', 412), ('"x" "{tag}', 412), ('w/"{tag}"', 412), ('"{TAG}"', 412), ('W/"a", W/"{tag}"', 412),
    ],
)  # fmt: skip
def test_if_match_takes_strong_quoted_tags(api: Api, make_record: Make, header: str, status: int) -> None:
    made = make_record()
    header = header.format(tag=made.version, TAG=str(made.version).upper())
    answer = api().patch(f"/users/{made.id}", json={"name": "Asha Rao"}, headers={"If-Match": header})
    assert answer.status_code == status


@pytest.mark.parametrize("version", ["", "stale", "0193a1f0-0000-7000-8000-000000000001"])
def test_a_version_that_never_was_one_changes_nothing_and_names_no_fields(
    api: Api, make_record: Make, version: str
) -> None:
    answer = api().patch(f"/users/{make_record().id}", json={"version": version})
    assert (answer.status_code, answer.json["changed_fields"]) == (409, None)


def test_a_field_that_changed_there_and_back_did_not_change(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    for name in ("Asha Rao", "Asha Verma"):
        editor.patch(f"/users/{made.id}", json={"name": name})
    editor.patch(f"/users/{made.id}", json={"current_address": "22, Lake Road, Nagpur"})
    answer = editor.patch(f"/users/{made.id}", json={"version": str(made.version)})
    assert answer.json["changed_fields"] == ["current_address"]


def test_the_version_of_another_record_is_no_version_of_this_one(api: Api, make_record: Make) -> None:
    made, other = make_record(), make_record()
    answer = api().patch(f"/users/{made.id}", json={"version": str(other.version)})
    assert (answer.status_code, answer.json["changed_fields"]) == (409, None)


def test_a_conflict_is_told_before_bad_input_and_before_duplicates(api: Api, make_record: Make) -> None:
    made, other, editor = make_record(), make_record(), api("editor")
    for change in ({"name": ""}, {"email": other.values["email"]}, {"foo": 1}):
        answer = editor.patch(f"/users/{made.id}", json={**change, "version": str(uuid4())})
        assert (answer.status_code, answer.json["code"]) == (409, "VERSION_CONFLICT")


def test_a_deleted_or_unknown_record_is_404_before_everything_else(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    editor.delete(f"/users/{made.id}")
    for record_id in (made.id, uuid4(), "nonsense"):
        answer = editor.patch(f"/users/{record_id}", json={"name": "", "foo": 1}, headers={"If-Match": '"x"'})
        assert (answer.status_code, answer.json["code"]) == (404, "USER_NOT_FOUND")


def test_a_server_may_ask_for_the_version(make_app: Callable[..., Flask], make_record: Make, api: Api) -> None:
    made, editor = make_record(), api("editor")
    strict = JsonClient(make_app(REQUIRE_VERSION="true").test_client(), editor.token)
    path = f"/users/{made.id}"
    for answer in (
        strict.patch(path, json={"name": "Asha Rao"}),
        strict.put(path, json={"name": ""}),
        strict.delete(path),
        strict.post(f"{path}/restore"),
    ):
        assert (answer.status_code, answer.json["code"]) == (428, "VERSION_REQUIRED")
    assert strict.patch(f"/users/{uuid4()}", json={}).status_code == 404
    assert strict.patch(path, json={"name": "Asha Rao"}, headers={"If-Match": "*"}).status_code == 200
    assert strict.delete(path, json={"version": str(made.version)}).status_code == 409
    assert strict.post("/users/", json=record_input()).status_code == 201


def test_an_answer_tells_of_the_callers_own_change(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    first = editor.patch(f"/users/{made.id}", json={"name": "Asha Rao"})
    second = editor.patch(f"/users/{made.id}", json={"name": "Asha Das"}, headers={"If-Match": first.headers["ETag"]})
    assert (second.status_code, second.json["name"]) == (200, "Asha Das")

"""DELETE /users/{id} and POST /users/{id}/restore: gone from every list, and back as it was."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask

from tests.browsing import JsonClient
from tests.factories import MadeRecord, record_input
from tests.records.partner import codes, count

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]


@pytest.mark.parametrize("path", ["/users/{id}", "/users/{id}/"])
def test_a_delete_needs_no_body_and_is_done_once(api: Api, make_record: Make, path: str) -> None:
    made, editor = make_record(), api("editor")
    answer = editor.delete(path.format(id=made.id))
    assert (answer.status_code, answer.json) == (200, {"message": "User deleted successfully"})
    assert answer.headers["Cache-Control"] == "no-store"
    again = editor.delete(path.format(id=made.id))
    assert (again.status_code, again.json["code"]) == (404, "USER_NOT_FOUND")


def test_a_deleted_record_is_in_no_list_search_or_count(api: Api, make_record: Make) -> None:
    made, editor = make_record(name="Zebunnisa Khan"), api("editor")
    editor.delete(f"/users/{made.id}")
    assert editor.get("/users/").json["total"] == 0
    assert editor.get("/users/search/?q=zebunnisa").json["total"] == 0
    assert editor.post("/users/search/", json={"q": made.values["aadhaar"]}).json["total"] == 0
    assert editor.get("/users/?deleted=only").json["total"] == 1


def test_on_a_deleted_record_every_other_call_is_404(api: Api, make_record: Make) -> None:
    made, admin = make_record(), api("admin")
    path = f"/users/{made.id}"
    admin.delete(path)
    reveal = {"fields": ["pan"], "reason": "at the counter"}
    for answer in (
        admin.get(path),
        admin.put(path, json={"name": "Asha Rao"}),
        admin.patch(path, json={}),
        admin.delete(path),
        admin.post(f"{path}/reveal", json=reveal),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "USER_NOT_FOUND")
    assert admin.get(f"{path}/history").status_code == 200


def test_the_reason_of_a_delete_stands_in_the_trail(api: Api, make_record: Make) -> None:
    made = make_record()
    api("editor").delete(f"/users/{made.id}", json={"reason": "  registered twice "})
    entry = api("supervisor").get(f"/users/{made.id}/history").json["data"][0]
    assert (entry["action"], entry["reason"]) == ("record.deleted", "registered twice")
    assert entry["changes"] == [{"field": "is_active", "before": True, "after": False}]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"reason": "no"}, {"reason": "TOO_SHORT"}),
        ({"reason": "x" * 501}, {"reason": "TOO_LONG"}),
        ({"reason": None}, {"reason": "REQUIRED"}),
        ({"reason": 12345}, {"reason": "INVALID"}),
        ({"version": 5, "why": "x"}, {"version": "INVALID", "why": "UNKNOWN_FIELD"}),
    ],
)
def test_a_wrong_body_of_a_delete_is_named(
    api: Api, make_record: Make, body: dict[str, object], wrong: dict[str, str]
) -> None:
    made, editor = make_record(), api("editor")
    answer = editor.delete(f"/users/{made.id}", json=body)
    assert (answer.status_code, codes(answer)) == (422, wrong)
    assert editor.get(f"/users/{made.id}").status_code == 200


def test_a_delete_honours_the_version(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    path = f"/users/{made.id}"
    assert editor.delete(path, headers={"If-Match": '"x"'}).status_code == 412
    assert editor.delete(path, json={"version": str(uuid4())}).status_code == 409
    assert editor.delete(path, json={"reason": "x", "version": str(uuid4())}).json["code"] == "VERSION_CONFLICT"
    assert editor.delete(path, headers={"If-Match": f'"{made.version}"'}).status_code == 200


@pytest.mark.parametrize("active", [True, False])
def test_a_restored_record_is_as_it_was(api: Api, make_record: Make, active: bool) -> None:
    made, editor = make_record(is_active=active), api("editor")
    before = editor.get(f"/users/{made.id}").json
    editor.delete(f"/users/{made.id}")
    deleted = editor.get(f"/users/{made.id}?deleted=only").json
    answer = editor.post(f"/users/{made.id}/restore", headers={"If-Match": f'"{deleted["version"]}"'})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    changing = ("version", "updated_at", "updated_by")
    assert {name: value for name, value in answer.json.items() if name not in changing} == {
        name: value for name, value in before.items() if name not in changing
    }
    assert answer.json["version"] not in (before["version"], deleted["version"])
    assert "restored" not in answer.get_json()


def test_only_a_deleted_record_can_be_restored(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    answer = editor.post(f"/users/{made.id}/restore")
    assert (answer.status_code, answer.json["code"]) == (409, "NOT_DELETED")
    assert editor.post(f"/users/{uuid4()}/restore").json["code"] == "USER_NOT_FOUND"


def test_a_stale_version_is_told_before_the_state(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    path = f"/users/{made.id}/restore"
    assert editor.post(path, headers={"If-Match": '"x"'}).status_code == 412
    assert editor.post(path, json={"version": str(uuid4())}).json["code"] == "VERSION_CONFLICT"
    assert editor.post(path, json={"version": 5}).status_code == 422


@pytest.mark.parametrize(("field", "code"), [("email", "DUPLICATE_EMAIL"), ("primary_mobile", "DUPLICATE_MOBILE")])
def test_a_restore_into_a_taken_value_is_refused_by_name(api: Api, make_record: Make, field: str, code: str) -> None:
    made, editor = make_record(), api("editor")
    editor.delete(f"/users/{made.id}")
    make_record(**{field: made.values[field]})
    answer = editor.post(f"/users/{made.id}/restore")
    assert (answer.status_code, answer.json["code"], codes(answer)) == (409, code, {field: code})
    assert editor.get(f"/users/{made.id}").status_code == 404


def test_an_email_is_free_again_after_each_delete(api: Api) -> None:
    editor = api("editor")
    ids = []
    for _ in range(3):
        answer = editor.post("/users/", json=record_input(email="shared@example.com", primary_mobile="9000000001"))
        assert answer.status_code == 201
        ids.append(answer.json["id"])
        assert editor.delete(f"/users/{ids[-1]}").status_code == 200
    assert editor.get("/users/?deleted=only").json["total"] == 3
    assert editor.post(f"/users/{ids[0]}/restore").status_code == 200
    assert codes(editor.post(f"/users/{ids[1]}/restore")) == {
        "email": "DUPLICATE_EMAIL",
        "primary_mobile": "DUPLICATE_MOBILE",
    }


def test_a_delete_and_a_restore_are_each_one_entry_and_one_event(api: Api, make_record: Make, app: Flask) -> None:
    made, editor = make_record(), api("editor")
    editor.delete(f"/users/{made.id}")
    editor.post(f"/users/{made.id}/restore")
    for what in ("record.deleted", "record.restored"):
        assert count(app, f"audit_entries WHERE action = '{what}'") == 1
        assert count(app, f"outbox WHERE type = '{what}'") == 1


def test_the_deletion_of_an_inactive_record_is_on_record_too(api: Api, make_record: Make) -> None:
    made, editor = make_record(is_active=False), api("editor")
    editor.delete(f"/users/{made.id}", json={"reason": "registered twice"})
    editor.post(f"/users/{made.id}/restore")
    story = editor.get(f"/users/{made.id}/history").json["data"]
    assert [entry["action"] for entry in story] == ["record.restored", "record.deleted", "record.created"]
    assert story[1]["reason"] == "registered twice"
    answer = editor.patch(f"/users/{made.id}", json={"version": str(made.version)})
    assert (answer.status_code, answer.json["changed_fields"]) == (409, [])


def test_a_viewer_neither_deletes_nor_restores(api: Api, make_record: Make) -> None:
    made, viewer = make_record(), api("viewer")
    assert viewer.delete(f"/users/{made.id}").status_code == 403
    assert viewer.post(f"/users/{made.id}/restore").status_code == 403

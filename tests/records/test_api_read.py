"""GET /users/{id}: one record, its ETag, and what a deleted one answers."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from app.extensions import db
from tests.browsing import JsonClient
from tests.factories import MadeRecord, record_input
from tests.records.partner import execute, key_with

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]

FIELDS = {
    "id",
    "reference",
    "version",
    "name",
    "email",
    "primary_mobile",
    "secondary_mobile",
    "aadhaar",
    "pan",
    "date_of_birth",
    "place_of_birth",
    "current_address",
    "permanent_address",
    "is_active",
    "email_verified",
    "mobile_verified",
    "created_at",
    "updated_at",
    "created_by",
    "updated_by",
    "is_deleted",
    "deleted_at",
    "deleted_by",
    "last_login_at",
}


def test_a_record_has_every_field_of_the_contract_and_no_other(api: Api, make_record: Make) -> None:
    made = make_record()
    answer = api("viewer").get(f"/users/{made.id}")
    assert answer.status_code == 200
    assert set(answer.get_json()) == FIELDS
    assert answer.headers["ETag"] == f'"{made.version}"'
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.json["created_at"].endswith("Z")


@pytest.mark.parametrize("path", ["/users/{id}", "/users/{id}/"])
def test_both_slash_forms_answer_directly(api: Api, make_record: Make, path: str) -> None:
    assert api().get(path.format(id=make_record().id)).status_code == 200


@pytest.mark.parametrize(
    "known",
    ['"{tag}"', 'W/"{tag}"', '"x", "{tag}"', "*", '"a",W/"{tag}" , "b"'],
)
def test_a_known_version_is_not_sent_again(api: Api, make_record: Make, known: str) -> None:
    made = make_record()
    answer = api().get(f"/users/{made.id}", headers={"If-None-Match": known.format(tag=made.version)})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == f'"{made.version}"'
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("known", ['"other"', '"{tag}x"', ""])
def test_another_or_an_unquoted_version_gets_the_record(api: Api, make_record: Make, known: str) -> None:
    made = make_record()
    answer = api().get(f"/users/{made.id}", headers={"If-None-Match": known.format(tag=made.version)})
    assert answer.status_code == 200


def test_head_answers_as_get_without_a_body(api: Api, make_record: Make) -> None:
    made, viewer = make_record(), api("viewer")
    got, head = viewer.get(f"/users/{made.id}"), viewer.request("HEAD", f"/users/{made.id}")
    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == got.headers[name]


def test_head_of_a_list_carries_its_links(api: Api, make_record: Make) -> None:
    make_record()
    viewer = api("viewer")
    assert viewer.request("HEAD", "/users/").headers["Link"] == viewer.get("/users/").headers["Link"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/users/", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("/users/{id}", {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}),
        ("/users/{id}/reveal", {"OPTIONS", "POST"}),
        ("/users/search/", {"GET", "HEAD", "OPTIONS", "POST"}),
    ],
)
def test_options_tells_the_methods(api: Api, path: str, methods: set[str]) -> None:
    answer = api(None).request("OPTIONS", path.format(id="0193a1f0-0000-7000-8000-000000000001"))
    assert (answer.status_code, answer.data) == (204, b"")
    assert {method.strip() for method in answer.headers["Allow"].split(",")} == methods


@pytest.mark.parametrize(
    "record_id",
    [
        "0193a1f0-0000-7000-8000-000000000001",
        "nonsense",
        "1",
        "0193a1f0000070008000000000000001",
        "%00",
        "a" * 300,
        "{0193a1f0-0000-7000-8000-000000000001}",
        "..%2f..",
        "' OR 1=1 --",
        "💥",
    ],
)
def test_an_unknown_or_malformed_id_is_user_not_found(api: Api, record_id: str) -> None:
    answer = api("viewer").get(f"/users/{record_id}")
    assert (answer.status_code, answer.json["code"], answer.json["detail"]) == (404, "USER_NOT_FOUND", "User not found")
    assert answer.mimetype == "application/problem+json"


def test_a_deleted_record_is_seen_only_by_asking_for_it(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    editor.delete(f"/users/{made.id}", json={"reason": "registered twice"})
    assert editor.get(f"/users/{made.id}").status_code == 404
    assert editor.get(f"/users/{made.id}?deleted=exclude").status_code == 404
    for deleted in ("include", "only"):
        answer = editor.get(f"/users/{made.id}?deleted={deleted}")
        assert answer.status_code == 200
        assert answer.json["is_deleted"] is True
        assert answer.json["is_active"] is False
        assert answer.json["deleted_by"] == str(editor.account and editor.account.id)
        assert set(answer.get_json()) == FIELDS
    assert api("viewer").get(f"/users/{made.id}?deleted=include").status_code == 403


def test_a_live_record_is_not_among_the_deleted_only(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    assert editor.get(f"/users/{made.id}?deleted=include").status_code == 200
    assert editor.get(f"/users/{made.id}?deleted=only").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("deleted=perhaps", "deleted"),
        ("foo=1", "foo"),
        ("deleted=include&deleted=only", "deleted"),
        ("deleted=", "deleted"),
    ],
)
def test_a_wrong_parameter_is_named(api: Api, make_record: Make, query: str, field: str) -> None:
    answer = api("editor").get(f"/users/{make_record().id}?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_a_record_tells_when_its_verified_address_signed_in_last(api: Api, make_record: Make) -> None:
    editor = api("editor")
    assert editor.account is not None
    made = make_record(email=editor.account.email)
    other = make_record()
    assert editor.get(f"/users/{made.id}").json["last_login_at"].endswith("Z")
    assert editor.get(f"/users/{other.id}").json["last_login_at"] is None
    assert editor.get("/users/?sort=created_at").json["data"][0]["last_login_at"].endswith("Z")


def test_a_view_is_in_the_trail_once_and_not_in_the_history(api: Api, make_record: Make, app: Flask) -> None:
    made, viewer = make_record(), api("viewer")
    for _ in range(3):
        viewer.get(f"/users/{made.id}")
    viewer.get("/users/")
    app.extensions["views"].later.flush()
    supervisor = api("supervisor")
    views = supervisor.get("/audit", query_string={"action": "record.viewed", "subject_id": made.id}).get_json()
    assert (views["total"], views["data"][0]["subject_id"]) == (1, str(made.id))
    assert views["data"][0]["actor_id"] == str(viewer.account and viewer.account.id)
    assert views["data"][0]["channel"] == "api"
    actions = [entry["action"] for entry in supervisor.get(f"/users/{made.id}/history").json["data"]]
    assert actions == ["record.created"]


def test_a_view_is_noted_again_after_ten_minutes(api: Api, make_record: Make, app: Flask) -> None:
    made, viewer = make_record(), api("viewer")
    viewer.get(f"/users/{made.id}")
    notes = app.extensions["views"]
    notes.later.flush()
    execute(app, "UPDATE record_views SET noted_at = '2020-01-01 00:00:00.000000'")
    notes._noted.clear()
    viewer.get(f"/users/{made.id}")
    notes.later.flush()
    with app.app_context():
        assert (
            db.session.scalar(
                text("SELECT count(*) FROM audit_entries WHERE action = 'record.viewed' AND subject_id = :id"),
                {"id": made.id.bytes},
            )
            == 2
        )


def test_a_key_without_the_scope_reads_nothing(app: Flask, make_record: Make) -> None:
    made, writer = make_record(), key_with(app, "records:write")
    for path in ("/users/", f"/users/{made.id}", "/users/search/?q=asha"):
        answer = writer.get(path)
        assert (answer.status_code, answer.json["code"]) == (403, "FORBIDDEN")
    assert writer.post("/users/", json=record_input()).status_code == 201

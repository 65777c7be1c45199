"""POST /users/batch: many creates in one request, each on its own."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.browsing import JsonClient
from tests.factories import record_input
from tests.records.partner import codes, count

Api = Callable[..., JsonClient]


def test_each_item_is_answered_as_a_create_of_its_own(api: Api, app: Flask) -> None:
    editor = api("editor")
    taken = record_input()
    editor.post("/users/", json=taken)
    good, twin = record_input(), record_input()
    items = [
        good,
        {**twin, "name": ""},
        record_input(email=taken["email"]),
        twin,
        {**twin, "name": "Twin"},
        "no object",
        None,
        {**record_input(), "idempotency_key": "a b"},
        record_input(foo=1),
    ]
    answer = editor.post("/users/batch", json={"items": items})
    assert answer.status_code == 200
    assert [item["index"] for item in answer.json] == list(range(len(items)))
    assert [item["status"] for item in answer.json] == [201, 422, 409, 201, 409, 400, 400, 400, 422]
    for item in answer.json:
        assert (item["id"] is None) == (item["status"] != 201)
        assert ("problem" in item) == (item["status"] != 201)
        if item["status"] != 201:
            assert item["problem"]["status"] == item["status"]
    told = [answer.json[index]["problem"]["code"] for index in (2, 5, 6)]
    assert told == ["DUPLICATE_EMAIL", "MALFORMED_REQUEST", "MALFORMED_REQUEST"]
    assert count(app, "user_records") == 3
    assert count(app, "identity_vault") == 3
    assert count(app, "audit_entries WHERE action = 'record.created'") == 3
    assert count(app, "outbox WHERE type = 'record.created'") == 3


def test_a_refused_item_leaves_nothing_behind(api: Api, app: Flask) -> None:
    editor = api("editor")
    first = record_input()
    items = [first, record_input(primary_mobile=first["primary_mobile"])]
    assert [item["status"] for item in editor.post("/users/batch", json={"items": items}).json] == [201, 409]
    for table in ("user_records", "identity_vault"):
        assert count(app, table) == 1


def test_an_items_key_is_a_key_of_the_single_create(api: Api, app: Flask) -> None:
    editor = api("editor")
    given = record_input()
    single = editor.post("/users/", json={**given, "idempotency_key": "item-1"}).json
    items = [
        {**given, "idempotency_key": "item-1"},
        {**record_input(), "idempotency_key": "item-1"},
        {**(second := record_input()), "idempotency_key": "item-2"},
        {**second, "idempotency_key": "item-2"},
    ]
    answer = editor.post("/users/batch", json={"items": items}).json
    assert [item["status"] for item in answer] == [201, 422, 201, 201]
    assert answer[0]["id"] == single["id"]
    assert answer[1]["problem"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert answer[2]["id"] == answer[3]["id"]
    replay = editor.post("/users", json=second, headers={"Idempotency-Key": "item-2"})
    assert (replay.status_code, replay.json["id"]) == (201, answer[2]["id"])
    assert replay.headers["Idempotency-Replayed"] == "true"
    assert count(app, "user_records") == 2


def test_a_batch_brings_a_deleted_person_back(api: Api) -> None:
    editor = api("editor")
    given = record_input()
    record = editor.post("/users/", json=given).json
    editor.delete(f"/users/{record['id']}")
    (item,) = editor.post("/users/batch", json={"items": [given]}).get_json()
    assert (item["status"], item["id"]) == (201, record["id"])


def test_the_whole_batch_replays(api: Api, app: Flask) -> None:
    editor = api("editor")
    body = {"items": [record_input(), record_input(name="")]}
    first, second = (editor.post("/users/batch", json=body, headers={"Idempotency-Key": "b1"}) for _ in range(2))
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert count(app, "user_records") == 1


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"items": "REQUIRED"}),
        ({"items": []}, {"items": "REQUIRED"}),
        ({"items": None}, {"items": "REQUIRED"}),
        ({"items": "x"}, {"items": "INVALID"}),
        ({"items": [{}] * 501}, {"items": "TOO_LONG"}),
        ({"items": [{}], "more": 1}, {"more": "UNKNOWN_FIELD"}),
    ],
)
def test_a_wrong_batch_is_refused_whole(api: Api, body: dict[str, object], wrong: dict[str, str]) -> None:
    answer = api("editor").post("/users/batch/", json=body)
    assert (answer.status_code, codes(answer)) == (422, wrong)


def test_five_hundred_items_pass(api: Api, app: Flask) -> None:
    items = [record_input() for _ in range(500)]
    answer = api("editor").post("/users/batch", json={"items": items})
    assert {item["status"] for item in answer.json} == {201}
    assert count(app, "user_records") == 500


def test_a_batch_takes_a_key_of_its_own_in_header_or_body(api: Api, app: Flask) -> None:
    editor = api("editor")
    items = [record_input(), record_input()]
    first = editor.post("/users/batch", json={"items": items, "idempotency_key": "whole-1"})
    again = editor.post("/users/batch", json={"items": items}, headers={"Idempotency-Key": "whole-1"})
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert count(app, "user_records") == 2

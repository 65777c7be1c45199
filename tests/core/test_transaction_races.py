"""Many at one record, one number, one address: exactly one wins, nothing is lost and nothing is doubled."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask

from app.core.identity import Actor
from tests.browsing import JsonClient
from tests.core.together import together
from tests.factories import MadeRecord, record_input
from tests.records.partner import count

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]
Actors = Callable[..., Actor]


def others(app: Flask, caller: JsonClient, number: int) -> list[JsonClient]:
    """Return clients that do not share a cookie jar with one another."""
    return [JsonClient(app.test_client(), caller.token) for _ in range(number)]


def post(caller: JsonClient, path: str, body: dict[str, Any]) -> int:
    return caller.post(path, json=body).status_code


@pytest.mark.parametrize("how", ["header", "body"])
def test_of_sixteen_updates_from_one_version_exactly_one_wins(
    api: Api, app: Flask, make_record: Make, how: str
) -> None:
    made, editor = make_record(), api("editor")

    def change(caller: JsonClient, name: str) -> int:
        if how == "header":
            sent = {"json": {"name": name}, "headers": {"If-Match": f'"{made.version}"'}}
        else:
            sent = {"json": {"name": name, "version": str(made.version)}}
        return caller.patch(f"/users/{made.id}", **sent).status_code

    callers = others(app, editor, 16)
    statuses = together([partial(change, one, f"Asha {chr(65 + n)}") for n, one in enumerate(callers)])
    assert Counter(statuses) == {200: 1, 412 if how == "header" else 409: 15}
    assert count(app, "audit_entries WHERE action = 'record.updated'") == 1
    assert count(app, "outbox WHERE type = 'record.updated'") == 1


def test_of_sixteen_updates_without_a_version_none_is_lost(api: Api, app: Flask, make_record: Make) -> None:
    made, editor = make_record(), api("editor")

    def change(caller: JsonClient, name: str) -> int:
        return caller.patch(f"/users/{made.id}", json={"name": name}).status_code

    names = [f"Asha {chr(65 + n)}" for n in range(16)]
    statuses = together([partial(change, one, name) for one, name in zip(others(app, editor, 16), names, strict=True)])
    assert set(statuses) <= {200, 503}
    assert count(app, "audit_entries WHERE action = 'record.updated'") == Counter(statuses)[200]
    assert Counter(statuses)[200] >= 8
    history = editor.get(f"/users/{made.id}/history?page_size=100").json["data"]
    told = [entry["changes"][0] for entry in reversed(history) if entry["action"] == "record.updated"]
    assert [change["before"] for change in told[1:]] == [change["after"] for change in told[:-1]]
    assert editor.get(f"/users/{made.id}").json["name"] == told[-1]["after"]


def test_an_update_answers_with_its_own_change_while_others_write(api: Api, app: Flask, make_record: Make) -> None:
    made, editor = make_record(), api("editor")

    def change(caller: JsonClient, name: str) -> tuple[str, str, str]:
        answer = caller.patch(f"/users/{made.id}", json={"name": name})
        return (name, answer.json["name"], answer.json["version"]) if answer.status_code == 200 else (name, name, name)

    answers = together([partial(change, one, f"Asha {chr(65 + n)}") for n, one in enumerate(others(app, editor, 12))])
    assert [told for _, told, _ in answers] == [name for name, _, _ in answers]
    assert len({version for _, _, version in answers}) == 12


def test_of_twenty_creates_with_one_aadhaar_one_is_made(api: Api, app: Flask) -> None:
    editor = api("editor")
    one = record_input()["aadhaar"]

    def create(caller: JsonClient, key: str) -> tuple[int, str]:
        answer = caller.post("/users/", json=record_input(aadhaar=one), headers={"Idempotency-Key": key})
        return answer.status_code, answer.json.get("code", "")

    answers = together([partial(create, caller, f"k{n}") for n, caller in enumerate(others(app, editor, 20))])
    assert Counter(answers) == {(201, ""): 1, (409, "DUPLICATE_AADHAAR"): 19}
    for table in ("user_records", "identity_vault", "idempotency_keys"):
        assert count(app, table) == 1
    assert count(app, "audit_entries WHERE action = 'record.created'") == 1


@pytest.mark.parametrize("field", ["email", "primary_mobile", "pan"])
def test_of_ten_creates_with_one_other_value_one_is_made(api: Api, app: Flask, field: str) -> None:
    editor, value = api("editor"), record_input()[field]
    callers = others(app, editor, 10)
    answers = together([partial(post, caller, "/users/", record_input(**{field: value})) for caller in callers])
    assert Counter(answers) == {201: 1, 409: 9}
    assert count(app, "user_records") == count(app, "identity_vault") == 1


def test_a_restore_racing_a_create_leaves_one_live_record(api: Api, app: Flask) -> None:
    editor = api("editor")
    for _ in range(4):
        given = record_input()
        record = editor.post("/users/", json=given).json
        editor.delete(f"/users/{record['id']}")
        first, second = others(app, editor, 2)
        restored, created = together(
            [
                partial(post, first, f"/users/{record['id']}/restore", {}),
                partial(post, second, "/users/", record_input(email=given["email"])),
            ]
        )
        assert sorted([restored == 200, created == 201]) == [False, True]
        assert 409 in (restored, created)


def test_one_person_is_brought_back_once_by_many(api: Api, app: Flask) -> None:
    editor, given = api("editor"), record_input()
    record = editor.post("/users/", json=given).json
    editor.delete(f"/users/{record['id']}")
    callers = others(app, editor, 8)
    answers = together([partial(post, caller, "/users/", given) for caller in callers])
    assert Counter(answers) == {201: 1, 409: 7}
    assert count(app, "audit_entries WHERE action = 'record.restored'") == 1


def test_batches_that_lock_one_another_both_end_well(api: Api, app: Flask) -> None:
    editor = api("editor")
    for _ in range(3):
        items = [record_input() for _ in range(12)]
        orders = [items, items[::-1], items[6:] + items[:6], items[3:] + items[:3]]
        answers = together(
            [
                partial(caller.post, "/users/batch", json={"items": order})
                for caller, order in zip(others(app, editor, 4), orders, strict=True)
            ]
        )
        assert {answer.status_code for answer in answers} <= {200, 503}
        made = [
            item["id"] for answer in answers if answer.status_code == 200 for item in answer.get_json() if item["id"]
        ]
        assert sorted(made) == sorted(set(made))
        assert len(made) == 12

"""Reveal and history: full numbers only for a reason and on record; the story with masks."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from tests.browsing import JsonClient
from tests.factories import MadeRecord
from tests.records.partner import codes, count, execute, key_with

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]
REASON = "caller identified at the counter"


@pytest.mark.parametrize("fields", [["aadhaar"], ["pan"], ["aadhaar", "pan"], ["pan", "aadhaar", "pan"]])
def test_a_reveal_shows_what_was_asked_and_nothing_more(api: Api, make_record: Make, fields: list[str]) -> None:
    made = make_record()
    answer = api("supervisor").post(f"/users/{made.id}/reveal", json={"fields": fields, "reason": REASON})
    assert answer.status_code == 200
    assert answer.json == {"id": str(made.id), **{name: made.values[name] for name in fields}}
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_a_reveal_is_on_record_with_its_reason_and_without_the_number(api: Api, make_record: Make) -> None:
    made, supervisor = make_record(), api("supervisor")
    supervisor.post(f"/users/{made.id}/reveal/", json={"fields": ["aadhaar"], "reason": REASON})
    entry = supervisor.get(f"/users/{made.id}/history").json["data"][0]
    assert (entry["action"], entry["reason"], entry["outcome"]) == ("record.revealed", REASON, "success")
    assert entry["changes"] == [{"field": "aadhaar", "before": None, "after": None}]
    assert made.values["aadhaar"] not in str(entry)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"fields": "REQUIRED", "reason": "REQUIRED"}),
        ({"fields": [], "reason": REASON}, {"fields": "REQUIRED"}),
        ({"fields": ["name"], "reason": REASON}, {"fields": "INVALID"}),
        ({"fields": "aadhaar", "reason": REASON}, {"fields": "INVALID"}),
        ({"fields": [{}], "reason": "abcd"}, {"fields": "INVALID", "reason": "TOO_SHORT"}),
        ({"fields": ["pan"], "reason": "x" * 501}, {"reason": "TOO_LONG"}),
        ({"fields": ["pan"], "reason": REASON, "all": True}, {"all": "UNKNOWN_FIELD"}),
    ],
)
def test_a_reveal_without_a_field_or_a_reason_shows_nothing(
    api: Api, make_record: Make, app: Flask, body: dict[str, Any], wrong: dict[str, str]
) -> None:
    answer = api("supervisor").post(f"/users/{make_record().id}/reveal", json=body)
    assert (answer.status_code, codes(answer)) == (422, wrong)
    assert count(app, "audit_entries WHERE action = 'record.revealed'") == 0


@pytest.mark.parametrize("call", ["/users/{id}/reveal", "/users/{id}/restore"])
def test_an_unknown_record_is_told_before_a_wrong_body(api: Api, call: str) -> None:
    for record_id in (uuid4(), "nonsense"):
        answer = api("supervisor").post(call.format(id=record_id), json={"fields": ["x"], "version": 5})
        assert (answer.status_code, answer.json["code"]) == (404, "USER_NOT_FOUND")


@pytest.mark.parametrize("call", ["/users/{id}?deleted=x", "/users/{id}/history?page=x"])
def test_an_unknown_record_is_told_before_a_wrong_parameter(api: Api, call: str) -> None:
    assert api("supervisor").get(call.format(id=uuid4())).status_code == 404


@pytest.mark.parametrize("role", ["member", "viewer", "editor"])
def test_who_may_not_reveal_is_refused_and_on_record(api: Api, make_record: Make, app: Flask, role: str) -> None:
    made = make_record()
    answer = api(role).post(f"/users/{made.id}/reveal", json={"fields": ["pan"], "reason": REASON})
    assert (answer.status_code, answer.json["code"]) == (403, "FORBIDDEN")
    assert count(app, "audit_entries WHERE action = 'access.denied' AND outcome = 'denied'") == 1


def test_asking_for_deleted_records_without_the_right_is_on_record(api: Api, app: Flask) -> None:
    api("viewer").get("/users/?deleted=only")
    assert count(app, "audit_entries WHERE action = 'access.denied'") == 1


def test_a_reveal_is_never_stored_for_a_replay(api: Api, make_record: Make, app: Flask) -> None:
    made, supervisor = make_record(), api("supervisor")
    before = count(app, "idempotency_keys")
    for _ in range(2):
        answer = supervisor.post(
            f"/users/{made.id}/reveal",
            json={"fields": ["pan"], "reason": REASON},
            headers={"Idempotency-Key": "reveal-1"},
        )
        assert answer.status_code == 200
        assert "Idempotency-Replayed" not in answer.headers
    assert count(app, "idempotency_keys") == before
    assert count(app, "audit_entries WHERE action = 'record.revealed'") == 2


def test_a_number_moved_to_another_record_does_not_open(api: Api, make_record: Make, app: Flask) -> None:
    one, two = make_record(), make_record()
    if app.extensions["config"].is_sqlite:
        execute(app, "UPDATE identity_vault SET pan_sealed = (SELECT max(pan_sealed) FROM identity_vault)")
    else:
        execute(
            app, "UPDATE identity_vault, (SELECT max(pan_sealed) AS s FROM identity_vault) AS m SET pan_sealed = m.s"
        )
    answers = [
        api("supervisor").post(f"/users/{made.id}/reveal", json={"fields": ["pan"], "reason": REASON})
        for made in (one, two)
    ]
    assert sorted(answer.status_code for answer in answers) == [200, 500]
    assert two.values["pan"] not in answers[0].text
    assert one.values["pan"] not in answers[1].text


def test_the_history_tells_field_by_field_newest_first_and_masked(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    editor.patch(f"/users/{made.id}", json={"name": "Asha Rao", "is_active": False}, headers={"X-Request-ID": "req-7"})
    answer = editor.get(f"/users/{made.id}/history")
    assert answer.status_code == 200
    updated, created = answer.json["data"]
    assert updated["action"], created["action"] == ("record.updated", "record.created")
    assert {change["field"]: (change["before"], change["after"]) for change in updated["changes"]} == {
        "name": ("Asha Verma", "Asha Rao"),
        "is_active": (True, False),
    }
    assert (updated["request_id"], updated["channel"], updated["subject_type"]) == ("req-7", "api", "record")
    assert updated["actor_id"] == str(editor.account and editor.account.id)
    assert updated["actor_name"]
    first = {change["field"]: change["after"] for change in created["changes"]}
    assert first["aadhaar"] == "XXXXXXXX" + made.values["aadhaar"][-4:]
    assert first["pan"] == f"XXXXX{made.values['pan'][5:9]}X"
    assert first["date_of_birth"] == "1988-04-17"
    assert all(change["before"] is None for change in created["changes"])
    assert set(updated) == {
        "id", "occurred_at", "action", "outcome", "actor_id", "actor_type", "actor_name", "subject_type", "subject_id",
        "channel", "ip", "request_id", "reason", "changes",
    }  # fmt: skip


def test_the_history_has_pages_and_a_cursor_of_its_own(api: Api, make_record: Make) -> None:
    made, other, editor = make_record(), make_record(), api("editor")
    for number in range(5):
        editor.patch(f"/users/{made.id}", json={"name": f"Asha {'ABCDE'[number]}"})
    path = f"/users/{made.id}/history"
    first = editor.get(f"{path}?page_size=4").json
    assert (first["total"], first["total_pages"]) == (6, 2)
    rest = editor.get(path, query_string={"page_size": 4, "cursor": first["next_cursor"]}).json
    assert [entry["action"] for entry in rest["data"]] == ["record.updated", "record.created"]
    assert editor.get(path + "?page_size=4&page=2").json["data"] == rest["data"]
    foreign = editor.get(f"/users/{other.id}/history", query_string={"cursor": first["next_cursor"]})
    assert (foreign.status_code, codes(foreign)) == (422, {"cursor": "INVALID"})


def test_the_history_is_for_writers_and_auditors(app: Flask, api: Api, make_record: Make) -> None:
    path = f"/users/{make_record().id}/history"
    assert api("viewer").get(path).status_code == 403
    assert key_with(app, "records:write").get(path).status_code == 200
    assert key_with(app, "audit:read", role="supervisor").get(path).status_code == 200

"""Corrections over JSON: one person asks, another one decides, and then the record says what is right."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson
import pytest
from flask import Flask
from sqlalchemy import text

from app.extensions import db
from tests.browsing import JsonClient, messages
from tests.core.together import together
from tests.factories import MadeAccount, MadeRecord, record_input
from tests.privacy.corrections import FIELDS, WHY, ask, other_value, shown
from tests.privacy.seen import NUMBERS, assert_unseen, stored, traces
from tests.records.partner import codes, count, key_with

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]
MEMBERS = {
    *("id", "user_id", "field", "value", "reason", "status"),
    *("requested_by", "requested_at", "decided_by", "decided_at"),
}


@pytest.mark.parametrize("field", FIELDS)
def test_one_asks_another_approves_and_the_record_says_it(api: Api, make_record: Make, field: str) -> None:
    made, editor, supervisor = make_record(), api("editor"), api("supervisor")
    value = other_value(field)
    asked = ask(editor, made, field, value)
    assert (asked.status_code, asked.json.keys()) == (201, MEMBERS)
    assert asked.headers["Location"] == f"/api/v1/corrections/{asked.json['id']}"
    assert (asked.json["value"], asked.json["reason"]) == (shown(field, value), WHY)
    assert (asked.json["status"], asked.json["user_id"]) == ("pending", str(made.id))
    assert (asked.json["requested_by"], asked.json["decided_by"]) == (str(editor.account.id), None)
    assert editor.get(f"/users/{made.id}").json["version"] == str(made.version)
    done = supervisor.post(f"/corrections/{asked.json['id']}/approve")
    assert (done.status_code, done.json.keys()) == (200, MEMBERS)
    assert (done.json["status"], done.json["value"]) == ("approved", shown(field, value))
    assert done.json["decided_by"] == str(supervisor.account.id)
    now = editor.get(f"/users/{made.id}").json
    assert now[field] == shown(field, value)
    assert now["version"] != str(made.version)
    assert now["updated_by"] == str(supervisor.account.id)


def test_the_trail_and_the_feed_tell_of_it_masked(app: Flask, api: Api, make_record: Make) -> None:
    made, supervisor, right = make_record(), api("supervisor"), record_input()
    first = ask(api("editor"), made, "pan", right["pan"])
    second = ask(api("editor"), made, "aadhaar", right["aadhaar"])
    supervisor.post(f"/corrections/{first.json['id']}/approve")
    supervisor.post(f"/corrections/{second.json['id']}/reject", json={"reason": "The card shows another number"})
    story = supervisor.get(f"/users/{made.id}/history")
    entries = story.json["data"]
    actions = ["correction.rejected", "correction.approved", "correction.requested", "correction.requested"]
    assert [entry["action"] for entry in entries] == [*actions, "record.created"]
    assert {(entry["subject_type"], entry["subject_id"]) for entry in entries} == {("record", str(made.id))}
    before, after = shown("pan", made.values["pan"]), shown("pan", right["pan"])
    assert entries[1]["changes"] == [{"field": "pan", "before": before, "after": after}]
    assert entries[3]["changes"] == entries[1]["changes"]
    assert [entry["reason"] for entry in entries[:4]] == ["The card shows another number", WHY, WHY, WHY]
    assert_unseen(traces([made.values, right], NUMBERS, hashed=True), story.data, "the history")
    with app.app_context():
        sent = db.session.execute(text("SELECT data FROM outbox WHERE type = 'record.updated'")).scalars().all()
        event = orjson.loads(sent[0]) if isinstance(sent[0], str | bytes) else sent[0]
    version = supervisor.get(f"/users/{made.id}").json["version"]
    assert (len(sent), event) == (1, {"version": version, "changed_fields": ["pan"]})


def test_the_new_number_is_the_records_and_the_old_one_is_free(api: Api, make_record: Make) -> None:
    made, supervisor, right = make_record(), api("supervisor"), record_input()
    asked = ask(api("editor"), made, "aadhaar", right["aadhaar"])
    supervisor.post(f"/corrections/{asked.json['id']}/approve")
    found = supervisor.post("/users/search/", json={"q": right["aadhaar"]}).json
    assert [row["id"] for row in found["data"]] == [str(made.id)]
    assert supervisor.post("/users/search/", json={"q": made.values["aadhaar"]}).json["total"] == 0
    numbers = supervisor.post(f"/users/{made.id}/reveal", json={"fields": list(NUMBERS), "reason": WHY}).json
    assert (numbers["aadhaar"], numbers["pan"]) == (right["aadhaar"], made.values["pan"])
    again = supervisor.post("/users/", json=record_input(aadhaar=made.values["aadhaar"]))
    assert again.status_code == 201
    assert supervisor.post("/users/", json=record_input(aadhaar=right["aadhaar"])).json["code"] == "DUPLICATE_AADHAAR"


def test_a_change_that_no_mask_shows_is_a_change(api: Api, make_record: Make) -> None:
    made, editor, supervisor = make_record(), api("editor"), api("supervisor")
    old = made.values["pan"]
    new = old[:-1] + "Z"
    asked = ask(editor, made, "pan", new)
    assert supervisor.post(f"/corrections/{asked.json['id']}/approve").status_code == 200
    mask = shown("pan", old)
    entry = supervisor.get(f"/users/{made.id}/history").json["data"][0]
    assert entry["changes"] == [{"field": "pan", "before": mask, "after": mask}]
    stale = editor.patch(f"/users/{made.id}", json={"name": "Asha Rao", "version": str(made.version)})
    assert (stale.status_code, stale.json["changed_fields"]) == (409, ["pan"])
    assert supervisor.post("/users/search/", json={"q": new}).json["total"] == 1


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_nobody_decides_what_they_asked_for(app: Flask, api: Api, make_record: Make, decision: str) -> None:
    made, supervisor = make_record(), api("supervisor")
    asked = ask(supervisor, made, "place_of_birth", "Jalandhar")
    path = f"/corrections/{asked.json['id']}/{decision}"
    body = {"reason": WHY} if decision == "reject" else None
    refused = supervisor.post(path, json=body)
    assert (refused.status_code, refused.json["code"]) == (403, "FORBIDDEN")
    # Nor does a key of theirs, nor they after somebody else has decided: 403 comes before 409.
    key = key_with(app, "records:approve", "records:write", role="supervisor")
    assert key.account is not None
    by_key = ask(JsonClient(app.test_client()).sign_in(key.account), made, "pan", record_input()["pan"])
    assert key.post(f"/corrections/{by_key.json['id']}/{decision}", json=body).status_code == 403
    api("admin").post(path, json=body)
    assert supervisor.post(path, json=body).status_code == 403
    assert key.post(path, json=body).json["code"] == "ALREADY_DECIDED"


@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("second", ["approve", "reject"])
def test_what_is_decided_stays_decided(api: Api, make_record: Make, first: str, second: str) -> None:
    made, supervisor = make_record(), api("supervisor")
    path = f"/corrections/{ask(api('editor'), made, 'place_of_birth', 'Jalandhar').json['id']}"
    assert supervisor.post(f"{path}/{first}", json={"reason": WHY} if first == "reject" else None).status_code == 200
    version = supervisor.get(f"/users/{made.id}").json["version"]
    again = api("admin").post(f"{path}/{second}", json={"reason": WHY} if second == "reject" else None)
    assert (again.status_code, again.json["code"]) == (409, "ALREADY_DECIDED")
    assert supervisor.get(f"/users/{made.id}").json["version"] == version


def test_of_several_who_decide_at_the_same_moment_one_does(app: Flask, api: Api, make_record: Make) -> None:
    made, deciders = make_record(), [api("supervisor") for _ in range(4)]
    path = f"/corrections/{ask(api('editor'), made, 'place_of_birth', 'Jalandhar').json['id']}"
    calls = [lambda one=one: one.post(f"{path}/approve") for one in deciders[:2]]
    calls += [lambda one=one: one.post(f"{path}/reject", json={"reason": WHY}) for one in deciders[2:]]
    answers = together(calls)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    said = next(answer.json["status"] for answer in answers if answer.status_code == 200)
    now = deciders[0].get(f"/users/{made.id}").json
    assert (now["place_of_birth"] == "Jalandhar") == (said == "approved")
    assert count(app, "audit_entries WHERE action IN ('correction.approved', 'correction.rejected')") == 1


@pytest.mark.parametrize("field", NUMBERS)
def test_a_number_of_another_record_is_refused_when_it_is_asked_for(api: Api, make_record: Make, field: str) -> None:
    made, other, editor = make_record(), make_record(), api("editor")
    refused = ask(editor, made, field, other.values[field])
    code = f"DUPLICATE_{field.upper()}"
    assert (refused.status_code, refused.json["code"], codes(refused)) == (409, code, {field: code})
    assert_unseen(traces([other.values], NUMBERS, hashed=True), refused.data, "a refusal")
    assert str(other.id) not in refused.text
    assert api("supervisor").get("/corrections").json["total"] == 0


@pytest.mark.parametrize("field", NUMBERS)
def test_a_number_taken_meanwhile_is_refused_when_it_is_approved(
    app: Flask, api: Api, make_record: Make, field: str
) -> None:
    made, supervisor, right = make_record(), api("supervisor"), record_input()
    path = f"/corrections/{ask(api('editor'), made, field, right[field]).json['id']}"
    make_record(**{field: right[field]})
    before = [count(app, table) for table in ("audit_entries", "outbox")]
    refused = supervisor.post(f"{path}/approve")
    code = f"DUPLICATE_{field.upper()}"
    assert (refused.status_code, refused.json["code"], codes(refused)) == (409, code, {field: code})
    assert supervisor.get("/corrections?status=pending").json["total"] == 1
    assert supervisor.get(f"/users/{made.id}").json["version"] == str(made.version)
    assert [count(app, table) for table in ("audit_entries", "outbox")] == before
    assert supervisor.post(f"{path}/reject", json={"reason": WHY}).status_code == 200


def test_two_records_that_ask_for_one_number_do_not_both_get_it(api: Api, make_record: Make) -> None:
    editor, deciders, right = api("editor"), [api("supervisor"), api("supervisor")], record_input()["aadhaar"]
    paths = [f"/corrections/{ask(editor, make_record(), 'aadhaar', right).json['id']}/approve" for _ in range(2)]
    calls = [lambda who=who, path=path: who.post(path) for who, path in zip(deciders, paths, strict=True)]
    assert sorted(answer.status_code for answer in together(calls)) == [200, 409]


def test_the_value_is_judged_again_by_the_rules_of_the_day(
    api: Api, make_record: Make, make_app: Callable[..., Flask], make_account: Callable[..., MadeAccount]
) -> None:
    made = make_record()
    asked = ask(api("editor"), made, "aadhaar", "123456789012")
    assert asked.status_code == 201
    strict = JsonClient(make_app(ALLOW_TEST_IDENTITIES="false").test_client()).sign_in(make_account("supervisor"))
    refused = strict.post(f"/corrections/{asked.json['id']}/approve")
    assert (refused.status_code, codes(refused)) == (422, {"value": "INVALID"})
    assert strict.get("/corrections?status=pending").json["total"] == 1


@pytest.mark.parametrize("field", FIELDS)
def test_what_the_record_says_already_is_no_correction(api: Api, make_record: Make, field: str) -> None:
    made, editor, supervisor = make_record(), api("editor"), api("supervisor")
    refused = ask(editor, made, field, made.values[field])
    assert (refused.status_code, codes(refused)) == (422, {"value": "INVALID"})
    value = other_value(field)
    first, second = (ask(editor, made, field, value) for _ in range(2))
    assert supervisor.post(f"/corrections/{first.json['id']}/approve").status_code == 200
    late = supervisor.post(f"/corrections/{second.json['id']}/approve")
    assert (late.status_code, codes(late)) == (422, {"value": "INVALID"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("aadhaar", value) for value in ("", None, 234123412346, "23412341234", "234123412347", "XXXXXXXX9012")),
        *(("pan", value) for value in ("ABCDE1234", "ABCCE1234F", "XXXXX1234X")),
        *(("date_of_birth", value) for value in ("2015-01-01", "1899-12-31", "31/12/1990", "2030-01-01")),
        *(("place_of_birth", value) for value in ("x", " ", "a" * 256, "Pune\u202e")),
    ],
)
def test_the_value_meets_the_rule_of_a_new_record(api: Api, make_record: Make, field: str, value: Any) -> None:
    made, editor = make_record(), api("editor")
    refused = ask(editor, made, field, value)
    created = editor.post("/users/", json=record_input(**{field: value}))
    assert (refused.status_code, created.status_code) == (422, 422)
    assert codes(refused) == {"value": codes(created)[field]}
    assert messages(refused)["value"] == messages(created)[field]
    if isinstance(value, str) and len(value) > 8 and value[0] != "X":
        assert value not in refused.text


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"field": "REQUIRED", "value": "REQUIRED", "reason": "REQUIRED"}),
        ({"field": "name", "value": "Asha", "reason": WHY}, {"field": "INVALID"}),
        ({"field": ["pan"], "value": "Asha", "reason": WHY}, {"field": "INVALID"}),
        ({"field": None, "value": "Asha", "reason": WHY}, {"field": "REQUIRED"}),
        ({"field": "pan", "value": "x", "reason": "abcd"}, {"value": "TOO_SHORT", "reason": "TOO_SHORT"}),
        ({"field": "pan", "reason": "a" * 501}, {"value": "REQUIRED", "reason": "TOO_LONG"}),
        ({"field": "place_of_birth", "value": "Pune", "reason": WHY, "note": 1}, {"note": "UNKNOWN_FIELD"}),
    ],
)
def test_every_bad_member_is_named_at_once(
    api: Api, make_record: Make, body: dict[str, Any], wrong: dict[str, str]
) -> None:
    refused = api("editor").post(f"/users/{make_record().id}/corrections", json=body)
    assert (refused.status_code, codes(refused)) == (422, wrong)


def test_an_unknown_record_or_correction_is_told_before_a_wrong_body(api: Api) -> None:
    caller = api("supervisor")
    for record_id in (uuid4(), "nonsense"):
        refused = caller.post(f"/users/{record_id}/corrections", json={})
        assert (refused.status_code, refused.json["code"]) == (404, "USER_NOT_FOUND")
    for path in (f"/corrections/{uuid4()}/approve", f"/corrections/{uuid4()}/reject", "/corrections/nonsense/reject"):
        refused = caller.post(path, json={})
        assert (refused.status_code, refused.json["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("role", "asks", "decides"),
    [(None, 401, 401), ("member", 403, 403), ("viewer", 403, 403), ("editor", 422, 403), ("supervisor", 422, 404)],
)
def test_who_may(api: Api, make_record: Make, role: str | None, asks: int, decides: int) -> None:
    made, caller = make_record(), api(role)
    assert caller.post(f"/users/{made.id}/corrections", json={}).status_code == asks
    assert caller.get("/corrections").status_code == (200 if decides == 404 else decides)
    for what in ("approve", "reject"):
        assert caller.post(f"/corrections/{uuid4()}/{what}", json={"reason": WHY}).status_code == decides


def test_the_list_is_newest_first_by_status_and_by_page(api: Api, make_record: Make) -> None:
    editor, supervisor, made = api("editor"), api("supervisor"), make_record()
    ids = [ask(editor, made, "place_of_birth", f"Jalandhar {letter}").json["id"] for letter in "ABCDE"]
    supervisor.post(f"/corrections/{ids[0]}/approve")
    supervisor.post(f"/corrections/{ids[1]}/reject", json={"reason": WHY})
    assert [row["id"] for row in supervisor.get("/corrections/").json["data"]] == ids[::-1]
    for status, wanted in (("pending", ids[:1:-1]), ("approved", ids[:1]), ("rejected", ids[1:2])):
        answer = supervisor.get(f"/corrections?status={status}")
        assert [row["id"] for row in answer.json["data"]] == wanted
        assert answer.json["total"] == len(wanted)
    first = supervisor.get("/corrections?page_size=2")
    assert (first.json["total_pages"], 'rel="next"' in first.headers["Link"]) == (3, True)
    walked, cursor = [row["id"] for row in first.json["data"]], first.json["next_cursor"]
    while cursor:
        part = supervisor.get(f"/corrections?page_size=2&cursor={cursor}").json
        walked, cursor = walked + [row["id"] for row in part["data"]], part["next_cursor"]
    assert walked == ids[::-1]
    for wrong in ("status=open", "status=pending&status=approved", "user_id=1", f"status=pending&cursor={cursor}"):
        assert supervisor.get(f"/corrections?{wrong}").status_code == 422


def test_the_same_request_twice_has_one_effect(app: Flask, api: Api, make_record: Make) -> None:
    made, editor, supervisor = make_record(), api("editor"), api("supervisor")
    first, again = (ask(editor, made, "pan", "ABCDE1234F", idempotency_key="k1") for _ in range(2))
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    path = f"/corrections/{first.json['id']}/approve"
    done, repeated = (supervisor.post(path, headers={"Idempotency-Key": "k2"}) for _ in range(2))
    assert (repeated.status_code, repeated.json) == (200, done.json)
    assert supervisor.post(path, json={"idempotency_key": "k2"}).status_code in (200, 422)
    assert count(app, "audit_entries WHERE action LIKE 'correction.%'") == 2


def test_a_correction_waits_while_its_record_is_deleted(api: Api, make_record: Make) -> None:
    made, editor, supervisor = make_record(), api("editor"), api("supervisor")
    path = f"/corrections/{ask(editor, made, 'place_of_birth', 'Jalandhar').json['id']}"
    editor.delete(f"/users/{made.id}")
    assert ask(editor, made, "place_of_birth", "Pune").status_code == 404
    assert supervisor.get("/corrections").json["total"] == 0
    for what in ("approve", "reject"):
        assert supervisor.post(f"{path}/{what}", json={"reason": WHY} if what == "reject" else None).status_code == 404
    editor.post(f"/users/{made.id}/restore")
    assert supervisor.get("/corrections").json["total"] == 1
    assert supervisor.post(f"{path}/approve").status_code == 200


def test_nothing_of_a_correction_lies_open_and_no_number_outlives_the_decision(
    app: Flask, api: Api, make_record: Make
) -> None:
    made, editor, supervisor, right = make_record(), api("editor"), api("supervisor"), record_input()
    asked = [ask(editor, made, field, right[field], idempotency_key=field) for field in NUMBERS]
    ask(editor, made, "place_of_birth", "Jalandhar, Punjab")
    supervisor.post(f"/corrections/{asked[0].json['id']}/approve")
    supervisor.post(f"/corrections/{asked[1].json['id']}/reject", json={"reason": "The card shows another number"})
    app.extensions["views"].later.flush()
    forbidden = traces([right, made.values], NUMBERS, hashed=True) | {WHY.encode(): "a reason"}
    for place, content in stored(app):
        assert_unseen(forbidden, content, place)
        if place in ("corrections", "outbox", "audit_entries", "audit_values", "idempotency_keys"):
            assert_unseen({b"Jalandhar": "a place"}, content, place)

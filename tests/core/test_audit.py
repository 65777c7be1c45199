"""What gets into the trail, and that nothing happens without it."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from app.core import audit, transaction
from app.core.actions import Action, Outcome
from app.core.identity import Actor
from app.core.unit import Change
from app.extensions import db
from tests.browsing import JsonClient
from tests.factories import MadeRecord, record_input
from tests.records.partner import count, execute

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]


@transaction.command(Action.RECORDS_SEARCHED)
def look(*, actor: Actor, reason: str | None = None) -> None:
    audit.note(
        Action.RECORDS_SEARCHED,
        subject=("record", None),
        outcome=Outcome.DENIED,
        reason=reason,
        changes=[Change("pan", None, None)],
    )


def test_a_note_says_who_what_when_and_from_where(context: Flask, actor: Callable[..., Actor], api: Api) -> None:
    somebody = actor("editor")
    look(actor=somebody, reason="because ☕ 'quoted'")
    db.session.rollback()
    row = db.session.execute(text("SELECT * FROM audit_entries WHERE action = 'records.searched'")).one()
    assert bytes(row.actor_id) == somebody.account_id.bytes
    assert (row.outcome, row.fields, row.channel, row.actor_type) == ("denied", "pan", "api", "account")
    assert "quoted" not in str(row)


def test_an_entry_keeps_the_answer_readable_after_a_change_of_every_field(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    change = {
        "name": "Új Név", "email": "new@example.com", "primary_mobile": "9000000001", "secondary_mobile": "9000000002",
        "current_address": "1, First Street\nPune", "permanent_address": "2, Second Street\nPune", "is_active": False,
    }  # fmt: skip
    editor.patch(f"/users/{made.id}", json=change)
    entry = editor.get(f"/users/{made.id}/history").json["data"][0]
    assert {found["field"]: found["after"] for found in entry["changes"]} == change


def test_nothing_is_changed_when_the_trail_cannot_be_written(api: Api, app: Flask, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    deleted = make_record()
    editor.delete(f"/users/{deleted.id}")
    before = {table: count(app, table) for table in TABLES}
    _close_the_trail(app)
    before.pop("audit_values")
    try:
        answers = [
            editor.post("/users/", json=record_input(), headers={"Idempotency-Key": "k"}),
            editor.patch(f"/users/{made.id}", json={"name": "Asha Rao"}),
            editor.delete(f"/users/{made.id}"),
            editor.post(f"/users/{deleted.id}/restore"),
            editor.post("/users/batch", json={"items": [record_input()]}),
        ]
        assert all(answer.status_code in (500, 503) for answer in answers), [a.status_code for a in answers]
        assert {table: count(app, table) for table in before} == before
        assert editor.get(f"/users/{made.id}").json["version"] == str(made.version)
        assert editor.get("/users/").status_code == 200
    finally:
        _open_the_trail(app)
    assert editor.patch(f"/users/{made.id}", json={"name": "Asha Rao"}).status_code == 200


def test_no_number_is_revealed_when_the_trail_cannot_be_written(api: Api, app: Flask, make_record: Make) -> None:
    made, supervisor = make_record(), api("supervisor")
    body = {"fields": ["aadhaar"], "reason": "at the counter"}
    _close_the_trail(app)
    try:
        answer = supervisor.post(f"/users/{made.id}/reveal", json=body)
        search = supervisor.post("/users/search/", json={"q": made.values["aadhaar"]})
    finally:
        _open_the_trail(app)
    assert answer.status_code in (500, 503)
    assert made.values["aadhaar"] not in answer.text
    assert search.status_code in (500, 503)


TABLES = (
    "user_records", "identity_vault", "record_suffixes", "outbox", "audit_entries", "audit_values", "idempotency_keys",
)  # fmt: skip


def _close_the_trail(app: Flask) -> None:
    execute(app, "ALTER TABLE audit_values RENAME TO audit_values_away")


def _open_the_trail(app: Flask) -> None:
    execute(app, "ALTER TABLE audit_values_away RENAME TO audit_values")


def test_events_hold_ids_and_names_of_fields_and_no_values(api: Api, app: Flask) -> None:
    editor, given = api("editor"), record_input()
    record = editor.post("/users/", json=given).json
    editor.patch(f"/users/{record['id']}", json={"email": "new@example.com", "secondary_mobile": "9000000002"})
    editor.delete(f"/users/{record['id']}", json={"reason": "registered twice"})
    editor.post("/users/", json={**given, "name": "Asha Rao"})
    with app.app_context():
        rows = db.session.execute(
            text("SELECT type, subject_id, data FROM outbox WHERE type LIKE 'record.%' ORDER BY occurred_at, id")
        ).all()
    events = [(row.type, json.loads(row.data)) for row in rows]
    assert [name for name, _ in events] == ["record.created", "record.updated", "record.deleted", "record.restored"]
    assert events[1][1]["changed_fields"] == ["email", "secondary_mobile"]
    assert {bytes(row.subject_id).hex() for row in rows} == {record["id"].replace("-", "")}
    assert all(set(data) <= {"version", "changed_fields"} for _, data in events)
    assert "email" in events[3][1]["changed_fields"]
    assert not any(value in str(events) for value in given.values() if isinstance(value, str))


@pytest.mark.parametrize("address", ["x" * 200, "fe80::1%eth0", "not an address", "é"])
def test_a_strange_address_of_the_caller_stops_no_change(
    make_app: Callable[..., Flask], api: Api, address: str
) -> None:
    editor = api("editor")
    behind = JsonClient(make_app(TRUSTED_PROXIES="1").test_client(), editor.token)
    headers = {"X-Forwarded-For": address.encode().decode("latin-1")}
    assert behind.post("/users/", json=record_input(), headers=headers).status_code == 201

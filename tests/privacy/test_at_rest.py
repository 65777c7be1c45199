"""What lies in the database: no Aadhaar and no PAN, plain or as a hash, and nothing of who was refused."""

from collections.abc import Callable

from flask import Flask

from app.core.database import utc_now
from tests.browsing import JsonClient
from tests.factories import record_input
from tests.privacy.seen import NUMBERS, assert_unseen, stored, tables_and_files, traces
from tests.records.partner import count

Api = Callable[..., JsonClient]


def live_through(api: Api) -> list[dict[str, object]]:
    """Do with some people whatever the API offers; return them."""
    editor, supervisor = api("editor"), api("supervisor")
    people = [record_input(secondary_mobile=f"98{number:08d}") for number in range(6)]
    ids = []
    for number, given in enumerate(people[:3]):
        answer = editor.post("/users/", json=given, headers={"Idempotency-Key": f"k{number}"})
        ids.append(answer.json["id"])
        editor.post("/users/", json=given, headers={"Idempotency-Key": f"k{number}"})
        editor.post("/users/", json=given)
    editor.post("/users/batch", json={"items": [{**people[3], "idempotency_key": "k3"}, people[4]]})
    editor.post("/users/", json={**people[5], "date_of_birth": "bad"}, headers={"Idempotency-Key": "k5"})
    for given in people:
        for field in (*NUMBERS, "primary_mobile"):
            supervisor.post("/users/search/", json={"q": given[field]})
    for record_id in ids:
        supervisor.get(f"/users/{record_id}")
        supervisor.post(f"/users/{record_id}/reveal", json={"fields": ["aadhaar", "pan"], "reason": "at the counter"})
        editor.patch(f"/users/{record_id}", json={"name": "Asha Rao", "current_address": "2, Some Other Street, Pune"})
        editor.delete(f"/users/{record_id}", json={"reason": "registered twice"})
    editor.post("/users/", json=people[0])
    editor.post(f"/users/{ids[1]}/restore")
    return people


def test_no_number_lies_in_the_database_plain_or_as_a_hash(api: Api, app: Flask) -> None:
    people = live_through(api)
    app.extensions["views"].later.flush()
    forbidden = traces(people, NUMBERS, hashed=True)
    looked_at = 0
    for place, content in tables_and_files(app):
        assert_unseen(forbidden, content, place)
        looked_at += len(content)
    assert looked_at > 10_000
    assert count(app, "identity_vault") == 5


def test_kept_answers_events_and_entries_hold_nothing_of_a_person(api: Api, app: Flask) -> None:
    people = live_through(api)
    fields = ("aadhaar", "pan", "email", "primary_mobile", "secondary_mobile", "current_address", "date_of_birth")
    forbidden = traces(people, fields, hashed=True) | {b"Asha": "a name", b"registered twice": "a reason"}
    for place, content in tables_and_files(app):
        if place in ("idempotency_keys", "outbox", "audit_entries", "audit_values", "record_views", "identity_vault"):
            assert_unseen(forbidden, content, place)


def test_who_is_under_eighteen_leaves_nothing(api: Api, app: Flask) -> None:
    editor = api("editor")
    today = utc_now().date()
    child = record_input(
        name="Chhoti Kumari", date_of_birth=today.replace(year=today.year - 17, day=1).isoformat(),
        current_address="77, Balika Vihar, Kanpur", place_of_birth="Unnao", secondary_mobile="9111111119",
    )  # fmt: skip
    before = {table: count(app, table) for table in TABLES}
    for key in ("k1", "k1"):
        answer = editor.post("/users/", json=child, headers={"Idempotency-Key": key})
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "UNDERAGE")
    answer = editor.post("/users/batch", json={"items": [{**child, "idempotency_key": "k2"}]})
    assert answer.json[0]["status"] == 422
    assert {table: count(app, table) for table in TABLES} == before
    fields = (
        "name",
        "email",
        "primary_mobile",
        "secondary_mobile",
        "aadhaar",
        "pan",
        "current_address",
        "place_of_birth",
    )
    forbidden = traces([child], fields, hashed=True)
    for place, content in tables_and_files(app):
        assert_unseen(forbidden, content, place)


TABLES = (
    "user_records",
    "identity_vault",
    "record_suffixes",
    "idempotency_keys",
    "audit_entries",
    "audit_values",
    "outbox",
)


def test_a_number_has_another_key_in_every_record_and_none_that_can_be_computed(api: Api, app: Flask) -> None:
    live_through(api)
    keys = {content.split(b"\n")[0] for place, content in stored(app) if place == "identity_vault"}
    assert len(keys) == 5

"""`flask records generate`: valid, unique, synthetic people in bulk, one entry and no events."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import event, text

from app.core.checks import Checks
from app.core.database import utc_now
from app.core.identity import system_actor
from app.extensions import db
from app.records import bulk
from app.records.identifiers import canonical_aadhaar, canonical_pan
from tests.browsing import JsonClient
from tests.factories import MadeRecord
from tests.records.partner import count

Api = Callable[..., JsonClient]


def generate(app: Flask, number: int, seed: int = 7) -> Result:
    return app.test_cli_runner().invoke(args=["records", "generate", "--count", str(number), "--seed", str(seed)])


@pytest.fixture
def generated(app: Flask) -> Flask:
    """Make up three hundred people."""
    done = generate(app, 300)
    assert (done.exit_code, done.stdout) == (0, "300 people added\n"), done.output
    return app


def test_people_are_many_valid_and_found(generated: Flask, api: Api) -> None:
    supervisor = api("supervisor")
    first = supervisor.get("/users/?page_size=100").json
    assert first["total"] == 300
    assert len({record["reference"] for record in first["data"]}) == 100
    record = first["data"][0]
    reveal = {"fields": ["aadhaar", "pan"], "reason": "a look at a synthetic person"}
    numbers = supervisor.post(f"/users/{record['id']}/reveal", json=reveal).json
    assert canonical_aadhaar(numbers["aadhaar"], allow_test_identities=False) == numbers["aadhaar"]
    assert canonical_pan(numbers["pan"], allow_test_identities=False) == numbers["pan"]
    for q in (
        numbers["aadhaar"],
        numbers["pan"],
        record["primary_mobile"],
        record["email"],
        record["name"],
        record["reference"],
    ):
        found = supervisor.post("/users/search/", json={"q": q}).json["data"]
        assert record["id"] in [one["id"] for one in found], q


def test_people_take_updates_deletes_and_restores_as_others_do(generated: Flask, api: Api) -> None:
    editor = api("editor")
    record = editor.get("/users/?page_size=1").json["data"][0]
    path = f"/users/{record['id']}"
    changed = editor.patch(path, json={"name": "Asha Rao", "version": record["version"]})
    assert changed.status_code == 200
    assert editor.get("/users/search/?q=asha rao").json["total"] >= 1
    assert editor.delete(path).status_code == 200
    assert editor.post(f"{path}/restore").status_code == 200
    stale = editor.patch(path, json={"name": "Asha Das", "version": record["version"]})
    assert (stale.status_code, stale.json["changed_fields"]) == (409, ["name"])


def test_generating_is_one_entry_and_no_event(generated: Flask, api: Api) -> None:
    entries = api("supervisor").get("/audit?action=records.generated").json["data"]
    assert len(entries) == 1
    assert {change["field"]: change["after"] for change in entries[0]["changes"]} == {"count": 300, "seed": 7}
    assert entries[0]["actor_type"] == "system"
    assert count(generated, "outbox WHERE type LIKE 'record%'") == 0
    assert count(generated, "audit_entries WHERE action = 'record.created'") == 0


def test_the_same_seed_makes_the_same_people_and_says_that_they_are_there(generated: Flask) -> None:
    again = generate(generated, 10)
    assert again.exit_code == 1
    assert "use another --seed" in again.stderr
    assert count(generated, "user_records") == 300
    assert generate(generated, 10, seed=8).exit_code == 0
    assert count(generated, "user_records") == count(generated, "identity_vault") == 310


def test_names_are_in_several_scripts_and_nobody_is_a_child(generated: Flask) -> None:
    with generated.app_context():
        rows = db.session.execute(text("SELECT name, date_of_birth, is_active FROM user_records")).all()
    scripts = {ord(row.name[0]) >> 7 for row in rows}
    assert len(scripts) > 3
    today = utc_now().date()
    assert all(int(str(row.date_of_birth)[:4]) <= today.year - 18 for row in rows)
    assert Checks(today=today).timezone == "Asia/Kolkata"


def test_a_name_that_changes_while_the_index_is_written_anew_is_found(
    app: Flask, api: Api, make_record: Callable[..., MadeRecord]
) -> None:
    made, editor = make_record(name="Asha Verma", email="a.v@example.com"), api("editor")
    clerk = threading.Thread(target=lambda: editor.patch(f"/users/{made.id}", json={"name": "Nisha Rao"}))

    def rename(_connection: object, _cursor: object, words: str, *_: Any) -> None:
        if words.startswith("SELECT user_records.id, user_records.name") and clerk.ident is None:
            clerk.start()
            clerk.join(0.3)  # until the change is saved, or has to wait for the index

    with app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", rename)
    try:
        done = app.test_cli_runner().invoke(args=["records", "reindex"])
    finally:
        event.remove(engine, "after_cursor_execute", rename)
    assert done.exit_code == 0
    assert done.stdout.endswith("1 records indexed\n")
    clerk.join()
    assert [editor.get(f"/users/search/?q={q}").json["total"] for q in ("nisha", "asha")] == [1, 0]


def test_people_come_in_pieces(app: Flask) -> None:
    with app.app_context():
        done = list(bulk.generate_records(2300, 3, today=utc_now().date(), actor=system_actor()))
    assert done == [2000, 2300]
    assert count(app, "user_records") == 2300


@pytest.mark.parametrize(
    "arguments", [["--count", "0", "--seed", "1"], ["--count", "x", "--seed", "1"], ["--count", "5"]]
)
def test_a_wrong_option_is_told(app: Flask, arguments: list[str]) -> None:
    done = app.test_cli_runner().invoke(args=["records", "generate", *arguments])
    assert done.exit_code == 2

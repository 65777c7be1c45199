"""GET /events: complete, in order, and without a word about a person."""

import json
import re
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from flask import Flask
from sqlalchemy import QueuePool, insert, select

from app.core.database import new_id, table_of, utc_now
from app.core.outbox import OutboxMessage
from app.delivery import arranging
from app.delivery.events import EVENT_TYPES
from app.extensions import db
from tests.browsing import JsonClient, messages
from tests.delivery.worker_process import wait_until
from tests.factories import PASSWORD, MadeAccount, MadeRecord
from tests.mailbox import Mailbox
from tests.services.served import ROOT

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]
OUTBOX = table_of(OutboxMessage)


def feed(reader: JsonClient, address: str = "") -> list[dict[str, Any]]:
    """Read the feed from its beginning, or as the query string says."""
    answer = reader.get(f"/events{address}")
    assert answer.status_code == 200, answer.text
    events: list[dict[str, Any]] = answer.json["data"]
    return events


def of_records(reader: JsonClient) -> list[dict[str, Any]]:
    return [event for event in feed(reader) if event["type"].startswith("record.")]


def row(event_id: UUID, subject_id: UUID, type_: str = "record.updated") -> dict[str, Any]:
    """Make an event as a command of any process would leave it."""
    return {"id": event_id, "type": type_, "subject_id": subject_id, "occurred_at": utc_now(), "data": {}}


def commit_events(app: Flask, *rows: dict[str, Any]) -> None:
    """Commit events behind the program's back."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(insert(OUTBOX), list(rows))


def test_what_happens_to_a_record_is_told_in_its_order(api: Api, make_record: Make) -> None:
    record, editor, reader = make_record(), api("editor"), api("supervisor")
    changed = editor.patch(f"/users/{record.id}", json={"name": "Asha Rao", "secondary_mobile": "9123456780"})
    assert editor.delete(f"/users/{record.id}").status_code == 200
    assert editor.post(f"/users/{record.id}/restore").status_code == 200
    events = of_records(reader)
    assert [event["type"] for event in events] == [
        "record.created",
        "record.updated",
        "record.deleted",
        "record.restored",
    ]
    assert {event["subject"] for event in events} == {str(record.id)}
    assert events[1]["data"] == {
        "record_id": str(record.id),
        "version": changed.json["version"],
        "changed_fields": ["name", "secondary_mobile"],
    }


def test_an_event_is_a_cloud_event(api: Api, app: Flask, make_record: Make) -> None:
    record = make_record()
    answer = api("supervisor").get("/events?type=record.created")
    (event,) = answer.json["data"]
    assert set(event) == {"specversion", "id", "source", "type", "time", "subject", "datacontenttype", "data"}
    read = JSONFormat().read(CloudEvent, json.dumps(event).encode())
    assert read.get_source() == app.extensions["config"].base_url
    assert read.get_type() == "record.created"
    assert datetime.fromisoformat(event["time"]) <= utc_now()
    assert event["time"].endswith("Z")
    assert read.get_data() == {"record_id": str(record.id), "version": str(record.version)}
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_feed_tells_nothing_of_a_person(api: Api, make_record: Make) -> None:
    record, editor, reader = make_record(), api("editor"), api("supervisor")
    editor.patch(f"/users/{record.id}", json={"name": "Asha Rao", "current_address": "7 Lake View Road, Pune 411001"})
    said = json.dumps(reader.get("/events").json)
    values = [str(value) for value in record.values.values() if not isinstance(value, bool)]
    assert [value for value in [*values, "Asha", "Lake View"] if value in said] == []


def test_what_accounts_do_is_told_by_their_id(api: Api, make_account: Callable[..., MadeAccount]) -> None:
    reader, account = api("supervisor"), make_account("viewer")
    api(account=account)
    events = [event for event in feed(reader) if event["subject"] == str(account.id)]
    assert [event["type"] for event in events] == ["user.logged_in"]
    assert events[0]["data"] == {"user_id": str(account.id)}


def test_who_registers_is_told_of_once_registered_and_once_verified(api: Api, mailbox: Mailbox) -> None:
    made = api(None).post("/auth/register", json={"email": "asha@example.com", "password": PASSWORD})
    token = mailbox.token("asha@example.com")
    assert api(None).post("/auth/verify-email", json={"token": token}).status_code == 200
    told = [event["type"] for event in feed(api("supervisor")) if event["subject"] == made.json["id"]]
    assert told == ["user.registered", "user.email_verified"]


def test_a_refused_change_is_not_told(api: Api, make_record: Make) -> None:
    record = make_record()
    refused = api("editor").patch(f"/users/{record.id}", json={"name": "Asha Rao", "email": "no address"})
    assert refused.status_code == 422
    assert [event["type"] for event in of_records(api("supervisor"))] == ["record.created"]


def test_a_walk_through_the_feed_shows_everything_once(api: Api, make_record: Make) -> None:
    made = [str(make_record().id) for _ in range(5)]
    reader = api("supervisor")
    seen: list[str] = []
    after, more = "", True
    while more:
        page = reader.get(f"/events?type=record.created&limit=2{after}").json
        assert len(page["data"]) <= 2
        seen += [event["subject"] for event in page["data"]]
        after, more = f"&after={page['next_after']}", page["has_more"]
    assert seen == made
    end = reader.get(f"/events?type=record.created{after}").json
    assert end == {"data": [], "next_after": after.removeprefix("&after="), "has_more": False}


def test_whatever_is_published_can_be_asked_for() -> None:
    published = re.compile(r'outbox\.publish\(\s*"([^"]+)"')
    found = {type_ for path in (ROOT / "app").rglob("*.py") for type_ in published.findall(path.read_text())}
    assert found
    assert found <= set(EVENT_TYPES)


def test_an_empty_feed_has_no_place_to_go_on_from(api: Api) -> None:
    assert api("supervisor").get("/events?type=record.erased").json == {
        "data": [],
        "next_after": None,
        "has_more": False,
    }


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_only_who_may_read_events_reads_them(api: Api, role: str) -> None:
    assert api(role).get("/events").status_code == 403
    assert api(None).get("/events").status_code == 401


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after=0193a1f0-0000-7000-8000-000000000001", "after"),
        ("after=yesterday", "after"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("type=record.exploded", "type"),
        ("wait=21", "wait"),
        ("wait=soon", "wait"),
        ("page=1", "page"),
        ("after=1&after=2", "after"),
    ],
)
def test_wrong_parameters_are_named(api: Api, query: str, field: str) -> None:
    answer = api("supervisor").get(f"/events?{query}")
    assert answer.status_code == 422
    assert list(messages(answer)) == [field]


def test_what_commits_late_is_not_skipped(api: Api, app: Flask) -> None:
    early, subject = new_id(), new_id()
    late = [new_id() for _ in range(3)]
    reader = api("supervisor")
    commit_events(app, *(row(event_id, subject) for event_id in late))
    page = reader.get("/events?type=record.updated").json
    assert [event["id"] for event in page["data"]] == [str(event_id) for event_id in late]
    commit_events(app, row(early, subject))
    assert early < late[0]
    page = reader.get(f"/events?type=record.updated&after={page['next_after']}").json
    assert [event["id"] for event in page["data"]] == [str(early)]


@pytest.mark.mariadb
@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_a_transaction_that_is_still_open_holds_nobody_up_and_loses_nothing(
    api: Api, app: Flask, make_record: Make
) -> None:
    reader, open_id = api("supervisor"), new_id()
    with app.app_context(), db.engine.connect().execution_options(begin="IMMEDIATE") as slow:
        slow.execute(insert(OUTBOX), [row(open_id, new_id())])
        record = make_record()
        began = time.monotonic()
        page = reader.get("/events").json
        assert time.monotonic() - began < 2
        assert str(record.id) in [event["subject"] for event in page["data"]]
        assert str(open_id) not in [event["id"] for event in page["data"]]
        slow.commit()
    assert [event["id"] for event in feed(reader, f"?after={page['next_after']}")] == [str(open_id)]


def test_several_arrangers_give_each_event_one_place(app: Flask) -> None:
    subjects = [new_id() for _ in range(8)]
    commit_events(app, *(row(new_id(), subject) for _ in range(100) for subject in subjects))
    failures: list[Exception] = []

    def arrange() -> None:
        try:
            with app.app_context():
                arranging.arrange()
        except Exception as error:  # noqa: BLE001 - the test tells of it
            failures.append(error)

    threads = [threading.Thread(target=arrange) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with app.app_context():
        rows = db.session.execute(select(OUTBOX.c.id, OUTBOX.c.subject_id).order_by(OUTBOX.c.position)).all()
        places = list(db.session.scalars(select(OUTBOX.c.position).order_by(OUTBOX.c.position)))
    assert places == list(range(1, 801))
    for subject in subjects:
        mine = [event.id for event in rows if event.subject_id == subject]
        assert mine == sorted(mine)


def test_a_patient_reader_is_told_as_soon_as_something_happens(api: Api, app: Flask, make_record: Make) -> None:
    reader, seats = api("supervisor"), app.extensions["feed"]._seats
    last = reader.get("/events").json["next_after"]
    answers: list[Any] = []
    patient = threading.Thread(target=lambda: answers.append(reader.get(f"/events?after={last}&wait=20")))
    patient.start()
    wait_until(lambda: seats._value < seats._initial_value)
    with app.app_context():
        wait_until(lambda: cast(QueuePool, db.engine.pool).checkedout() == 0)  # who waits holds no connection
    record = make_record()
    patient.join(10)
    assert [event["subject"] for event in answers[0].json["data"]] == [str(record.id)]
    assert seats._value == seats._initial_value


def test_where_too_many_wait_the_answer_comes_at_once(api: Api, app: Flask) -> None:
    reader, seats = api("supervisor"), app.extensions["feed"]._seats
    reader.get("/events")
    for _ in range(seats._initial_value):
        assert seats.acquire(blocking=False)
    try:
        began = time.monotonic()
        assert reader.get("/events?type=record.erased&wait=20").json["data"] == []
        assert time.monotonic() - began < 10
    finally:
        for _ in range(seats._initial_value):
            seats.release()


def test_patience_ends_with_an_empty_answer(api: Api) -> None:
    reader = api("supervisor")
    began = time.monotonic()
    page = reader.get("/events?type=record.erased&wait=1").json
    assert (page["data"], page["has_more"]) == ([], False)
    assert 1 <= time.monotonic() - began < 5

"""A clock that is set an hour back or forward: nothing is lost, done twice, or held for ever, and nothing is a 500."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from app.core import letters, transaction
from app.core.database import new_id
from app.delivery import arranging, postbox
from app.delivery.broker_relay import Teller
from app.delivery.events import FeedEvent
from tests.browsing import JsonClient, Person
from tests.factories import record_input

HOUR = 3600.0
SHIFTS = pytest.mark.parametrize("seconds", [HOUR, -HOUR], ids=["forward", "back"])


def set_by(seconds: float) -> time_machine.travel:
    """Set the clock; it goes on from there."""
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True)


def feed(caller: JsonClient) -> list[str]:
    """Read the whole feed in small parts, as a reader that goes on where it was would."""
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while page := caller.get("/events", query_string=query).get_json()["data"]:
        found += [event["subject"] for event in page]
        query["after"] = page[-1]["id"]
    return found


@SHIFTS
def test_what_is_written_around_a_jump_is_there_once_and_in_its_order(
    app: Flask, api: Callable[..., JsonClient], seconds: float
) -> None:
    before, made = api("admin"), []
    given, key = record_input(), {"Idempotency-Key": "around-the-jump"}

    def save(caller: JsonClient, **person: Any) -> dict[str, Any]:
        answer = caller.post("/users/", json=record_input(**person))
        assert answer.status_code == 201, answer.text
        return dict(answer.get_json())

    made += [save(before), before.post("/users/", json=given, headers=key).get_json(), save(before)]
    with set_by(seconds):
        during = api("admin")
        made += [save(during), save(during)]
        changed = during.patch(f"/users/{made[0]['id']}", json={"name": "Asha Rao", "version": made[0]["version"]})
        assert changed.status_code == 200
    made.append(save(before))
    replayed = before.post("/users/", json=given, headers=key)
    assert (replayed.status_code, replayed.headers["Idempotency-Replayed"]) == (201, "true")
    stale = before.patch(f"/users/{made[0]['id']}", json={"name": "Asha Roy", "version": made[0]["version"]})
    assert stale.status_code == 409
    told = [subject for subject in feed(before) if subject in {record["id"] for record in made}]
    created = [record["id"] for record in made]
    assert [*created[:5], created[0], created[5]] == told
    assert {record["id"] for record in before.get("/users/").get_json()["data"]} >= set(created)
    checked = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert checked.exit_code == 0, checked.output


@SHIFTS
def test_who_is_signed_in_stays_so_or_is_asked_again(
    api: Callable[..., JsonClient], page: Callable[..., Person], seconds: float
) -> None:
    program, person = api(), page()
    with set_by(seconds):
        assert program.get("/users/").status_code in {200, 401}
        assert person.client.get("/records").status_code in {200, 303}
        assert api().get("/users/").status_code == 200
        assert page().client.get("/records").status_code == 200
    assert program.get("/users/").status_code == 200
    assert person.client.get("/records").status_code in {200, 303}


@SHIFTS
def test_a_lease_from_before_the_clock_was_set_holds_nothing_for_long(app: Flask, seconds: float) -> None:
    with app.app_context():
        with set_by(-2 * HOUR):
            transaction.run(lambda: letters.post("password_changed", subject_id=new_id(), to="asha@example.com"))
        assert postbox.claim(new_id()) is not None, "and its holder dies"
        with set_by(seconds):
            assert postbox.claim(new_id()) is not None


class Noted:
    """A broker that keeps what it is sent."""

    def __init__(self) -> None:
        self.ids: list[Any] = []

    def send(self, events: Iterable[FeedEvent], is_over: Callable[[], bool]) -> Iterator[FeedEvent]:
        """Keep the ids."""
        for event in events:
            if is_over():
                return
            self.ids.append(event.id)
            yield event


@SHIFTS
def test_a_broker_is_told_at_once_and_once(app: Flask, api: Callable[..., JsonClient], seconds: float) -> None:
    broker, told = Noted(), 0
    caller = api("admin")
    for shift in (0.0, seconds, 0.0):
        with app.app_context(), set_by(shift):
            arranging.arrange()
            told += Teller(broker).tell(lambda: False)
            assert len(broker.ids) == told
        assert caller.post("/users/", json=record_input()).status_code == 201
    assert told >= 2
    assert len(set(broker.ids)) == told

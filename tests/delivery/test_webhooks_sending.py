"""Webhooks on their way: signed, in order, tried again; and receivers that do what they like harm nobody."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from standardwebhooks import Webhook

from app.core.database import new_id
from app.delivery import arranging, webhook_claims, webhooks
from app.delivery.sender import Sender
from app.delivery.webhook_claims import pause_after
from app.delivery.worker import Duty, Worker, duties_of
from tests.delivery.webhook_room import ATTEMPT_SECONDS, deliver, make, publish, rows
from tests.delivery.worker_process import wait_until
from tests.services.receiver import Behaviour, Receiver, answer, drip, drop, flood, garbage, hang, receiving, speak


@pytest.fixture(scope="module")
def shared_receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def receiver(shared_receiver: Receiver) -> Receiver:
    shared_receiver.received.clear()
    shared_receiver.behaviours.clear()
    shared_receiver.connections = 0
    return shared_receiver


@pytest.fixture
def admin(api: Callable[..., Any]) -> Any:
    return api("admin")


def later(**time_on: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**time_on))


def deliveries(admin: Any, hook: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.get(f"/webhooks/{hook['id']}/deliveries").get_json()["data"]
    return found


def test_a_record_that_is_made_is_told_signed_and_without_a_word_about_the_person(
    app: Flask, admin: Any, receiver: Receiver, make_record: Any
) -> None:
    hook = make(admin, receiver.url("/hook?key=1"), ("record.created",))
    record = make_record()
    assert deliver(app) == 1
    (got,) = receiver.at("/hook?key=1")
    event = Webhook(hook["secret"]).verify(got.body, got.headers)
    assert event["data"]["record_id"] == event["subject"] == str(record.id)
    assert got.headers["webhook-id"] == event["id"]
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert not any(str(value) in got.body.decode() for value in record.values.values() if isinstance(value, str))
    (told,) = deliveries(admin, hook)
    shown = {"event_id": event["id"], "event_type": "record.created", "status": "delivered", "attempts": 1}
    assert shown.items() <= told.items()
    assert (told["response_status"], told["next_attempt_at"]) == (200, None)


def test_each_webhook_is_told_what_it_asked_for_and_once(app: Flask, admin: Any, receiver: Receiver) -> None:
    make(admin, receiver.url("/some"), ("record.updated", "record.deleted"))
    make(admin, receiver.url("/all"))
    make(admin, receiver.url("/off"), is_active=False)
    publish(app, "record.created", "record.updated", "record.deleted")
    assert deliver(app) == 5
    assert deliver(app) == 0
    assert [one.event["type"] for one in receiver.at("/some")] == ["record.updated", "record.deleted"]
    assert [one.event["type"] for one in receiver.at("/all")] == ["record.created", "record.updated", "record.deleted"]
    assert receiver.at("/off") == []


def test_a_webhook_is_told_nothing_from_before_it_was_made(app: Flask, admin: Any, receiver: Receiver) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=5)):
        publish(app, "record.created")
    make(admin, receiver.url())
    assert deliver(app) == 0


def test_both_secrets_sign_for_a_day_after_a_rotation(app: Flask, admin: Any, receiver: Receiver) -> None:
    hook = make(admin, receiver.url())
    turned = admin.patch(f"/webhooks/{hook['id']}", json={"rotate_secret": True}).get_json()
    assert turned["secret"].startswith("whsec_")
    assert turned["secret"] != hook["secret"]
    publish(app, "record.created")
    deliver(app)
    for secret in (hook["secret"], turned["secret"]):
        Webhook(secret).verify(receiver.received[0].body, receiver.received[0].headers)
    with later(hours=24, minutes=1):
        publish(app, "record.updated")
        deliver(app)
        assert len(receiver.received[1].headers["webhook-signature"].split()) == 1
        Webhook(turned["secret"]).verify(receiver.received[1].body, receiver.received[1].headers)


def endless_interim(line: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 512)


BAD = {
    "an error": (answer(500), 500, None),
    "a refusal": (answer(404), 404, None),
    "a redirect": (answer(302, "Location: http://127.0.0.1:9/elsewhere"), 302, None),
    "dropping": (drop, None, "connection was cut"),
    "garbage": (garbage, None, "answer is no HTTP"),
    "hanging": (hang, None, "no answer in time"),
    "dripping headers": (drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), None, "no answer in time"),
    "endless headers": (flood(b"HTTP/1.1 200 OK\r\n"), None, "answer is no HTTP"),
    "a date beyond all time": (
        answer(429, "Retry-After: Mon, 01 Jan 2027 00:00:00 +99999999999999999999"),
        429,
        None,
    ),
    "a chunk of negative length": (
        speak(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n-10\r\n\r\n"),
        500,
        None,
    ),
    "two lengths": (speak(b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab"), None, "answer is no HTTP"),
    "endless interim answers": (endless_interim, None, "no answer in time"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_success_is_tried_again(app: Flask, admin: Any, receiver: Receiver, case: str) -> None:
    behaviour, status, problem = BAD[case]
    hook = make(admin, receiver.on("/bad", behaviour))
    publish(app, "record.created")
    began = time.monotonic()
    assert deliver(app) == 1
    assert time.monotonic() - began < ATTEMPT_SECONDS + 3
    (row,) = rows(app)
    assert (row.state, row.attempts, row.response_status, row.problem) == ("pending", 1, status, problem)
    (told,) = deliveries(admin, hook)
    assert (told["status"], told["response_status"]) == ("pending", status)
    assert told["next_attempt_at"] is not None
    receiver.behaviours["/bad"] = answer(204)
    with later(seconds=6):
        assert deliver(app) == 1
    assert rows(app)[0].state == "delivered"
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        flood(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"),
        flood(b"HTTP/1.1 200 OK\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n"),
        answer(200, "Content-Encoding: gzip", body=b"no gzip at all"),
        answer(204),
    ],
)
def test_a_success_stands_whatever_its_body_does(app: Flask, admin: Any, receiver: Receiver, behaviour: Any) -> None:
    make(admin, receiver.on("/much", behaviour))
    publish(app, "record.created")
    deliver(app)
    (row,) = rows(app)
    assert row.state == "delivered"
    assert row.response_bytes is not None
    assert row.response_bytes <= 64 * 1024


def test_a_receiver_that_nobody_listens_at_is_tried_again(app: Flask, admin: Any) -> None:
    with receiving() as gone:
        url = gone.url()
    make(admin, url)
    publish(app, "record.created")
    deliver(app)
    (row,) = rows(app)
    assert row.state == "pending"
    assert row.problem == "could not connect"


def test_it_is_given_up_after_the_last_try_and_can_be_sent_again(app: Flask, admin: Any, receiver: Receiver) -> None:
    hook = make(admin, receiver.on("/bad", answer(503)))
    subject = publish(app, "record.created")
    for _attempt in range(9):
        with later(days=_attempt * 2):
            assert deliver(app) == 1
    (row,) = rows(app)
    assert (row.state, row.attempts, row.next_attempt_at) == ("failed", 9, None)
    publish(app, "record.updated", subject=subject)  # what follows is no longer held up
    receiver.behaviours.clear()
    assert deliver(app) == 1
    with app.app_context():
        assert webhooks.send_again(row.webhook_id, row.id)
        assert not webhooks.send_again(row.webhook_id, row.id)
    assert deliver(app) == 1
    assert [one["status"] for one in deliveries(admin, hook)] == ["delivered", "delivered"]
    assert rows(app)[0].attempts == 10


def test_pauses_follow_the_settings_and_are_never_in_step() -> None:
    schedule = (5, 30, 120)
    assert all(4.5 <= (pause_after(1, schedule) or 0) <= 5.5 for _ in range(50))
    assert len({pause_after(2, schedule) for _ in range(10)}) > 1
    assert pause_after(4, schedule) is None
    assert pause_after(1, schedule, 60.0) == 60.0
    assert (pause_after(3, schedule, 1.0) or 0) >= 108
    assert pause_after(1, schedule, 10.0**9) == 86_400


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_says_when_it_wants_to_be_asked_again(
    app: Flask, admin: Any, receiver: Receiver, status: int
) -> None:
    make(admin, receiver.on("/busy", answer(status, "Retry-After: 120")))
    publish(app, "record.created")
    deliver(app)
    receiver.behaviours.clear()
    with later(seconds=60):
        assert deliver(app) == 0
    with later(seconds=122):
        assert deliver(app) == 1
    assert rows(app)[0].state == "delivered"


def test_a_receiver_that_is_gone_is_told_no_more(app: Flask, admin: Any, receiver: Receiver) -> None:
    hook = make(admin, receiver.on("/gone", answer(410)))
    publish(app, "record.created", "record.updated")
    deliver(app)
    assert len(receiver.received) == 1
    (shown,) = admin.get("/webhooks").get_json()["data"]
    assert (shown["is_active"], shown["disabled_reason"]) == (False, "gone")
    told = [(row.state, row.response_status, row.problem) for row in rows(app)]
    assert told == [("failed", 410, None), ("failed", None, "webhook off")]  # the one was refused, the other never sent
    (entry,) = admin.get("/audit?action=webhook.updated").get_json()["data"]
    assert (entry["actor_type"], entry["subject_id"]) == ("system", hook["id"])
    publish(app, "record.deleted")
    assert deliver(app) == 0
    receiver.behaviours.clear()
    back = admin.patch(f"/webhooks/{hook['id']}", json={"is_active": True}).get_json()
    assert (back["is_active"], back["disabled_reason"]) == (True, None)
    publish(app, "record.restored")
    assert deliver(app) == 1


def test_what_a_receiver_refuses_holds_up_the_same_record_and_no_other(
    app: Flask, admin: Any, receiver: Receiver
) -> None:
    make(admin, receiver.on("/picky", answer(500)))
    first = publish(app, "record.created", "record.updated")
    deliver(app)
    receiver.behaviours["/picky"] = answer(200)
    publish(app, "record.created")
    deliver(app)
    told = [(one.event["subject"] == str(first), one.event["type"]) for one in receiver.received]
    assert told == [(True, "record.created"), (False, "record.created")]
    with later(seconds=6):
        deliver(app)
    told = [(one.event["subject"] == str(first), one.event["type"]) for one in receiver.received]
    assert told[2:] == [(True, "record.created"), (True, "record.updated")]


def test_receivers_that_hang_hold_up_nobody(app: Flask, admin: Any, receiver: Receiver) -> None:
    for number in range(12):
        make(admin, receiver.on(f"/hangs{number}", hang))
    make(admin, receiver.url("/well"))
    for _number in range(5):
        publish(app, "record.updated")
    sender = Sender(lambda: len(receiver.at("/well")) == 5, seconds=2.0)
    began = time.monotonic()
    deliver(app, sender=sender)
    assert time.monotonic() - began < 1.9
    assert len(receiver.at("/well")) == 5
    with app.app_context():
        sender.close()
    assert {row.state for row in rows(app) if row.response_status is None} == {"pending"}


def test_a_claim_is_good_for_one_worker_until_its_lease_ends(app: Flask, admin: Any, receiver: Receiver) -> None:
    make(admin, receiver.url())
    publish(app, "record.created")
    with app.app_context():
        arranging.arrange()
        ((delivery_id, _webhook),) = webhook_claims.due((), 10)
        first = webhook_claims.claim(delivery_id, new_id())
        assert first is not None
        assert webhook_claims.claim(delivery_id, new_id()) is None
        assert webhook_claims.due((), 10) == []
        with later(seconds=61):
            second = webhook_claims.claim(delivery_id, new_id())
            assert second is not None
            webhook_claims.settle(first, webhook_claims.Result(1, 500))  # whoever lost the lease changes nothing
            assert rows(app)[0].leased_by == second.claimant
            webhook_claims.settle(second, webhook_claims.Result(1, 200))
    assert rows(app)[0].state == "delivered"


def test_a_worker_that_is_told_to_stop_ends_what_it_has_in_hand(app: Flask, admin: Any, receiver: Receiver) -> None:
    make(admin, receiver.on("/slow", after(0.5, answer())))
    publish(app, "record.created")
    with app.app_context():
        arranging.arrange()
    worker = Worker(app, lambda stopping: [webhooks_duty(app, stopping)])
    running = threading.Thread(target=worker.run)
    running.start()
    wait_until(lambda: bool(receiver.received))
    worker.stop()
    running.join(10)
    assert not running.is_alive()
    (row,) = rows(app)
    assert (row.state, row.leased_by) == ("delivered", None)


def after(seconds: float, behave: Behaviour) -> Behaviour:
    def wait_first(line: socket.socket, over: threading.Event) -> None:
        over.wait(seconds)
        behave(line, over)

    return wait_first


def webhooks_duty(app: Flask, stopping: Callable[[], bool]) -> Duty:
    return next(duty for duty in duties_of(app.extensions["config"], stopping) if duty.name == "webhooks")

"""Workers as processes: three of them tell a receiver once, and what a killed one had in hand is told after all."""

import json
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPConnection
from uuid import UUID

import pytest
from sqlalchemy import Engine, NullPool, create_engine, insert, text

from app.core.database import new_id, table_of, utc_now
from app.core.outbox import OutboxMessage
from tests.delivery.worker_process import wait_until, worker_of
from tests.factories import PASSWORD
from tests.services.receiver import Receiver, answer, hang, receiving
from tests.services.served import Served

SUBJECTS = [new_id() for _ in range(30)]
ADMIN = "admin@example.com"


def register_webhook(room: Served, url: str) -> None:
    """Make a webhook over JSON, with a key of the first admin."""
    key = room.command("api-keys", "create", "--account", ADMIN, "--scopes", "webhooks:manage", "--name", "Tests")
    connection = HTTPConnection("127.0.0.1", room.port, timeout=10)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    body = json.dumps({"url": url, "events": ["record.updated"]})
    connection.request("POST", "/api/v1/webhooks", body, headers)
    assert connection.getresponse().status == 201
    connection.close()


def commit_events(engine: Engine, first: int, rounds: int) -> None:
    """Commit an event of each subject, so many times, in small transactions as requests would."""
    for number in range(first, first + rounds):
        with engine.begin() as connection:
            connection.execute(insert(table_of(OutboxMessage)), [_event(subject, number) for subject in SUBJECTS])


def _event(subject: UUID, number: int) -> dict[str, object]:
    return {
        "id": new_id(),
        "type": "record.updated",
        "subject_id": subject,
        "occurred_at": utc_now(),
        "data": {"round": number},
    }


def undelivered(engine: Engine) -> int:
    with engine.connect() as connection:
        waiting = connection.scalar(text("SELECT count(*) FROM outbox WHERE position IS NULL"))
        pending = connection.scalar(text("SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'"))
    return int(waiting or 0) + int(pending or 0)


def rounds_of(receiver: Receiver) -> dict[str, list[int]]:
    """Return what was told of each subject, the first telling of each event only."""
    told: dict[str, list[int]] = defaultdict(list)
    seen = set()
    for one in receiver.received:
        if one.event["id"] not in seen:
            seen.add(one.event["id"])
            told[one.event["subject"]].append(one.event["data"]["round"])
    return told


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_three_workers_tell_a_receiver_once_and_a_killed_one_loses_nothing(served: Callable[..., Served]) -> None:
    room = served(ADMIN_EMAIL=ADMIN, ADMIN_PASSWORD=PASSWORD, WEBHOOK_RETRY_SECONDS="1,1,1")
    engine = create_engine(room.settings["DATABASE_URL"], poolclass=NullPool)
    with receiving() as receiver:
        register_webhook(room, receiver.url("/hook"))
        with ExitStack() as running:
            workers = [running.enter_context(worker_of(room)) for _ in range(3)]
            commit_events(engine, 0, 10)
            wait_until(lambda: len(receiver.received) >= 300 and undelivered(engine) == 0)
            assert len(receiver.received) == len({one.event["id"] for one in receiver.received}) == 300
            receiver.behaviours["/hook"] = hang
            commit_events(engine, 10, 1)
            wait_until(lambda: len(receiver.received) > 300)
            for worker in workers:
                worker.kill()
        receiver.behaviours["/hook"] = answer(200)
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE webhook_deliveries SET leased_until = '2020-01-01' WHERE leased_by IS NOT NULL")
            )
        with worker_of(room) as fourth:
            wait_until(lambda: undelivered(engine) == 0)
            assert fourth.stop() == 0
        told = rounds_of(receiver)
    engine.dispose()
    assert set(told) == {str(subject) for subject in SUBJECTS}
    assert all(rounds == list(range(11)) for rounds in told.values())

"""Three workers on one server: nothing twice without a fault, nothing lost with one."""

import json
import os
import signal
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any

import pytest
from sqlalchemy import Engine, NullPool, create_engine, insert, text

from app.core.database import new_id, table_of, utc_now
from app.core.outbox import OutboxMessage
from app.delivery.broker_kombu import NAME
from tests.delivery.worker_process import wait_until, worker_of
from tests.factories import PASSWORD
from tests.services.redis import RedisServer
from tests.services.served import Served

SUBJECTS = [new_id() for _ in range(30)]


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """Run a broker."""
    server = RedisServer.start()
    yield server
    server.stop()


def events_in(redis: RedisServer) -> list[dict[str, Any]]:
    """Read what lies in the broker's queue, the first first."""
    packed = [json.loads(item) for item in redis.ask("LRANGE", NAME, 0, -1)][::-1]
    return [json.loads(b64decode(item["body"])) for item in packed]


def commit_events(engine: Engine, rounds: int) -> None:
    """Commit an event of each subject, so many times, in small transactions as requests would."""
    for number in range(rounds):
        rows = [
            {
                "id": new_id(),
                "type": "record.updated",
                "subject_id": subject,
                "occurred_at": utc_now(),
                "data": {"round": number},
            }
            for subject in SUBJECTS
        ]
        with engine.begin() as connection:
            connection.execute(insert(table_of(OutboxMessage)), rows)


def told_up_to(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT position FROM broker_relay")) or 0)


def register(room: Served) -> str:
    """Register over JSON; return the account's id."""
    connection = HTTPConnection("127.0.0.1", room.port, timeout=10)
    body = json.dumps({"email": "asha@example.com", "password": PASSWORD})
    connection.request("POST", "/api/v1/auth/register", body, {"Content-Type": "application/json"})
    account: dict[str, str] = json.loads(connection.getresponse().read())
    connection.close()
    return account["id"]


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_three_workers_tell_the_broker_once_and_lose_nothing_when_all_are_killed(
    served: Callable[..., Served], redis: RedisServer
) -> None:
    room = served(BROKER_URL=redis.url)
    account_id = register(room)
    assert room.process is not None
    os.killpg(room.process.pid, signal.SIGKILL)  # what was acknowledged is told although the server is gone
    room.process.wait()
    engine = create_engine(room.settings["DATABASE_URL"], poolclass=NullPool)
    with ExitStack() as running:
        workers = [running.enter_context(worker_of(room)) for _ in range(3)]
        commit_events(engine, 10)
        wait_until(lambda: told_up_to(engine) == 301)
        events = events_in(redis)
        assert (events[0]["type"], events[0]["subject"]) == ("user.registered", account_id)
        assert len(events) == len({event["id"] for event in events}) == 301
        commit_events(engine, 10)
        wait_until(lambda: redis.ask("LLEN", NAME) > 301)
        for worker in workers:
            worker.kill()
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE broker_relay SET leased_until = '2020-01-01 00:00:00' WHERE leased_by IS NOT NULL")
        )
    with worker_of(room) as fourth:
        wait_until(lambda: told_up_to(engine) == 601)
        assert fourth.stop() == 0
    engine.dispose()
    events = events_in(redis)
    assert len({event["id"] for event in events}) == 601
    once = list({event["id"]: event for event in events}.values())  # the first of each, in the order of arrival
    rounds = Counter[str]()
    for event in once[1:]:
        assert event["data"]["round"] == rounds[event["subject"]] % 10
        rounds[event["subject"]] += 1

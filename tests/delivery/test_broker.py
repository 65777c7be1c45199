"""BROKER_URL: events also go to a broker, in order, and none is lost while it is away."""

import json
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from flask import Flask
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from sqlalchemy import insert, select

from app.core.database import new_id, table_of, utc_now
from app.core.outbox import OutboxMessage
from app.delivery import arranging
from app.delivery.broker import BrokerAway, broker_for
from app.delivery.broker_kombu import CONTENT_TYPE, NAME, KombuBroker, _connection_to
from app.delivery.broker_relay import LONGEST_PAUSE_SECONDS, Teller, pause_after
from app.delivery.events import FeedEvent
from app.delivery.leasing import LEASE
from app.delivery.models_broker import BrokerRelay
from app.delivery.worker import duties_of
from app.extensions import db
from config import ConfigError
from tests.services.redis import RedisServer

SOURCE = "http://127.0.0.1:8000"
ON_ONE_ENGINE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
OUTBOX, RELAY = table_of(OutboxMessage), table_of(BrokerRelay)


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """Run a broker."""
    server = RedisServer.start()
    yield server
    server.stop()


@pytest.fixture
def redis(redis_server: RedisServer) -> RedisServer:
    """Lend the broker, empty."""
    redis_server.ask("FLUSHALL")
    return redis_server


def messages_in(redis: RedisServer, queue: str = NAME) -> list[Any]:
    """Fetch every message of a queue as another system would."""
    found: list[Any] = []
    with Connection(redis.url) as connection, connection.channel() as channel:
        while (message := Queue(queue)(channel).get(no_ack=True)) is not None:
            found.append(message)
    return found


def ids_in(redis: RedisServer) -> list[str]:
    return [json.loads(message.body)["id"] for message in messages_in(redis)]


def commit_events(app: Flask, number: int) -> list[str]:
    """Commit events and give them their place; return their ids in order."""
    ids = [new_id() for _ in range(number)]
    rows = [
        {"id": id_, "type": "record.updated", "subject_id": new_id(), "occurred_at": utc_now(), "data": {}}
        for id_ in ids
    ]
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(insert(OUTBOX), rows)
        arranging.arrange()
    return [str(id_) for id_ in ids]


class Noted:
    """A broker that keeps what it is sent, and fails as it is told to."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.ids: list[str] = []
        self.fails_after = fails_after
        self.when_sent: Callable[[], None] = lambda: None

    def send(self, events: Iterable[FeedEvent], is_over: Callable[[], bool]) -> Iterator[FeedEvent]:
        """Keep the ids."""
        for event in events:
            if is_over():
                return
            if self.fails_after is not None and len(self.ids) >= self.fails_after:
                raise BrokerAway("ConnectionError")
            self.ids.append(str(event.id))
            self.when_sent()
            yield event


def tell(app: Flask, broker: Any, teller: Teller | None = None) -> int:
    with app.app_context():
        return (teller or Teller(broker)).tell(lambda: False)


def relay_row(app: Flask) -> Any:
    with app.app_context():
        return db.session.execute(select(RELAY)).one()


def change_relay(app: Flask, **values: Any) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(RELAY.update().values(values))


def test_the_broker_is_told_everything_in_order_and_once(app: Flask) -> None:
    broker = Noted()
    first = commit_events(app, 120)
    assert tell(app, broker) == 120
    assert tell(app, broker) == 0
    second = commit_events(app, 3)
    assert tell(app, broker) == 3
    assert broker.ids == first + second


def test_a_broker_that_fails_half_way_goes_on_where_it_stopped(app: Flask) -> None:
    broker = Noted(fails_after=7)
    ids = commit_events(app, 20)
    assert tell(app, broker) == 0
    assert (relay_row(app).attempts, relay_row(app).problem) == (1, "ConnectionError")
    broker.fails_after = None
    assert tell(app, broker) == 0, "it is left alone for a moment"
    change_relay(app, next_attempt_at=utc_now())
    assert tell(app, broker) == 13
    assert broker.ids == ids
    assert (relay_row(app).attempts, relay_row(app).problem) == (0, None)


def test_a_broker_that_stays_away_is_asked_ever_less_often() -> None:
    assert 0.8 <= pause_after(1) <= 1.2
    assert pause_after(3) > pause_after(1)
    assert pause_after(500) <= LONGEST_PAUSE_SECONDS * 1.2


def test_only_who_holds_the_lease_sends(app: Flask) -> None:
    slow, other = Noted(), Noted()
    ids = commit_events(app, 2)
    slow.when_sent = lambda: other.ids.append(f"told {tell(app, other)}")
    assert tell(app, slow) == 2
    assert slow.ids == ids
    assert other.ids == ["told 0", "told 0"]


def test_a_lease_that_ran_out_is_taken_over_and_its_owner_changes_nothing(app: Flask) -> None:
    slow, other = Noted(), Noted()
    ids = commit_events(app, 1)

    def take_over() -> None:
        change_relay(app, leased_until=utc_now() - timedelta(seconds=1))
        slow.when_sent = lambda: None
        assert tell(app, other) == 1

    slow.when_sent = take_over
    tell(app, slow)
    assert slow.ids == other.ids == ids  # a duplicate under one id, which no reader takes twice
    row = relay_row(app)
    assert (row.position, row.leased_by, row.problem) == (1, None, None)


def test_a_turn_ends_when_the_worker_is_told_to_stop(app: Flask) -> None:
    broker = Noted()
    ids = commit_events(app, 5)
    with app.app_context():
        Teller(broker).tell(lambda: len(broker.ids) >= 2)
    assert broker.ids == ids[:2]
    assert relay_row(app).position == 2


@ON_ONE_ENGINE
def test_other_systems_read_cloud_events_from_the_broker(app: Flask, redis: RedisServer) -> None:
    with Connection(redis.url) as connection, connection.channel() as channel:
        Queue("deletions", Exchange(NAME, type="topic"), routing_key="record.deleted")(channel).declare()
    ids = commit_events(app, 2)
    assert tell(app, KombuBroker(redis.url, SOURCE)) == 2
    first, second = messages_in(redis)
    read = JSONFormat().read(CloudEvent, first.body)
    assert (read.get_id(), read.get_type(), read.get_source()) == (ids[0], "record.updated", SOURCE)
    assert first.content_type == CONTENT_TYPE
    assert second.properties["message_id"] == ids[1]
    assert second.delivery_info["routing_key"] == "record.updated"
    assert messages_in(redis, "deletions") == []


@ON_ONE_ENGINE
@pytest.mark.faults
def test_events_wait_for_a_broker_that_is_killed_or_loses_its_memory(app: Flask, redis: RedisServer) -> None:
    broker = KombuBroker(redis.url, SOURCE)
    teller = Teller(broker)
    commit_events(app, 2)
    assert tell(app, broker, teller) == 2
    redis.kill()
    waiting = commit_events(app, 3)
    assert tell(app, broker, teller) == 0
    problem = relay_row(app).problem
    assert problem
    assert redis.url not in problem
    redis.run()
    change_relay(app, next_attempt_at=utc_now())
    assert tell(app, broker, teller) == 3
    assert ids_in(redis) == waiting
    redis.ask("FLUSHALL")
    later = commit_events(app, 1)
    assert tell(app, broker, teller) == 1
    assert ids_in(redis) == later


@ON_ONE_ENGINE
@pytest.mark.faults
def test_a_broker_that_hangs_is_given_up_within_seconds(app: Flask, redis: RedisServer) -> None:
    commit_events(app, 1)
    redis.freeze()
    try:
        began = time.monotonic()
        assert tell(app, KombuBroker(redis.url, SOURCE, answer_seconds=0.2)) == 0
        assert time.monotonic() - began < LEASE.total_seconds() / 2
    finally:
        redis.thaw()
    assert relay_row(app).problem


def test_certificates_are_checked_unless_the_address_says_otherwise() -> None:
    rabbit = _connection_to("amqps://room:secret@rabbit.example.com/", 1)
    assert rabbit.ssl == {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": "rabbit.example.com"}
    redis = _connection_to("rediss://redis.example.com/0", 1)
    assert redis.ssl == {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    own_way = _connection_to("rediss://redis.example.com/0?ssl_cert_reqs=none", 1)
    assert own_way.ssl == {"ssl_cert_reqs": ssl.CERT_NONE}


def test_without_the_setting_there_is_no_broker(app: Flask) -> None:
    assert broker_for(app.extensions["config"]) is None


def test_a_broker_needs_its_packages(make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.delivery.broker.PathFinder", SimpleNamespace(find_spec=lambda _package: None))
    with pytest.raises(ConfigError, match="BROKER_URL: needs the packages kombu; install the extra events"):
        make_app(BROKER_URL="amqp://broker.example.com/")


def test_the_worker_tells_the_broker_where_there_is_one(make_app: Callable[..., Flask]) -> None:
    with_broker = make_app(BROKER_URL="redis://127.0.0.1:1/0").extensions["config"]
    without = make_app().extensions["config"]
    names = [{duty.name for duty in duties_of(config, lambda: False)} for config in (with_broker, without)]
    assert names[0] - names[1] == {"broker"}

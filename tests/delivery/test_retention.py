"""What the feed keeps: a year at least, everything the broker was not told of, and always the last event."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import insert, select, update

from app.core.database import new_id, table_of, utc_now
from app.core.outbox import OutboxMessage
from app.delivery import arranging, retention
from app.delivery.models_broker import BrokerRelay
from app.extensions import db

OUTBOX, RELAY = table_of(OutboxMessage), table_of(BrokerRelay)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def commit_events(app: Flask, *moments: datetime) -> None:
    """Commit events of some moments, in their order, and arrange them."""
    rows = [
        {"id": new_id(), "type": "record.updated", "subject_id": new_id(), "occurred_at": at, "data": {}}
        for at in moments
    ]
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(insert(OUTBOX), rows)
        arranging.arrange()


def purge(app: Flask) -> int:
    with app.app_context():
        return retention.purge(utc_now())


def kept(app: Flask) -> list[int | None]:
    with app.app_context():
        return list(db.session.scalars(select(OUTBOX.c.position).order_by(OUTBOX.c.position)))


def test_events_are_kept_for_a_year(app: Flask) -> None:
    now = utc_now()
    commit_events(app, LONG_AGO, now - timedelta(days=367), now - timedelta(days=365), now)
    assert purge(app) == 2
    assert kept(app) == [3, 4]
    assert purge(app) == 0


def test_the_last_event_stays_so_that_no_place_is_given_twice(app: Flask) -> None:
    commit_events(app, LONG_AGO, LONG_AGO)
    assert purge(app) == 1
    commit_events(app, utc_now())
    assert kept(app) == [2, 3]


def test_an_empty_feed_has_nothing_to_remove(app: Flask) -> None:
    assert purge(app) == 0


def test_what_the_broker_was_not_told_of_is_kept(make_app: Callable[..., Flask]) -> None:
    app = make_app(BROKER_URL="redis://127.0.0.1:1/0")
    commit_events(app, *[LONG_AGO] * 5)
    assert purge(app) == 0
    with app.app_context(), db.engine.begin() as connection:
        row = {"name": "broker", "position": 2, "attempts": 0, "next_attempt_at": utc_now()}
        connection.execute(insert(RELAY).values(row))
    assert purge(app) == 2
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(update(RELAY).values(position=5))
    assert purge(app) == 2
    assert kept(app) == [5]

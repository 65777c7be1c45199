"""/undelivered: what was given up and why, without anybody's address, and sending it again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import insert, select, update

from app.core import letters, transaction
from app.core.database import new_id, table_of, utc_now
from app.core.letters import Draft, QueuedLetter
from app.delivery import undelivered
from app.delivery.carriage import HeldUp, Refused
from app.delivery.models_broker import BrokerRelay
from app.delivery.models_webhooks import Delivery, Webhook
from app.delivery.relay import Relay
from app.extensions import db
from tests.browsing import JsonClient, Person

Page = Callable[..., Person]
KIND = "password_changed"
LETTERS, BROKER = table_of(QueuedLetter), table_of(BrokerRelay)


class Carrier:
    """Takes mails, or fails as it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.carried: list[str] = []

    def carry(self, message: Any) -> None:
        """Keep the address."""
        if self.error is not None:
            raise self.error
        self.carried.append(str(message.recipients[0]))


@pytest.fixture
def app(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Let letters of a kind be written without an account."""
    monkeypatch.setitem(app.extensions["letter_writers"], KIND, lambda _letter: Draft(KIND, {"at": "now"}))
    return app


def later(**time: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**time))


def post(app: Flask, *addresses: str) -> None:
    with app.app_context():
        transaction.run(lambda: [letters.post(KIND, subject_id=None, to=one) for one in addresses])


def deliver(app: Flask, carrier: Carrier) -> int:
    with app.app_context():
        return Relay(carrier).deliver(lambda: False)


def give_up(app: Flask, *addresses: str) -> None:
    """Have letters refused until they are given up."""
    post(app, *addresses)
    with later(days=3, minutes=1):
        deliver(app, Carrier(Refused("SMTPRecipientsRefused 550")))


def states(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(LETTERS.c.state).order_by(LETTERS.c.id)))


def ids(app: Flask) -> list[str]:
    with app.app_context():
        return [str(one) for one in db.session.scalars(select(LETTERS.c.id).order_by(LETTERS.c.id))]


def test_where_everything_was_delivered_the_page_says_so(app: Flask, page: Page) -> None:
    post(app, "fine@example.com")
    deliver(app, Carrier())
    assert "Everything was delivered" in page("admin").get("/undelivered").text


@pytest.mark.parametrize("role", ["viewer", "editor", "supervisor"])
def test_only_who_manages_webhooks_sees_it(app: Flask, page: Page, role: str) -> None:
    give_up(app, "poison@example.com")
    person = page(role)
    assert person.get("/undelivered").status_code == 403
    assert person.post("/undelivered/all-again").status_code == 403
    assert 'href="/undelivered"' not in person.get("/records").text
    assert states(app) == ["failed"]


def test_a_letter_is_shown_with_its_problem_and_a_mask(app: Flask, page: Page) -> None:
    give_up(app, "poison@example.com")
    admin = page("admin")
    assert 'href="/undelivered"' in admin.get("/records").text
    shown = admin.get("/undelivered")
    assert "Note that the password was changed" in shown.text
    assert "SMTPRecipientsRefused 550" in shown.text
    assert "p•••••••n@example.com" in shown.text
    assert "poison" not in shown.text
    assert shown.headers["Cache-Control"] == "no-store"


def test_a_message_is_shown_by_the_end_of_its_number(app: Flask, page: Page) -> None:
    with app.app_context():
        transaction.run(lambda: letters.text("mobile_code", subject_id=None, to="9876543210", secret="123456"))
        with db.engine.begin() as connection:
            connection.execute(update(LETTERS).values(state="failed", settled_at=utc_now(), problem="status 400"))
    shown = page("admin").get("/undelivered").text
    assert "•••••• 3210" in shown
    assert "98765" not in shown
    assert "123456" not in shown


def test_a_letter_that_cannot_be_opened_is_shown_all_the_same(app: Flask, page: Page) -> None:
    give_up(app, "poison@example.com")
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(update(LETTERS).values(sealed=b"spoiled"))
    assert "Cannot be opened" in page("admin").get("/undelivered").text


def test_one_letter_is_sent_again_and_tried_for_three_more_days(app: Flask, page: Page) -> None:
    give_up(app, "one@example.com", "two@example.com")
    first, second = ids(app)
    admin = page("admin")
    answer = admin.submit("/undelivered", f"/undelivered/{first}/again")
    assert answer.status_code == 303
    assert "It is sent again now." in admin.get("/undelivered").text
    assert states(app) == ["pending", "failed"]
    with later(days=2):
        assert deliver(app, Carrier(Refused("no"))) == 0
    assert states(app) == ["pending", "failed"]
    with later(days=2, hours=2):
        carrier = Carrier()
        assert deliver(app, carrier) == 1
    assert carrier.carried == ["one@example.com"]
    assert states(app) == ["sent", "failed"]
    assert admin.post(f"/undelivered/{first}/again").status_code == 303
    assert "It is under way already." in admin.get("/undelivered").text
    assert states(app) == ["sent", "failed"]
    assert second in admin.get("/undelivered").text


def test_everything_is_sent_again_at_once(app: Flask, page: Page) -> None:
    give_up(app, *(f"p{number}@example.com" for number in range(12)))
    admin = page("admin")
    assert admin.get("/undelivered").text.count("Send again") == 10
    assert "12 letters" in admin.get("/undelivered").text
    admin.submit("/undelivered", "/undelivered/all-again")
    assert "12 letters are sent again now." in admin.get("/undelivered").text
    assert deliver(app, Carrier()) == 12
    admin.post("/undelivered/all-again")
    assert "Nothing was left to send again." in admin.get("/undelivered").text


def test_what_waits_for_a_server_is_counted_and_tried_when_somebody_says_so(app: Flask, page: Page) -> None:
    post(app, "one@example.com", "two@example.com")
    deliver(app, Carrier(HeldUp("ConnectionRefusedError")))
    admin = page("admin")
    shown = admin.get("/undelivered").text
    assert "1 mail" in shown
    assert "ConnectionRefusedError" in shown
    assert "one@" not in shown
    with later(days=1):
        deliver(app, Carrier(Refused("no")))
    admin.submit("/undelivered", "/undelivered/try-now")
    assert deliver(app, Carrier()) == 2


def test_what_no_worker_takes_is_shown(app: Flask, page: Page) -> None:
    post(app, "one@example.com")
    admin = page("admin")
    assert "No worker takes it" not in admin.get("/undelivered").text
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(update(LETTERS).values(next_attempt_at=utc_now() - timedelta(minutes=3)))
    assert "No worker takes it" in admin.get("/undelivered").text


def test_a_broker_in_trouble_is_shown_and_asked_again(app: Flask, page: Page) -> None:
    admin = page("admin")
    row = {"name": "broker", "position": 0, "attempts": 3, "problem": "OperationalError", "next_attempt_at": utc_now()}
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(insert(BROKER).values(row | {"next_attempt_at": utc_now() + timedelta(hours=1)}))
    shown = admin.get("/undelivered").text
    assert "the broker" in shown
    assert "OperationalError" in shown
    admin.submit("/undelivered", "/undelivered/try-now")
    with app.app_context():
        trouble = undelivered.find_broker_trouble()
        assert trouble is not None
        assert trouble.next_attempt_at <= utc_now()


def test_programs_have_no_door_here(api: Callable[..., JsonClient]) -> None:
    assert api("admin").get("/undelivered").status_code == 404


def test_webhooks_with_deliveries_that_failed_are_named(app: Flask, page: Page) -> None:
    hook_id, admin = new_id(), page("admin")
    hook = {"id": hook_id, "url": "https://partner.example.com/in?key=s3cret", "events": "*", "is_active": True}
    sealed = {"sealed_secret": b"sealed", "created_at": utc_now(), "updated_at": utc_now()}
    told = {"id": new_id(), "webhook_id": hook_id, "event_id": new_id(), "event_type": "record.created"}
    how = {"subject_id": new_id(), "body": b"{}", "state": "failed", "attempts": 9, "tries": 9, "created_at": utc_now()}
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(insert(table_of(Webhook)).values(hook | sealed))
        connection.execute(insert(table_of(Delivery)).values(told | how))
    shown = admin.get("/undelivered").text
    assert "partner.example.com" in shown
    assert "1 delivery" in shown
    assert f'href="/webhooks/{hook_id}?status=failed"' in shown
    assert "s3cret" not in shown

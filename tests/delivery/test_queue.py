"""The queue of letters: what is committed goes out, once, and nobody holds up anybody."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask_mail import Message
from sqlalchemy import select, text

from app.core import letters, transaction
from app.core.database import new_id
from app.core.letters import Draft, QueuedLetter
from app.core.unit import OutsideCommand
from app.delivery import postbox
from app.delivery.carriage import HeldUp, Refused, Unanswered
from app.delivery.postbox import pause_after
from app.delivery.relay import Relay
from app.extensions import db

KIND = "password_changed"


class Carrier:
    """Takes mails, or refuses them as it is told to."""

    def __init__(self, fail: Callable[[str], Exception | None] = lambda _to: None) -> None:
        self.carried: list[str] = []
        self.fail = fail

    def carry(self, message: Message) -> None:
        """Keep the address, then fail or not."""
        error = self.fail(str(message.recipients[0]))
        if error is None or isinstance(error, Unanswered):
            self.carried.append(str(message.recipients[0]))
        if error is not None:
            raise error


@pytest.fixture
def app(app: Flask) -> Iterator[Flask]:
    """Let letters of a kind be written without an account."""
    kept = app.extensions["letter_writers"].copy()
    app.extensions["letter_writers"][KIND] = lambda _letter: Draft("password_changed", {"at": "now"})
    yield app
    app.extensions["letter_writers"] = kept


def post(app: Flask, *addresses: str, kind: str = KIND) -> list[UUID]:
    with app.app_context():
        return transaction.run(lambda: [letters.post(kind, subject_id=new_id(), to=one) for one in addresses])


def deliver(app: Flask, carrier: Carrier, relay: Relay | None = None) -> int:
    with app.app_context():
        return (relay or Relay(carrier)).deliver(lambda: False)


def rows(app: Flask) -> list[Any]:
    with app.app_context():
        return list(db.session.scalars(select(QueuedLetter).order_by(QueuedLetter.id)))


def change(app: Flask, statement: str) -> None:
    with app.app_context():
        db.session.execute(text(statement))
        db.session.connection().commit()
        db.session.remove()


def later(**time: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**time))


def test_a_letter_goes_out_exactly_when_its_transaction_was_committed(app: Flask) -> None:
    def fails() -> None:
        letters.post(KIND, subject_id=None, to="never@example.com")
        raise RuntimeError

    with app.app_context(), pytest.raises(RuntimeError):
        transaction.run(fails)
    with app.app_context(), pytest.raises(OutsideCommand):
        letters.post(KIND, subject_id=None, to="never@example.com")
    post(app, "one@example.com", "two@example.com")
    carrier = Carrier()
    assert deliver(app, carrier) == 2
    assert carrier.carried == ["one@example.com", "two@example.com"]
    assert deliver(app, carrier) == 0
    assert [(row.state, row.sealed, row.attempts) for row in rows(app)] == [("sent", None, 1)] * 2


def test_several_relays_send_each_letter_once(app: Flask) -> None:
    many = [f"p{number}@example.com" for number in range(60)]
    post(app, *many)
    carrier = Carrier()
    with ThreadPoolExecutor(3) as relays:
        sent = list(relays.map(lambda _: deliver(app, carrier), range(3)))
    assert sorted(carrier.carried) == sorted(many)
    assert sum(sent) == 60


def test_a_claim_keeps_others_away_until_its_lease_ends(app: Flask) -> None:
    post(app, "one@example.com")
    with app.app_context():
        first = postbox.claim(new_id())
        assert first is not None
        assert postbox.claim(new_id()) is None
        with later(seconds=61):
            second = postbox.claim(new_id())
            assert second is not None
            assert (second.id, second.attempts) == (first.id, 2)
            postbox.put_back(first, "late")  # whoever lost the lease changes nothing
            assert rows(app)[0].leased_by == second.claimant
            postbox.mark_sent(second)
    assert rows(app)[0].state == "sent"


def test_an_address_that_is_refused_holds_up_nobody(app: Flask) -> None:
    post(app, "poison@example.com", "one@example.com", "two@example.com")
    carrier = Carrier(lambda to: Refused("SMTPRecipientsRefused 550") if to.startswith("poison") else None)
    assert deliver(app, carrier) == 2
    poisoned = rows(app)[0]
    assert (poisoned.state, poisoned.problem) == ("pending", "SMTPRecipientsRefused 550")
    assert poisoned.next_attempt_at > datetime.now(UTC)
    with later(seconds=10):
        carrier.fail = lambda _to: None
        assert deliver(app, carrier) == 1
    assert rows(app)[0].state == "sent"


def test_pauses_grow_and_are_never_in_step() -> None:
    for attempts, least, most in ((1, 3, 5), (2, 6, 10), (6, 100, 160), (40, 2800, 4400)):
        pauses = {pause_after(attempts) for _ in range(20)}
        assert least < min(pauses)
        assert max(pauses) < most
        assert len(pauses) > 10


def test_a_letter_is_given_up_after_three_days_and_kept_for_a_week(app: Flask) -> None:
    post(app, "poison@example.com")
    carrier = Carrier(lambda _to: Refused("no"))
    with later(days=3, minutes=1):
        deliver(app, carrier)
    assert [(row.state, row.problem) for row in rows(app)] == [("failed", "no")]
    with app.app_context():
        assert letters.purge(datetime.now(UTC) + timedelta(days=9)) == 0
        assert letters.purge(datetime.now(UTC) + timedelta(days=11)) == 1


def test_while_the_server_is_away_a_relay_rests_and_no_letter_suffers(app: Flask) -> None:
    post(app, "one@example.com", "two@example.com")
    carrier = Carrier(lambda _to: HeldUp("ConnectionRefusedError"))
    relay = Relay(carrier)
    assert deliver(app, carrier, relay) == 0
    assert sorted(row.attempts for row in rows(app)) == [0, 1]
    assert deliver(app, carrier, relay) == 0  # still resting: nobody is asked
    assert sorted(row.attempts for row in rows(app)) == [0, 1]
    carrier.fail = lambda _to: None
    with later(seconds=30):
        assert deliver(app, carrier) == 2


def test_a_letter_nobody_answered_for_goes_out_at_most_twice(app: Flask) -> None:
    post(app, "one@example.com", "two@example.com")
    carrier = Carrier(lambda to: Unanswered("SMTPServerDisconnected") if to.startswith("one") else None)
    assert deliver(app, carrier) == 1
    for hours in (1, 2, 3):
        with later(hours=hours):
            deliver(app, carrier)
    assert carrier.carried.count("one@example.com") == 2
    assert [row.state for row in rows(app)] == ["sent", "sent"]


def test_what_cannot_be_opened_or_written_waits_and_holds_up_nobody(app: Flask) -> None:
    post(app, "one@example.com")
    change(app, "UPDATE letters SET sealed = X'78'")
    post(app, "two@example.com", kind="of no feature")
    app.extensions["letter_writers"]["no template"] = lambda _letter: Draft("none")
    post(app, "three@example.com", kind="no template")
    app.extensions["letter_writers"]["pointless"] = lambda _letter: None
    post(app, "four@example.com", kind="pointless")
    post(app, "five@example.com")
    carrier = Carrier()
    assert deliver(app, carrier) == 1
    assert carrier.carried == ["five@example.com"]
    assert [(row.state, row.problem) for row in rows(app)] == [
        ("pending", "SealBroken"),
        ("pending", "KeyError"),
        ("pending", "TemplateNotFound"),
        ("dropped", None),
        ("sent", None),
    ]


def test_a_relay_that_is_told_to_stop_takes_no_further_letter(app: Flask) -> None:
    post(app, "one@example.com", "two@example.com")
    carrier = Carrier()
    with app.app_context():
        assert Relay(carrier).deliver(lambda: bool(carrier.carried)) == 1

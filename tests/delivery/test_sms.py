"""How a message to a mobile leaves: to the address of the settings with all that goes wrong there, or as a file."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server, socket
from threading import Event

import orjson
import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from app.core import letters, transaction
from app.core.database import new_id
from app.core.letters import MAIL, SMS, Draft, QueuedLetter
from app.delivery import sms as sms_module
from app.delivery.carriage import Carrier, HeldUp, Refused, Unanswered
from app.delivery.relay import Relay
from app.delivery.sms import ShortMessage, SmsFileCarrier, SmsWebhookCarrier, compose_sms, sms_carrier_for
from app.delivery.worker import duties_of
from app.extensions import db
from app.verification.models import MobileCode
from tests.browsing import JsonClient
from tests.factories import MadeAccount, MadeRecord
from tests.services.receiver import Receiver, answer, drop, garbage, hang, receiving

KIND, NUMBER = "mobile_code", "9876543210"


@pytest.fixture
def service() -> Iterator[Receiver]:
    """Run a service that takes messages."""
    with receiving() as running:
        yield running


@pytest.fixture
def app(app: Flask) -> Iterator[Flask]:
    """Let a message be written without a code."""
    kept = app.extensions["letter_writers"].copy()
    app.extensions["letter_writers"][KIND] = lambda _letter: Draft(KIND, {"until": "10:53"})
    yield app
    app.extensions["letter_writers"] = kept


def message() -> ShortMessage:
    return ShortMessage(new_id(), NUMBER, "123456 is your code")


def test_a_message_is_posted_as_json_with_a_key_that_stays_the_same(service: Receiver) -> None:
    sent = message()
    for _ in range(2):
        SmsWebhookCarrier(service.on("/hook?key=1", answer(202))).carry(sent)
    first, second = service.received
    assert orjson.loads(first.body) == {"to": NUMBER, "text": "123456 is your code"}
    assert first.headers["content-type"] == "application/json"
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == str(sent.id)
    assert NUMBER not in repr(sent)


@pytest.mark.parametrize(("status", "problem"), [(400, Refused), (422, Refused), (401, HeldUp), (429, HeldUp)])
def test_what_the_service_answers_is_about_this_message_or_about_all(
    service: Receiver, status: int, problem: type[Exception]
) -> None:
    with pytest.raises(problem, match=f"status {status}"):
        SmsWebhookCarrier(service.on("/hook", answer(status))).carry(message())


@pytest.mark.parametrize("status", [302, 500, 503])
def test_a_service_that_fails_or_sends_us_elsewhere_holds_messages_up(service: Receiver, status: int) -> None:
    url = service.on("/hook", answer(status, f"Location: {service.url('/elsewhere')}"))
    with pytest.raises(HeldUp):
        SmsWebhookCarrier(url).carry(message())
    assert service.at("/elsewhere") == []


def test_a_service_that_hangs_or_hangs_up_leaves_a_message_unanswered(
    service: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_module, "WHOLE_SECONDS", 0.4)
    began = time.monotonic()
    for behaviour in (hang, drop, garbage):
        with pytest.raises(Unanswered):
            SmsWebhookCarrier(service.on("/hook", behaviour)).carry(message())
    assert time.monotonic() - began < 5


def test_a_service_that_is_down_or_unknown_holds_messages_up() -> None:
    with receiving() as gone:
        url = gone.url()
    for address in (url, "http://no-such-host.invalid/hook"):
        with pytest.raises(HeldUp) as held:
            SmsWebhookCarrier(address).carry(message())
        assert "invalid" not in str(held.value)


def test_a_service_that_never_gets_as_far_as_our_message_holds_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms_module, "WHOLE_SECONDS", 0.4)
    with create_server(("127.0.0.1", 0)) as silent, pytest.raises(HeldUp):
        SmsWebhookCarrier(f"https://127.0.0.1:{silent.getsockname()[1]}/hook").carry(message())


def test_a_folder_that_cannot_be_written_holds_messages_up(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HeldUp, match=r"NotADirectoryError|FileExistsError"):
        SmsFileCarrier(tmp_path / "file" / "sms").carry(message())


def test_the_way_of_the_settings_is_taken(make_app: Callable[..., Flask]) -> None:
    assert isinstance(sms_carrier_for(make_app().extensions["config"]), SmsFileCarrier)
    hook = make_app(SMS_WEBHOOK_URL="http://127.0.0.1:9/hook").extensions["config"]
    assert isinstance(sms_carrier_for(hook), SmsWebhookCarrier)


# --- the queue -----------------------------------------------------------------------------------------------------


def queue(app: Flask, count: int = 1) -> None:
    with app.app_context():
        for _ in range(count):
            transaction.run(lambda: letters.text(KIND, subject_id=new_id(), to=NUMBER, secret="123456"))


def deliver(app: Flask, carrier: Carrier, channel: str = SMS, relay: Relay | None = None) -> int:
    with app.app_context():
        return (relay or Relay(carrier, channel, compose_sms)).deliver(lambda: False)


def states(app: Flask) -> list[tuple[str, str | None]]:
    with app.app_context():
        return [(row.state, row.problem) for row in db.session.scalars(select(QueuedLetter).order_by(QueuedLetter.id))]


def test_mail_and_messages_never_wait_for_each_other(app: Flask, service: Receiver, tmp_path: Path) -> None:
    queue(app, 3)
    with app.app_context():
        transaction.run(lambda: letters.post("verify_email", subject_id=new_id(), to="a@example.com"))
    assert deliver(app, SmsFileCarrier(tmp_path / "sms"), MAIL) == 0
    assert not (tmp_path / "sms").exists()
    assert deliver(app, SmsWebhookCarrier(service.url("/hook"))) == 3
    assert len(service.received) == 3


def test_messages_wait_for_a_service_that_is_away_and_go_out_once_when_it_is_back(
    app: Flask, service: Receiver
) -> None:
    queue(app, 2)
    url = service.on("/hook", answer(503))
    assert deliver(app, SmsWebhookCarrier(url)) == 0
    assert len(service.received) == 1  # the first one held up the rest, unharmed
    assert [state for state, _problem in states(app)] == ["pending", "pending"]
    service.on("/hook", answer(200))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        assert deliver(app, SmsWebhookCarrier(url)) == 2
        assert deliver(app, SmsWebhookCarrier(url)) == 0
    assert len(service.received) == 3
    assert [state for state, _problem in states(app)] == ["sent", "sent"]


def test_a_refused_message_holds_up_no_other(app: Flask, service: Receiver) -> None:
    queue(app, 2)
    answers = iter([answer(422), answer(200)])

    def behave(line: socket, over: Event) -> None:
        next(answers)(line, over)

    url = service.on("/hook", behave)
    assert deliver(app, SmsWebhookCarrier(url)) == 1
    assert sorted(states(app)) == [("pending", "status 422"), ("sent", None)]


def test_a_message_that_is_never_answered_for_goes_out_twice_at_most(app: Flask, service: Receiver) -> None:
    queue(app)
    url = service.on("/hook", drop)
    for minutes in (0, 2, 4):
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
            deliver(app, SmsWebhookCarrier(url))
    assert len(service.received) == 2
    assert len({one.headers["idempotency-key"] for one in service.received}) == 1
    assert [state for state, _problem in states(app)] == ["sent"]


def test_a_worker_sends_messages_and_forgets_old_codes(
    make_app: Callable[..., Flask], make_account: Callable[..., MadeAccount], make_record: Callable[..., MadeRecord]
) -> None:
    room, record = make_app(), make_record()
    clerk = JsonClient(room.test_client()).sign_in(make_account("editor"))
    assert clerk.post(f"/users/{record.id}/verification-sms").status_code == 202
    duties = {duty.name: duty for duty in duties_of(room.extensions["config"], lambda: False)}
    with room.app_context():
        duties["sms"].work()
    [file] = (room.extensions["config"].instance_dir / "sms").glob("*.txt")
    assert file.read_text().startswith(f"To: {record.values['primary_mobile']}\n\n")
    for days, left in ((0.9, 1), (1.1, 0)):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days)), room.app_context():
            duties["purge"].work()
            assert db.session.scalar(select(func.count()).select_from(MobileCode)) == left
            db.session.remove()

"""A mail server that is down, hangs, drips, is full or turns everybody down: nobody waits, and no mail is lost."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from app.core.letters import SENT, QueuedLetter
from app.delivery import mail as mail_module
from app.delivery.carriage import HeldUp
from app.delivery.mail import SmtpCarrier
from app.delivery.relay import Relay
from app.extensions import db
from tests.browsing import JsonClient
from tests.delivery.mail_server import MailServer
from tests.delivery.test_mail import carry
from tests.factories import MadeRecord

MakeApp = Callable[..., Flask]
Api = Callable[..., JsonClient]
MakeRecord = Callable[..., MadeRecord]


@pytest.fixture
def server() -> Iterator[MailServer]:
    """Run a mail server."""
    running = MailServer().start()
    yield running
    running.stop()


def drip(door: socket.socket, over: threading.Event, text: bytes) -> None:
    """Say a byte now and then to whoever comes, for ever."""
    with suppress(OSError):
        while not over.is_set():
            line, _peer = door.accept()
            with line, suppress(OSError):
                line.sendall(text)
                while not over.wait(0.05):
                    line.sendall(b"-")


@pytest.mark.parametrize("text", [b"", b"220 "], ids=["says nothing but bytes", "never ends its greeting"])
def test_a_server_that_drips_is_let_go_of_in_time(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    monkeypatch.setattr(mail_module, "LETTER_SECONDS", 0.5)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=drip, args=(door, over, text), daemon=True).start()
        app = make_app(SMTP_SERVER="127.0.0.1", SMTP_PORT=str(door.getsockname()[1]), SMTP_USE_TLS="false")
        began = time.monotonic()
        with pytest.raises(HeldUp):
            carry(app)
        over.set()
    assert time.monotonic() - began < 5


def silent(server: MailServer) -> None:
    server.stop()


def refuses_everybody(server: MailServer) -> None:
    server.handler.refuses = lambda _address: "554 go away"


def is_full(server: MailServer) -> None:
    server.handler.on_data = lambda: "452 insufficient storage"


def is_closing(server: MailServer) -> None:
    server.handler.on_data = lambda: "421 going away"


def drops(server: MailServer) -> None:
    server.handler.is_dropping = True


@pytest.mark.parametrize("fault", [silent, refuses_everybody, is_full, is_closing, drops])
def test_whatever_the_server_does_the_answer_is_the_same_and_the_mail_arrives_afterwards(
    app: Flask,
    make_app: MakeApp,
    api: Api,
    make_record: MakeRecord,
    server: MailServer,
    fault: Callable[[MailServer], None],
) -> None:
    worker, clerk = make_app(**server.settings()), api("editor")
    records = [make_record() for _ in range(3)]
    fault(server)
    for record in records:
        began = time.monotonic()
        answer = clerk.post(f"/users/{record.id}/verification-email")
        assert (answer.status_code, time.monotonic() - began < 1) == (202, True)
        deliver(worker)
    troubled = len(server.taken)
    assert troubled == 0 or fault is drops
    recover(server)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        for _ in range(3):
            deliver(worker)
    addresses = {record.values["email"] for record in records}
    assert set(server.recipients) == addresses
    assert all(server.recipients.count(address) <= (2 if fault is drops else 1) for address in addresses)
    with app.app_context():
        assert {row.state for row in db.session.query(QueuedLetter)} == {SENT}


def deliver(worker: Flask) -> None:
    """Have a worker with fresh hands mail what is due."""
    with worker.app_context():
        Relay(SmtpCarrier(worker.extensions["config"])).deliver(lambda: False)


def recover(server: MailServer) -> None:
    """Have the server behave again."""
    handler = server.handler
    handler.refuses, handler.on_data, handler.is_dropping = (lambda _address: None), (lambda: None), False
    server.stop()
    server.start()


def test_one_poison_address_holds_up_no_other_also_when_it_is_the_oldest(
    make_app: MakeApp, api: Api, make_record: MakeRecord, server: MailServer
) -> None:
    worker, clerk = make_app(**server.settings()), api("editor")
    poison = make_record(email="poison@example.com")
    server.handler.refuses = lambda address: "550 no such box" if address == "poison@example.com" else None
    for record in (poison, *(make_record() for _ in range(3))):
        clerk.post(f"/users/{record.id}/verification-email")
    deliver(worker)
    assert len(server.taken) == 3
    assert "poison@example.com" not in server.recipients

"""The worker as a process: what it does, what it survives, and how it ends."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, select, text
from sqlalchemy.exc import OperationalError

from app.core import audit_chain
from app.core.database import utc_now
from app.core.idempotency import IdempotencyKey
from app.core.letters import QueuedLetter
from app.delivery import housekeeping
from app.delivery.worker import Duty, Worker, duties_of
from app.extensions import db
from tests.delivery.mail_server import MailServer
from tests.delivery.worker_process import mails_in, wait_until, worker_of
from tests.factories import PASSWORD
from tests.services.served import Served

StartServer = Callable[..., Served]


@pytest.fixture
def server() -> Iterator[MailServer]:
    """Run a mail server."""
    running = MailServer().start()
    yield running
    running.stop()


def register(served: Served, email: str) -> int:
    """Register over JSON; return the status."""
    connection = HTTPConnection("127.0.0.1", served.port, timeout=10)
    body = json.dumps({"email": email, "password": PASSWORD})
    connection.request("POST", "/api/v1/auth/register", body, {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


def in_database(served: Served, statement: str) -> list[tuple[object, ...]]:
    """Run a statement behind the program's back."""
    url = served.settings["DATABASE_URL"]
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


@pytest.mark.slow
@pytest.mark.faults
def test_a_worker_killed_between_sending_and_noting_it_loses_nothing(served: StartServer, server: MailServer) -> None:
    room = served(**server.settings())
    assert [register(room, f"p{number}@example.com") for number in range(3)] == [201] * 3
    with worker_of(room) as first:
        server.handler.when_taken = first.kill
        first.process.wait(30)
    assert len(server.taken) == 1
    assert in_database(room, "SELECT COUNT(*) FROM letters WHERE state = 'sent'") == [(0,)]
    server.handler.when_taken = lambda: None
    in_database(room, "UPDATE letters SET leased_until = '2020-01-01 00:00:00' WHERE leased_until IS NOT NULL")
    with worker_of(room) as second:
        wait_until(lambda: set(server.recipients) >= {f"p{number}@example.com" for number in range(3)})
        assert second.stop() == 0
    assert len(server.taken) == 4  # one of them twice, as two copies of one Message-ID
    assert len({mail["Message-ID"] for mail in server.taken}) == 3
    assert in_database(room, "SELECT DISTINCT state FROM letters") == [("sent",)]


@pytest.mark.slow
@pytest.mark.faults
def test_mail_waits_for_a_server_that_is_away_and_nobody_else_does(served: StartServer, server: MailServer) -> None:
    server.stop()
    room = served(**server.settings())
    with worker_of(room) as worker:
        assert register(room, "asha@example.com") == 201
        wait_until(lambda: "mail.held_up" in worker.log.read_text())
        assert register(room, "ravi@example.com") == 201
        server.start()
        wait_until(lambda: set(server.recipients) == {"asha@example.com", "ravi@example.com"}, 60)
        assert worker.stop() == 0
    assert "asha@example.com" not in worker.log.read_text()


@pytest.mark.slow
def test_the_room_runs_its_worker_and_takes_it_along_when_it_ends(served: StartServer, tmp_path: Path) -> None:
    room = served(RUN_WORKER="true")
    assert register(room, "asha@example.com") == 201
    wait_until(lambda: mails_in(tmp_path))
    assert "To: asha@example.com" in mails_in(tmp_path)[0].read_text()
    wait_until((tmp_path / "instance" / "audit-anchors.jsonl").exists)
    assert room.process is not None
    group = room.process.pid
    (worker,) = pids_of_workers(group)
    os.kill(worker, 9)  # it dies alone
    assert register(room, "ravi@example.com") == 201
    wait_until(lambda: len(mails_in(tmp_path)) == 2)
    assert worker not in pids_of_workers(group)
    assert '"status":-9' in room.output()
    room.stop()
    wait_until(lambda: not alive(group))
    assert "worker.stopped" in room.output()


@pytest.mark.slow
def test_a_worker_does_not_outlive_a_server_that_was_killed(served: StartServer) -> None:
    room = served(RUN_WORKER="true")
    wait_until(lambda: "worker.started" in room.output())
    assert room.process is not None
    os.kill(room.process.pid, 9)
    room.process.wait()
    wait_until(lambda: "worker.stopped" in room.output())


def pids_of_workers(group: int) -> list[int]:
    """Name the workers of a process group."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(folder.name)) == group and b"worker" in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def alive(group: int) -> bool:
    """Tell whether a process of a group is still there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


# --- its duties, in this process -----------------------------------------------------------------------------------


def run_duty(app: Flask, work: Callable[[Worker], object]) -> int:
    """Run a worker with one duty until it stops by itself."""
    holder: list[Worker] = []
    worker = Worker(app, lambda _stopping: [Duty("one", 0.01, lambda: work(holder[0]))])
    holder.append(worker)
    status: list[int] = []
    thread = threading.Thread(target=lambda: status.append(worker.run()))
    thread.start()
    thread.join(30)
    return status[0]


def test_a_duty_that_cannot_reach_the_database_is_tried_again(app: Flask) -> None:
    tries: list[int] = []

    def work(worker: Worker) -> None:
        tries.append(1)
        if len(tries) < 2:
            raise OperationalError("", {}, Exception())
        worker.stop()

    assert run_duty(app, work) == 0
    assert len(tries) >= 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_the_program_ends_the_worker_with_a_bad_status(app: Flask) -> None:
    def work(_worker: Worker) -> None:
        raise AssertionError

    assert run_duty(app, work) == 1


def test_a_worker_mails_anchors_and_purges(make_app: Callable[..., Flask]) -> None:
    app = make_app()
    names = {duty.name: duty for duty in duties_of(app.extensions["config"], lambda: False)}
    assert {"arrange", "mail", "anchor", "purge"} <= set(names)
    client = app.test_client()
    body = {"email": "asha@example.com", "password": PASSWORD}
    assert client.post("/api/v1/auth/register", json=body).status_code == 201
    for duty in names.values():
        with app.app_context():
            duty.work()
    with app.app_context():
        assert db.session.scalars(select(QueuedLetter.state)).all() == ["sent"]
        anchors = app.extensions["config"].audit_anchor_file
        assert audit_chain.verify(anchors) == 1
        names["anchor"].work()  # nothing new, nothing written
        assert len(anchors.read_text().splitlines()) == 1
        anchors.write_text("{}")
        names["anchor"].work()
        assert anchors.read_text() == "{}"


def test_what_is_past_its_time_is_removed(app: Flask) -> None:
    def keys(expires_at: object, number: int) -> IdempotencyKey:
        return IdempotencyKey(id=bytes([number]) * 32, fingerprint=b"f" * 32, expires_at=expires_at)

    with app.app_context():
        db.session.add_all([keys(utc_now(), 1), keys(utc_now().replace(year=2100), 2)])
        db.session.flush()
        db.session.connection().commit()
        db.session.remove()
        assert housekeeping.purge() == 1
        assert housekeeping.purge() == 0
        assert db.session.scalars(select(IdempotencyKey.id)).all() == [b"\x02" * 32]

"""Statements that share a journey: as many as are sent are carried out, or none, whatever befalls one of them."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, QueuePool, bindparam, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, OperationalError

from app.core import ready_sql, shared_journeys, slow_statements, transaction
from app.core.database import table_of, utc_now
from app.core.errors import DomainError, Unavailable
from app.core.idempotency import IdempotencyKey
from app.core.quick_reads import fetch_value
from app.core.shared_journeys import SharedJourneys
from app.core.statements import connection, send_rows
from app.core.unit import require_work
from app.core.validation import checks
from app.extensions import db
from app.records import queries, service
from app.records.errors import Duplicate
from app.records.schemas import RecordChanges, RecordInput
from tests.browsing import JsonClient
from tests.factories import actor_of, make_account, make_record, record_input
from tests.services.built import Built

Api = Callable[..., JsonClient]
_keys = table_of(IdempotencyKey)
STATUS = select(_keys.c.status).where(_keys.c.id == bindparam("key"))
SET_STATUS = update(_keys).where(_keys.c.id == bindparam("key")).values(status=bindparam("to"))
server_only = pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True, scope="session")


def key(name: str) -> bytes:
    """Return an id of a row."""
    return name.encode().ljust(32, b".")


def send(*names: str) -> None:
    """Send a row of each name, one by one."""
    for name in names:
        send_rows(_keys, [{"id": key(name), "fingerprint": bytes(32), "expires_at": utc_now()}])


def set_status(name: str, to: int) -> None:
    """Change a row, and see that it is there."""
    ready_sql.send(connection(), SET_STATUS, [{"key": key(name), "to": to}], found=1)


def status_of(name: str) -> Any:
    """Read a row, which takes what waits along."""
    return ready_sql.scalar(connection(), STATUS, {"key": key(name)})


def stored(built: Built) -> list[str]:
    """Return the names of all rows, as another sees them."""
    with built.past_the_program.connect() as other:
        return [bytes(row.id).decode().strip(".") for row in other.execute(select(_keys.c.id).order_by(_keys.c.id))]


@pytest.fixture
def journeys(context: Flask, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Gather what is sent to the server at once."""
    if db.engine.dialect.driver != "pymysql":
        pytest.skip("only PyMySQL's statements share journeys")
    sent: list[bytes] = []
    send_bytes = SharedJourneys._write_bytes

    def note(self: SharedJourneys, data: bytes) -> None:
        sent.append(data)
        send_bytes(self, data)

    monkeypatch.setattr(SharedJourneys, "_write_bytes", note)
    return sent


def driver() -> Any:
    """Return the driver's connection of the transaction in hand."""
    return connection().connection.dbapi_connection


# --- how many ------------------------------------------------------------------------------------------------------


@server_only
def test_what_waits_goes_with_the_next_that_is_asked(journeys: list[bytes], built: Built) -> None:
    def work() -> None:
        del journeys[:]
        send("a", "b")
        assert journeys == []
        set_status("a", 201)
        assert (status_of("a"), len(journeys)) == (201, 1)
        send("c")

    transaction.run(work)
    assert len(journeys) == 3
    assert journeys[-1][5:] == b"COMMIT"
    assert stored(built) == ["a", "b", "c"]


@server_only
def test_a_write_takes_few_journeys(journeys: list[bytes], app: Flask, api: Api) -> None:
    editor = api("supervisor")

    def number_of(ask: Callable[..., Any], *asked: Any, **more: Any) -> int:
        del journeys[:]
        answers.append(ask(*asked, **more))
        assert answers[-1].status_code < 300
        return len(journeys)

    answers: list[Any] = [editor.post("/users/", json=record_input())]  # its token is known from now on, for one
    assert number_of(editor.post, "/users/", json=record_input()) == 3
    assert number_of(editor.post, "/users/", json=record_input(), headers={"Idempotency-Key": "k"}) == 4
    address = f"/users/{answers[-1].json['id']}"
    assert number_of(editor.patch, address, json={"current_address": "22 Lake Road, Mysuru 570001"}) == 3
    assert number_of(editor.delete, address) == 3
    assert number_of(editor.post, f"{address}/restore") == 3


# --- what goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", ["xab", "axb", "abx"])
def test_a_refused_one_takes_all_with_it(context: Flask, built: Built, names: str) -> None:
    transaction.run(lambda: send("x"))
    with pytest.raises(IntegrityError):
        transaction.run(lambda: send(*names))
    assert stored(built) == ["x"]


@server_only
def test_the_words_of_an_error_are_those_of_the_refused_one(journeys: list[bytes], built: Built) -> None:
    def work() -> None:
        send("a", "a")
        with pytest.raises(IntegrityError) as refused:
            status_of("a")
        assert str(refused.value.statement).startswith("INSERT INTO")
        raise refused.value

    with pytest.raises(IntegrityError):
        transaction.run(work)
    assert stored(built) == []


@server_only
def test_who_passes_over_an_error_can_neither_go_on_nor_commit(journeys: list[bytes], built: Built) -> None:
    def work(*, goes_on: bool) -> None:
        send("a", "a", "b")
        with pytest.raises(IntegrityError):
            ready_sql.settle(connection())
        if goes_on:
            with pytest.raises(InternalError):
                status_of("a")
            with pytest.raises(InternalError):
                db.session.execute(select(_keys.c.id))

    for goes_on in (False, True):
        with pytest.raises(InternalError):
            transaction.run(partial(work, goes_on=goes_on))
        assert stored(built) == []
    transaction.run(lambda: send("c"))
    assert stored(built) == ["c"]


def test_a_row_that_is_not_there_is_found_out_before_the_commit(context: Flask, built: Built) -> None:
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        send("a")
        set_status("b" if len(runs) == 1 else "a", 201)

    transaction.run(work)
    assert (len(runs), stored(built)) == (2, ["a"])
    assert fetch_value(STATUS, {"key": key("a")}) == 201


def test_in_a_savepoint_nothing_waits(context: Flask, built: Built) -> None:
    def work() -> None:
        send("a")
        with pytest.raises(IntegrityError), transaction.savepoint():
            send("b", "a", "never sent")
        send("c")

    transaction.run(work)
    assert stored(built) == ["a", "c"]


def test_what_was_sent_before_a_savepoint_is_not_of_it(context: Flask, built: Built) -> None:
    transaction.run(lambda: send("x"))

    def work() -> None:
        require_work(db.session).explain = lambda: Duplicate(errors=[])
        send("x")
        with suppress(DomainError), transaction.savepoint():
            send("a")

    with pytest.raises(Duplicate):
        transaction.run(work)
    assert stored(built) == ["x"]


@server_only
def test_outside_a_transaction_nothing_waits(journeys: list[bytes], built: Built) -> None:
    send("a")
    assert stored(built) == ["a"]


@server_only
def test_what_others_send_goes_alone(journeys: list[bytes], built: Built) -> None:
    fetch_value(STATUS, {"key": key("a")})  # from now on the session commits by itself

    def work() -> None:
        send("a")
        db.session.execute(select(_keys.c.id))
        assert len(journeys) == 2
        send("b")
        driver().commit()
        assert stored(built) == ["a", "b"]

    del journeys[:]
    transaction.run(work)


@server_only
def test_only_what_writes_may_wait(journeys: list[bytes], built: Built) -> None:
    def work() -> None:
        broken = driver()
        broken.send("SELECT 1", (), None)
        with pytest.raises(RuntimeError):
            broken.settle()
        assert not broken.open
        connection().invalidate()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transaction.run(work)
    transaction.run(lambda: send("a"))
    assert stored(built) == ["a"]


def test_what_sqlalchemy_sends_comes_after_what_waits(context: Flask, built: Built) -> None:
    def work() -> None:
        send("a", "b")
        assert len(db.session.execute(select(_keys.c.id)).all()) == 2
        send("c")

    transaction.run(work)
    assert stored(built) == ["a", "b", "c"]


@server_only
def test_work_that_fails_leaves_nothing_waiting(journeys: list[bytes], built: Built) -> None:
    def work() -> None:
        send("a", "a")  # which would be refused
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transaction.run(work)
    transaction.run(lambda: send("b"))
    assert stored(built) == ["b"]


def test_what_is_refused_at_the_end_leaves_the_chain_of_the_trail_as_it_was(context: Flask) -> None:
    chain, twice = context.extensions["audit_chain"], record_input(email="asha@example.com")
    api_actor = actor_of(make_account("editor"))
    service.create_record(RecordInput.model_validate(twice, context=checks()), actor=api_actor)
    ends = (chain.stream, chain.seq)
    other = record_input(email="asha@example.com")
    with pytest.raises(Duplicate):
        service.create_record(RecordInput.model_validate(other, context=checks()), actor=api_actor)
    assert (chain.stream, chain.seq) == ends


def test_each_command_explains_what_it_sent_itself(context: Flask) -> None:
    somebody, made = actor_of(make_account("editor")), [make_record() for _ in range(3)]
    taken = RecordChanges.model_construct(
        _fields_set={"primary_mobile"}, primary_mobile=made[2].values["primary_mobile"]
    )
    moved = RecordChanges.model_construct(_fields_set={"current_address"}, current_address="22 Lake Road")

    def both() -> None:
        service.update_record(made[0].id, taken, actor=somebody)
        service.update_record(made[1].id, moved, actor=somebody)

    with pytest.raises(Duplicate) as refused:
        transaction.run(both)
    assert [error.field for error in refused.value.errors] == ["primary_mobile"]


def test_what_others_sent_is_not_taken_for_a_number_that_is_known(context: Flask, built: Built) -> None:
    somebody, given = actor_of(make_account("supervisor")), record_input()
    data = RecordInput.model_validate(given, context=checks())
    record, _ = service.create_record(data, actor=somebody)
    service.delete_record(record.id, actor=somebody)
    transaction.run(lambda: send("x"))

    def work() -> None:
        send("x")
        service.create_record(data, actor=somebody)

    with pytest.raises(IntegrityError) as refused:
        transaction.run(work)
    assert "idempotency_keys" in str(refused.value.statement)
    assert queries.get_record(record.id, deleted="only").id == record.id


# --- what another does meanwhile ----------------------------------------------------------------------------------


@pytest.fixture
def other(built: Built) -> Iterator[Connection]:
    """Lend the connection of somebody else."""
    with built.past_the_program.connect() as lent:
        yield lent
        lent.rollback()


def hold(other: Connection, *names: str) -> None:
    """Lock rows as somebody else."""
    for name in names:
        other.execute(update(_keys).where(_keys.c.id == key(name)).values(status=1))


@server_only
def test_after_a_deadlock_nothing_of_what_followed_is_kept(
    journeys: list[bytes], built: Built, other: Connection
) -> None:
    transaction.run(lambda: send("mine", "theirs", *(f"weight-{number}" for number in range(20))))
    before, runs = stored(built), []

    def work() -> None:
        runs.append(1)
        if len(runs) > 1:
            return
        set_status("mine", 2)
        assert status_of("mine") == 2
        hold(other, "theirs", *(f"weight-{number}" for number in range(20)))  # the lighter transaction is ended
        waiting = threading.Thread(target=hold, args=(other, "mine"))
        waiting.start()
        set_status("theirs", 2)
        send("a", "b", "c")
        try:
            with pytest.raises(OperationalError) as ended:
                ready_sql.settle(connection())
            assert cast(Any, ended.value.orig).args[0] == 1213
            assert stored(built) == before
        finally:
            waiting.join(10)
            other.rollback()
        raise ended.value

    transaction.run(work)
    assert (len(runs), stored(built)) == (2, before)


@server_only
def test_after_a_lock_wait_nothing_is_kept(journeys: list[bytes], built: Built, other: Connection) -> None:
    transaction.run(lambda: send("theirs"))
    hold(other, "theirs")

    def work() -> None:
        connection().execute(text("SET SESSION innodb_lock_wait_timeout = 1"))
        send("a")
        set_status("theirs", 2)
        send("b")

    try:
        with pytest.raises((OperationalError, Unavailable)):
            transaction._own(work)
    finally:
        db.engine.dispose()  # its lock wait is not the usual one
    assert stored(built) == ["theirs"]


@server_only
@pytest.mark.parametrize("what", ["CONNECTION", "QUERY"])
def test_who_is_killed_in_the_middle_keeps_nothing(
    journeys: list[bytes], built: Built, other: Connection, what: str
) -> None:
    transaction.run(lambda: send("theirs"))
    hold(other, "theirs")
    runs: list[int] = []

    def work() -> None:
        runs.append(1)
        if len(runs) == 1:
            assert status_of("theirs") is None
            killer = threading.Timer(0.2, kill, args=(built.past_the_program, what, driver().thread_id()))
            killer.start()
            send("a")
            set_status("theirs", 2)
        send("b", "c")
        try:
            ready_sql.settle(connection())
        except Exception as error:
            told.append(type(error))
            raise

    told: list[type[Exception]] = []
    if what == "CONNECTION":
        transaction.run(work)
        assert told == [OperationalError]
        assert stored(built) == ["b", "c", "theirs"]
    else:
        with pytest.raises(DBAPIError):
            transaction.run(work)
        assert stored(built) == ["theirs"]
    assert cast(QueuePool, db.engine.pool).checkedout() <= 1


def kill(engine: Engine, what: str, number: int) -> None:
    """End a connection of the server's, or what it does just now."""
    with engine.connect() as killing:
        killing.execute(text(f"KILL {what} {number}"))


@server_only
def test_a_line_that_is_cut_while_statements_wait_is_given_up(journeys: list[bytes], built: Built) -> None:
    lost: list[Any] = []

    def work() -> None:
        send("a")
        if not lost:
            lost.append(driver())
            driver()._sock.shutdown(socket.SHUT_RDWR)
            in_hand = connection()
            with pytest.raises(OperationalError) as told:
                ready_sql.settle(in_hand)
            lost.extend([told.value.connection_invalidated, in_hand.invalidated])
            raise told.value

    transaction.run(work)
    assert lost[1:] == [True, True]  # said here, because what fails with a lost connection is run again
    assert stored(built) == ["a"]
    assert driver() is not lost[0]


@server_only
def test_whatever_breaks_in_while_answers_are_read_ends_the_connection(
    journeys: list[bytes], built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_in(_self: object, _one: object) -> None:
        raise KeyboardInterrupt

    def work() -> None:
        send("a", "b")
        with monkeypatch.context() as patched:
            patched.setattr(SharedJourneys, "_read_done", break_in)
            ready_sql.settle(connection())

    with pytest.raises(KeyboardInterrupt):
        transaction.run(work)
    transaction.run(lambda: send("c"))
    assert stored(built) == ["c"]


# --- who commits ---------------------------------------------------------------------------------------------------


@server_only
def test_after_a_command_a_session_commits_by_itself_again_and_is_in_no_transaction(
    journeys: list[bytes], built: Built
) -> None:
    transaction.run(lambda: send("a"))
    del journeys[:]
    assert fetch_value(STATUS, {"key": key("a")}) is None
    assert len(journeys) == 1
    state = db.session.execute(text("SELECT @@autocommit, @@in_transaction")).one()
    assert tuple(state) == (1, 0)
    db.session.rollback()

    def in_command() -> Any:
        return tuple(connection().execute(text("SELECT @@autocommit, @@in_transaction")).one())

    assert transaction.run(in_command) == (0, 1)
    assert transaction.run(lambda: transaction.run(in_command)) == (0, 0)


@server_only
def test_a_session_that_cannot_be_told_who_commits_is_given_up(
    journeys: list[bytes], built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_value(STATUS, {"key": key("a")})  # from now on it commits by itself
    wrong = shared_journeys._sent("", b"SET autocommit = 'perhaps'", writes=False)
    with monkeypatch.context() as patched:
        patched.setattr(shared_journeys, "_BY_COMMAND", (wrong, *shared_journeys._BY_COMMAND))
        with pytest.raises(Unavailable) as refused:
            transaction.run(lambda: send("a"))
    assert cast(Any, refused.value.__cause__).orig.args[0] == 1231
    assert cast(DBAPIError, refused.value.__cause__).connection_invalidated
    assert stored(built) == []
    transaction.run(lambda: send("b"))
    assert stored(built) == ["b"]


@server_only
def test_rows_that_are_streamed_are_read_by_a_session_that_commits_by_itself(
    journeys: list[bytes], built: Built
) -> None:
    transaction.run(lambda: send("a", "b"))
    asked = text("SELECT @@autocommit FROM idempotency_keys").execution_options(stream_results=True)
    assert db.session.execute(asked).scalars().all() == [1, 1]


# --- on the line ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 8, 9, 10, 17, 18, 19])
def test_a_long_statement_is_cut_into_packets(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setattr(shared_journeys, "MAX_PACKET_LEN", 10)
    sent = shared_journeys._sent("", b"s" * length, writes=True)
    rest, parts = sent.packets, list[bytes]()
    while rest:
        size, number = int.from_bytes(rest[:3], "little"), rest[3]
        assert (number, size <= 10) == (len(parts), True)
        parts.append(rest[4 : 4 + size])
        rest = rest[4 + size :]
    assert b"".join(parts) == b"\x03" + b"s" * length
    assert len(parts[-1]) < 10  # a full one says that more follows
    assert sent.answer == len(parts)


@server_only
def test_slow_ones_that_shared_a_journey_are_logged_each(
    journeys: list[bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(slow_statements, "SLOW_SECONDS", 0.0)
    with caplog.at_level(logging.WARNING):
        transaction.run(lambda: send("a", "b"))
    told: list[Any] = [record.msg for record in caplog.records if record.name == slow_statements.__name__]
    assert [said["statement"][:28] for said in told] == ["INSERT INTO idempotency_keys"] * 2

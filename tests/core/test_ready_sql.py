"""Statements that are ready: the same rows and the same errors as SQLAlchemy's own, and few of them for a write."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import QueuePool, bindparam, event, select
from sqlalchemy.exc import IntegrityError, OperationalError

from app.core import ready_sql, slow_statements, transaction
from app.core.database import new_id, table_of, utc_now
from app.core.idempotency import IdempotencyKey
from app.core.outbox import OutboxMessage
from app.core.statements import connection, insert_rows
from app.extensions import db
from tests.browsing import JsonClient
from tests.factories import record_input

Api = Callable[..., JsonClient]
_keys, _messages = table_of(IdempotencyKey), table_of(OutboxMessage)
KEY = {"id": b"Asha" * 8, "fingerprint": b"Rao " * 8, "expires_at": utc_now()}
EXPIRES_AT = select(_keys.c.expires_at).where(_keys.c.id == bindparam("id"))


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Gather the first words of the statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, words: str, *_: object) -> None:
        first = " ".join(words.split()[:3]).partition("(")[0]
        # A server is told of a beginning in another way, and which searches are kept is asked every few seconds.
        if not first.startswith(("BEGIN", "SELECT kept_searches")):
            sent.append(first)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("number", [1, 2, ready_sql.TOGETHER, ready_sql.TOGETHER + 1])
def test_rows_are_stored_as_they_are_however_many(context: Flask, number: int) -> None:
    now = utc_now()
    rows = [
        {"id": new_id(), "type": "100 % s'\\", "subject_id": new_id(), "occurred_at": now, "data": {"place": place}}
        for place in range(number)
    ]
    transaction.run(lambda: insert_rows(_messages, rows))
    stored = db.session.execute(select(*(_messages.c[name] for name in rows[0])).order_by(_messages.c.id))
    assert [row._asdict() for row in stored] == sorted(rows, key=lambda row: str(row["id"]))


def test_a_value_comes_back_in_its_type_or_not_at_all(context: Flask) -> None:
    row = {"id": bytes(32), "fingerprint": bytes(32), "expires_at": utc_now() + timedelta(hours=1)}
    transaction.run(lambda: insert_rows(_keys, [row]))
    assert ready_sql.scalar(connection(), EXPIRES_AT, row) == row["expires_at"]
    assert ready_sql.scalar(connection(), EXPIRES_AT, {"id": b"1" * 32}) is None


@pytest.mark.parametrize("number", [2, ready_sql.TOGETHER + 1])
def test_a_refusal_is_an_integrity_error_that_shows_no_value(context: Flask, number: int) -> None:
    with pytest.raises(IntegrityError) as refused:
        transaction.run(lambda: insert_rows(_keys, [KEY] * number))
    assert "SQL parameters hidden" in str(refused.value)
    assert "Rao" not in str(refused.value)
    assert db.session.execute(select(_keys.c.id)).all() == []


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True, scope="session")
def test_a_connection_that_is_lost_in_a_transaction_is_given_up(context: Flask) -> None:
    lost: list[bool] = []

    def write() -> None:
        if not lost:
            driver: Any = connection().connection.dbapi_connection
            driver._sock.shutdown(socket.SHUT_RDWR)
            lost.append(True)
            in_hand = connection()
            with pytest.raises(OperationalError) as told:
                insert_rows(_keys, [KEY])
            lost.extend([told.value.connection_invalidated, in_hand.invalidated])
            raise told.value
        insert_rows(_keys, [KEY])

    transaction.run(write)
    assert db.session.execute(select(_keys.c.id)).all() == [(KEY["id"],)]
    assert lost == [True, True, True]  # said here, because what fails with a lost connection is run again
    assert cast(QueuePool, db.engine.pool).checkedout() == 1


def test_a_slow_one_is_logged_without_a_value(
    context: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(slow_statements, "SLOW_SECONDS", 0.0)
    with caplog.at_level(logging.WARNING):
        transaction.run(lambda: insert_rows(_keys, [KEY]))
    told: list[Any] = [record.msg for record in caplog.records if record.name == slow_statements.__name__]
    assert any(said["statement"].startswith("INSERT INTO idempotency_keys") for said in told)
    assert "Rao" not in str(told)


def test_a_write_sends_few_statements_and_none_of_them_twice(app: Flask, api: Api) -> None:
    editor = api("editor")
    editor.get("/users/")  # its token is known from now on
    noted = ["INSERT INTO audit_entries", "INSERT INTO audit_values", "INSERT INTO outbox"]
    with statements(app) as sent:
        made = editor.post("/users/", json=record_input(), headers={"Idempotency-Key": "k"}).json
    assert sent == [
        "INSERT INTO idempotency_keys",
        "INSERT INTO identity_vault",
        "SELECT accounts.last_login_at FROM",
        "INSERT INTO user_records",
        "INSERT INTO record_counts",
        "INSERT INTO record_suffixes",
        "UPDATE idempotency_keys SET",
        *noted,
    ]
    with statements(app) as sent:
        editor.patch(f"/users/{made['id']}", json={"current_address": "22 Lake Road, Mysuru 570001"})
    assert sent == ["SELECT json_array", "UPDATE user_records SET", *noted]
    with statements(app) as sent:
        editor.delete(f"/users/{made['id']}")
    assert sent == ["SELECT json_array", "UPDATE user_records SET", "INSERT INTO record_counts", *noted]

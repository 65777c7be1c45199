"""A constant SELECT is answered the same by the quick path and by the ordinary one, whichever is taken."""

import logging
import socket
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, Select, String, bindparam, column, event, literal_column, select
from sqlalchemy.exc import DBAPIError, OperationalError

from app.core import quick_reads, slow_statements, transaction
from app.core.database import BinaryUuid, table_of
from app.core.quick_reads import fetch, fetch_first, fetch_value
from app.core.statements import connection
from app.extensions import db
from app.records.models import UserRecord
from tests.factories import MadeRecord

Make = Callable[..., MadeRecord]
SECRET = "234123412346"

records = table_of(UserRecord)
BY_ID = select(records).where(records.c.id == bindparam("wanted", type_=BinaryUuid()))
NOWHERE = (
    select(column("nothing", String())).select_from(records).where(literal_column("nowhere") == bindparam("value"))
)


def lent(engine: Engine) -> int:
    pool: Any = engine.pool
    taken: int = pool.checkedout()
    return taken


def test_both_paths_answer_the_same_types(context: Flask, make_record: Make) -> None:
    made = make_record()
    (quick,) = fetch(BY_ID, {"wanted": made.id})
    assert not db.session.registry.has() or not db.session().in_transaction()
    ordinary = connection().execute(BY_ID, {"wanted": made.id}).one()
    assert quick._asdict() == ordinary._asdict()
    assert [type(value) for value in quick] == [type(value) for value in ordinary]
    assert lent(db.engine) == 1


def test_nothing_found_is_no_row_and_no_value(context: Flask) -> None:
    assert fetch(BY_ID, {"wanted": UUID(int=1)}) == []
    assert fetch_first(BY_ID, {"wanted": UUID(int=1)}) is None
    assert fetch_value(BY_ID, {"wanted": UUID(int=1)}) is None


def test_a_transaction_in_hand_reads_what_it_wrote(context: Flask, make_record: Make) -> None:
    made = make_record()

    def write_and_read() -> Any:
        connection().execute(records.update().where(records.c.id == made.id).values(place_of_birth="Nashik"))
        (row,) = fetch(BY_ID, {"wanted": made.id})
        return row.place_of_birth, lent(db.engine)

    assert transaction.run(write_and_read) == ("Nashik", 1)


def test_whoever_watches_statements_sees_them_all(context: Flask, statements: list[str], make_record: Make) -> None:
    made = make_record()
    statements.clear()
    assert fetch_value(BY_ID, {"wanted": made.id}) == made.id
    assert any(statement.startswith("SELECT user_records.id") for statement in statements)


def test_what_the_database_refuses_is_told_as_ever_and_holds_no_connection(context: Flask) -> None:
    with pytest.raises(DBAPIError) as refused:
        fetch(NOWHERE, {"value": SECRET})
    assert SECRET not in str(refused.value)
    db.session.rollback()
    assert lent(db.engine) == 0


def test_after_a_long_wait_in_vain_it_is_not_asked_again(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_reads, "PATIENCE_SECONDS", -1.0)
    with pytest.raises(OperationalError) as refused:
        fetch(NOWHERE, {"value": SECRET})
    assert SECRET not in str(refused.value)
    assert not db.session.registry.has() or not db.session().in_transaction()
    assert lent(db.engine) == 0


def test_a_slow_one_is_logged_without_a_value(
    context: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(slow_statements, "SLOW_SECONDS", 0.0)
    asked = select(records.c.id).where(records.c.email == bindparam("email", type_=String()))
    with caplog.at_level(logging.WARNING):
        fetch(asked, {"email": "asha@example.com"})
    told: list[Any] = [record.msg for record in caplog.records if record.name == slow_statements.__name__]
    assert any(said["statement"].startswith("SELECT user_records.id FROM user_records") for said in told)
    assert "asha@example.com" not in str(told)


def test_a_statement_that_differs_with_its_values_is_refused(context: Flask) -> None:
    several: Select[Any] = select(records.c.id).where(records.c.id.in_(bindparam("ids", expanding=True)))
    with pytest.raises(TypeError):
        fetch(several, {"ids": []})


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True, scope="session")
def test_a_connection_that_dies_in_use_is_put_away_and_another_asked(context: Flask, make_record: Make) -> None:
    made = make_record()
    cut: list[Any] = []

    def cut_once(connection: Any, *_: Any) -> None:
        if not cut:
            cut.append(connection)
            connection._sock.shutdown(socket.SHUT_RDWR)

    event.listen(db.engine.pool, "checkout", cut_once)
    try:
        assert fetch_value(BY_ID, {"wanted": made.id}) == made.id
    finally:
        event.remove(db.engine.pool, "checkout", cut_once)
    assert cut
    assert connection().connection.dbapi_connection is not cut[0]

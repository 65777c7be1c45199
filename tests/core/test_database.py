"""The database itself refuses what must never be, by names, and equal means equal bytes on every engine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core.database import NETWORK_TIMEOUT_SECONDS, UtcDateTime, engine_options, new_id
from app.extensions import Base, db
from tests.browsing import JsonClient
from tests.factories import MadeRecord, record_input

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]


@contextmanager
def direct(app: Flask) -> Iterator[Connection]:
    """Lend a connection that is taken back whole."""
    with app.app_context(), db.engine.connect() as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("name = ''", "name_not_blank"),
        ("name = '  '", "name_not_blank"),
        ("name = 'A'", "name_not_blank"),
        ("name = ' Asha'", "name_not_blank"),
        ("name = 'Asha '", "name_not_blank"),
        ("email = 'Asha@example.com'", "email_shape"),
        ("email = 'asha'", "email_shape"),
        ("email = '@example.com'", "email_shape"),
        ("email = ''", "email_shape"),
        ("primary_mobile = '123456789'", "primary_mobile_shape"),
        ("primary_mobile = '5999999999'", "primary_mobile_shape"),
        ("primary_mobile = ' 876543210'", "primary_mobile_shape"),
        ("primary_mobile = 'abcdefghij'", "primary_mobile_shape"),
        ("secondary_mobile = primary_mobile", "secondary_mobile_shape"),
        ("secondary_mobile = ''", "secondary_mobile_shape"),
        ("secondary_mobile = 'abcdefghij'", "secondary_mobile_shape"),
        ("aadhaar_mask = '234123412346'", "aadhaar_masked"),
        ("aadhaar_mask = ''", "aadhaar_masked"),
        ("pan_mask = 'ABCPE1234F'", "pan_masked"),
        ("date_of_birth = '1899-12-31'", "date_of_birth_range"),
        ("current_address = 'short'", "current_address_length"),
        ("permanent_address = ''", "permanent_address_length"),
        ("is_deleted = 1", "deletion_is_whole"),
        ("deleted_at = created_at", "deletion_is_whole"),
        ("is_deleted = 1, deleted_at = created_at", "deletion_is_whole"),
        ("is_active = 2", "flags"),
        ("is_deleted = 5", None),
        ("email_verified = 7", "flags"),
        ("name = NULL", None),
        ("aadhaar_mask = NULL", None),
        ("version = NULL", None),
        ("identity_id = x'00000000000000000000000000000001'", None),
    ],
)
def test_the_database_refuses_what_must_never_be(
    app: Flask, make_record: Make, change: str, constraint: str | None
) -> None:
    make_record()
    with direct(app) as connection:
        with pytest.raises(DBAPIError) as refused:
            connection.execute(text(f"UPDATE user_records SET {change}"))
        if constraint:
            assert f"ck_user_records_{constraint}" in str(refused.value)


@pytest.mark.parametrize("column", ["email", "primary_mobile", "reference", "identity_id"])
def test_the_database_keeps_values_unique(app: Flask, make_record: Make, column: str) -> None:
    first, second = make_record(), make_record()
    with direct(app) as connection:
        (value,) = connection.execute(
            text(f"SELECT {column} FROM user_records WHERE id = :id"), {"id": first.id.bytes}
        ).one()
        with pytest.raises(IntegrityError):
            connection.execute(
                text(f"UPDATE user_records SET {column} = :value WHERE id = :id"),
                {"value": value, "id": second.id.bytes},
            )


@pytest.mark.parametrize("column", ["aadhaar_index", "pan_index"])
def test_the_database_keeps_numbers_unique(app: Flask, make_record: Make, column: str) -> None:
    make_record()
    make_record()
    with direct(app) as connection, pytest.raises(IntegrityError):
        connection.execute(text(f"UPDATE identity_vault SET {column} = x'00'"))


def test_deleted_records_do_not_hold_email_or_mobile(app: Flask, make_record: Make) -> None:
    first = make_record()
    make_record()
    with direct(app) as connection:
        values: dict[str, Any] = {"id": first.id.bytes}
        connection.execute(
            text("UPDATE user_records SET is_deleted = 1, is_active = 0, deleted_at = created_at"), values
        )
        connection.execute(text("UPDATE user_records SET email = 'same@example.com', primary_mobile = '9000000000'"))


def test_every_constraint_and_index_has_the_name_of_the_convention(app: Flask) -> None:
    with app.app_context():
        found = inspect(db.engine)
        for table in Base.metadata.tables:
            for index in found.get_indexes(table):
                assert str(index["name"]).startswith((f"ix_{table}", f"uq_{table}", f"fk_{table}")), index
            for unique in found.get_unique_constraints(table):
                assert str(unique["name"]).startswith(f"uq_{table}"), unique
            for key in found.get_foreign_keys(table):
                assert str(key["name"]).startswith(f"fk_{table}"), key
            for check in found.get_check_constraints(table):
                assert str(check["name"]).startswith(f"ck_{table}"), check


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mike", "mıke"),
        ("strasse", "straße"),
        ("jose", "josé"),
        ("k", "\u212a"),
        ("asha", "asha\u200b"),
        ("jos\u00e9", "jose\u0301"),
        ("asha", "ASHA"),
        ("i", "İ"),
        ("ss", "ß"),
        ("fi", "ﬁ"),
        ("asha", "asha\x00"),
    ],
)
def test_texts_are_equal_when_their_bytes_are(app: Flask, make_record: Make, one: str, other: str) -> None:
    made = make_record()
    with direct(app) as connection:
        connection.execute(
            text("UPDATE user_records SET place_of_birth = :one WHERE id = :id"), {"one": one, "id": made.id.bytes}
        )
        found = connection.execute(
            text("SELECT count(*) FROM user_records WHERE place_of_birth = :other"), {"other": other}
        )
        assert found.scalar_one() == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mike@example.com", "m\u0131ke@example.com"),
        ("asha@example.com", "ash\u00e1@example.com"),
        ("strasse@example.com", "stra\u00dfe@example.com"),
        ("kim@example.com", "\u212aim@example.com"),
    ],
)
def test_a_look_alike_address_is_not_taken_for_another(api: Api, one: str, other: str) -> None:
    editor = api("editor")
    assert editor.post("/users/", json=record_input(email=one)).status_code == 201
    answer = editor.post("/users/", json=record_input(email=other))
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "INVALID")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Asha@Example.com", "asha@example.COM"),
        ("  asha@example.com ", "asha@example.com"),
        ("asha@b\u00fccher.example", "asha@xn--bcher-kva.example"),
        ("asha@BU\u0308CHER.example", "asha@bücher.example"),
    ],
)
def test_spellings_of_one_address_are_one(api: Api, one: str, other: str) -> None:
    editor = api("editor")
    assert editor.post("/users/", json=record_input(email=one)).status_code == 201
    answer = editor.post("/users/", json=record_input(email=other))
    assert (answer.status_code, answer.json["code"]) == (409, "DUPLICATE_EMAIL")


def test_names_that_differ_in_an_accent_are_sorted_and_kept_apart_alike(api: Api) -> None:
    editor = api("editor")
    names = ["Zoe Das", "zoe Das", "Zoé Das", "ßen Das", "Ssen Das", "आशा", "Asha", "asha b", "Ásha"]
    for name in names:
        assert editor.post("/users/", json=record_input(name=name)).status_code == 201
    shown = [record["name"] for record in editor.get("/users/?sort=name&page_size=100").json["data"]]
    folded = [name.casefold() for name in shown]
    assert folded == sorted(folded, key=lambda name: name.encode())


def test_ids_grow_with_time() -> None:
    ids = [new_id() for _ in range(2000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {one.version for one in ids} == {7}


def test_a_stored_time_needs_its_zone_and_comes_back_in_utc(app: Flask) -> None:
    kind = UtcDateTime()
    with app.app_context():
        dialect = db.engine.dialect
    india = datetime(2026, 1, 1, 5, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    stored = kind.process_bind_param(india, dialect)
    assert stored == datetime(2026, 1, 1)  # noqa: DTZ001 - as the driver takes it
    assert kind.process_result_value(stored, dialect) == datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="zone"):
        kind.process_bind_param(datetime(2026, 1, 1), dialect)  # noqa: DTZ001 - the point


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_sqlite_is_set_up_for_several_writers(app: Flask) -> None:
    with direct(app) as connection:
        for pragma, value in (
            ("journal_mode", "wal"),
            ("foreign_keys", 1),
            ("synchronous", 2),
            ("busy_timeout", 8000),
            ("secure_delete", 1),
        ):
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True)
def test_a_server_connection_is_strict_in_utc_and_gives_up_in_time(app: Flask) -> None:
    with direct(app) as connection:
        row = connection.execute(
            text(
                "SELECT @@time_zone, @@innodb_lock_wait_timeout, @@sql_mode, @@tx_isolation, @@character_set_connection"
            )
        ).one()
    zone, wait, mode, isolation, charset = row
    assert (zone, isolation, charset) == ("+00:00", "READ-COMMITTED", "utf8mb4")
    assert int(wait) < NETWORK_TIMEOUT_SECONDS
    assert "STRICT_ALL_TABLES" in mode


@pytest.mark.parametrize("driver", ["pymysql", "mysqldb"])
def test_either_driver_marks_bytes_and_sends_one_statement_at_a_time(app: Flask, driver: str) -> None:
    config = replace(app.extensions["config"], database_url=f"mysql+{driver}://room@127.0.0.1/room", is_sqlite=False)
    told = engine_options(config)["connect_args"]
    assert {told[name] for name in ("read_timeout", "write_timeout")} == {NETWORK_TIMEOUT_SECONDS}
    asked = {name: told[name] for name in ("binary_prefix", "multi_statements", "local_infile") if name in told}
    wanted = {"binary_prefix": True, "multi_statements": False, "local_infile": False}
    assert asked == (wanted if driver == "mysqldb" else {})

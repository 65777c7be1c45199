"""A database server whose connections break, that is killed or frozen: no 500, nothing lost, nothing doubled."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pymysql
import pytest

from tests.factories import record_input
from tests.faults.partner import CarefulPartner
from tests.faults.room import Room, Told, own_database_server, wait_for
from tests.services.mariadb import MariaDb
from tests.services.served import Served


@pytest.fixture(scope="module")
def own_server() -> Iterator[MariaDb]:
    """Start a database server that may be broken without spoiling other tests."""
    with own_database_server() as server:
        yield server


@pytest.fixture(scope="module")
def room(own_server: MariaDb, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Lend a room on that server."""
    made = Room(own_server.create_database("faults"), Path(tmp_path_factory.mktemp("room")))
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(room: Room) -> Served:
    """Serve the room."""
    return room.serve()


def assert_away(told: Told) -> None:
    assert (told.status, told.json["code"]) == (503, "UNAVAILABLE"), told.text
    assert int(told.headers["Retry-After"]) > 0
    assert told.headers["Content-Type"] == "application/problem+json"
    assert told.seconds < 10


def test_connections_that_were_killed_between_requests_are_never_noticed(
    room: Room, server: Served, own_server: MariaDb
) -> None:
    record = room.call(server, "POST", "/users/", record_input()).json
    for number in range(15):
        assert own_server.kill_connections() > 0
        path, body = ("/users/", record_input()) if number % 2 else (f"/users/{record['id']}/restore", {})
        assert room.call(server, "POST", path, body).status == (201 if number % 2 else 409)
        own_server.kill_connections()
        assert room.call(server, "GET", f"/users/{record['id']}").status == 200
        own_server.kill_connections()
        assert room.call(server, "GET", "/health/ready").status == 200


def kill_for(seconds: float, server: MariaDb) -> None:
    """End all connections again and again; one that ended by itself is as good."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(pymysql.err.MySQLError):
            server.kill_connections()
        time.sleep(0.03)


def test_connections_that_are_killed_meanwhile_cost_no_more_than_a_retry(
    room: Room, server: Served, own_server: MariaDb
) -> None:
    partner = CarefulPartner(room, server)
    with partner.at_work():
        kill_for(4, own_server)
    assert len(partner.saved) > 5
    partner.prove_that_nothing_is_lost()


def test_a_server_that_was_killed_is_503_and_its_restart_is_survived(
    room: Room, server: Served, own_server: MariaDb
) -> None:
    given = record_input()
    made = room.call(server, "POST", "/users/", given)
    own_server.kill()
    for method, path, body in (("GET", "/users/", None), ("POST", "/users/", record_input()), ("GET", "/audit", None)):
        assert_away(room.call(server, method, path, body))
    assert room.call(server, "GET", "/health/live").status == 200
    assert room.call(server, "GET", "/health/ready").status == 503
    own_server.run()
    back = time.monotonic()
    wait_for(lambda: room.call(server, "GET", f"/users/{made.json['id']}").status == 200, 5)
    assert time.monotonic() - back < 5
    assert room.call(server, "POST", "/users/", record_input()).status == 201


@pytest.mark.slow
def test_a_frozen_server_is_503_within_ten_seconds_and_thawed_works_within_five(
    room: Room, server: Served, own_server: MariaDb
) -> None:
    made = room.call(server, "POST", "/users/", record_input()).json
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"/users/{made['id']}", None), ("GET", "/users/", None),
        ("POST", "/users/", record_input()), ("PATCH", f"/users/{made['id']}", {"name": "Asha Rao"}),
    ]  # fmt: skip
    own_server.freeze()
    try:
        with ThreadPoolExecutor(len(calls)) as pool:
            waiting = [pool.submit(room.call, server, *call) for call in calls]
            time.sleep(0.3)
            live = room.call(server, "GET", "/health/live")
            assert (live.status, live.seconds < 1) == (200, True)
            answers = [done.result(30) for done in waiting]
        for told in answers:
            assert_away(told)
        assert room.call(server, "GET", "/health/ready").status == 503
    finally:
        own_server.thaw()
    thawed = time.monotonic()
    wait_for(lambda: room.call(server, "GET", "/users/").status == 200, 5)
    assert room.call(server, "PATCH", f"/users/{made['id']}", {"name": "Asha Das"}).status == 200
    assert time.monotonic() - thawed < 5


@pytest.mark.slow
def test_a_server_that_freezes_within_a_request_is_503_in_time(room: Room, own_server: MariaDb) -> None:
    server, before = room.serve(), room.count("user_records")
    with ThreadPoolExecutor(8) as pool:
        over = threading.Event()

        def work() -> list[Told]:
            told = []
            while not over.is_set():
                try:
                    told.append(room.call(server, "POST", "/users/", record_input()))
                except (OSError, HTTPException) as error:
                    raise AssertionError("the server hung up") from error
            return told

        running = [pool.submit(work) for _ in range(6)]
        try:
            wait_for(lambda: room.count("user_records") > before + 30)
            own_server.freeze()
            time.sleep(1)
            over.set()
            answers = [told for done in running for told in done.result(40)]
        finally:
            over.set()
            own_server.thaw()
    assert {told.status for told in answers} <= {201, 503}
    for told in answers:
        if told.status == 503:
            assert_away(told)
    wait_for(lambda: room.call(server, "GET", "/users/").status == 200, 5)
    records = room.count("user_records")
    assert room.count("audit_entries WHERE action = 'record.created'") == records

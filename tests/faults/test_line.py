"""A network that breaks between the application and its database: cut around COMMIT, or silent."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.factories import record_input
from tests.faults.room import Room, Told, wait_for
from tests.services.mariadb import MariaDb
from tests.services.network import Line
from tests.services.served import Served

EFFECTS = ("user_records", "identity_vault", "idempotency_keys", "audit_entries WHERE action = 'record.created'",
           "outbox WHERE type = 'record.created'")  # fmt: skip


@pytest.fixture(scope="module")
def line(mariadb: MariaDb) -> Iterator[Line]:
    """Lead to the database server of this run."""
    made = Line(mariadb.port)
    yield made
    made.close()


@pytest.fixture(scope="module")
def room(
    line: Line, mariadb: MariaDb, new_database: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Room]:
    """Lend a room that reaches its database by that line."""
    url = new_database("mariadb", "line").replace(f":{mariadb.port}/", f":{line.port}/")
    made = Room(url, Path(tmp_path_factory.mktemp("line")))
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(room: Room) -> Served:
    """Serve the room; its first call notes that the key is in use, which is a commit of its own."""
    server = room.serve()
    assert room.call(server, "GET", "/users/").status == 200
    return server


def counts(room: Room) -> list[int]:
    return [room.count(table) for table in EFFECTS]


@pytest.mark.parametrize("is_heard", [False, True], ids=["before", "after"])
def test_a_create_cut_off_around_its_commit_is_sent_again_and_done_once(
    room: Room, server: Served, line: Line, is_heard: bool
) -> None:
    given, key, before, cuts = record_input(), f"cut {is_heard}".replace(" ", "-"), counts(room), line.cuts
    line.cut_at(b"COMMIT", is_heard=is_heard)
    told = room.call(server, "POST", "/users/", given, Idempotency_Key=key)
    assert line.cuts == cuts + 1
    assert (told.status, told.json["code"]) == (503, "UNAVAILABLE"), told.text
    assert "not known whether" in told.json["detail"]
    assert int(told.headers["Retry-After"]) > 0
    wait_for(lambda: counts(room) == [number + is_heard for number in before])
    again = room.call(server, "POST", "/users/", given, Idempotency_Key=key)
    assert again.status == 201, again.text
    assert ("Idempotency-Replayed" in again.headers) == is_heard
    assert counts(room) == [number + 1 for number in before]
    assert room.call(server, "GET", f"/users/{again.json['id']}").json["email"] == given["email"]


@pytest.mark.parametrize("is_heard", [False, True], ids=["before", "after"])
def test_an_update_cut_off_around_its_commit_is_never_made_twice(
    room: Room, server: Served, line: Line, is_heard: bool
) -> None:
    record = room.call(server, "POST", "/users/", record_input()).json
    change = {"name": "Asha Rao", "version": record["version"]}
    line.cut_at(b"COMMIT", is_heard=is_heard)
    assert room.call(server, "PATCH", f"/users/{record['id']}", change).status == 503
    wait_for(lambda: room.call(server, "GET", f"/users/{record['id']}").status == 200)
    again = room.call(server, "PATCH", f"/users/{record['id']}", change)
    assert again.status == (409 if is_heard else 200)
    history = room.call(server, "GET", f"/users/{record['id']}/history").json["data"]
    assert [entry["action"] for entry in history if entry["action"] != "record.viewed"] == [
        "record.updated",
        "record.created",
    ]


def test_a_connection_cut_in_the_middle_of_a_command_is_not_noticed(room: Room, server: Served, line: Line) -> None:
    given, before = record_input(), counts(room)[:2]
    line.cut_at(b"INSERT INTO user_records", is_heard=False)
    assert room.call(server, "POST", "/users/", given).status == 201
    assert counts(room)[:2] == [number + 1 for number in before]
    checked = room.app.test_cli_runner().invoke(args=["audit", "verify"])
    assert checked.exit_code == 0, checked.stdout


@pytest.mark.slow
def test_a_database_behind_a_silent_line_is_503_within_ten_seconds_and_back_within_five(
    room: Room, server: Served, line: Line
) -> None:
    record = room.call(server, "POST", "/users/", record_input()).json
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"/users/{record['id']}", None), ("GET", "/users/", None),
        ("POST", "/users/", record_input()), ("PATCH", f"/users/{record['id']}", {"name": "Asha Rao"}),
        ("GET", "/health/ready", None),
    ]  # fmt: skip
    line.is_silent = True
    try:
        with ThreadPoolExecutor(len(calls)) as pool:
            waiting = [pool.submit(room.call, server, *call) for call in calls]
            time.sleep(0.3)
            live = room.call(server, "GET", "/health/live")
            assert (live.status, live.seconds < 1) == (200, True)
            answers: list[Told] = [done.result(30) for done in waiting]
        assert {told.status for told in answers} == {503}
        assert max(told.seconds for told in answers) < 10
    finally:
        line.is_silent = False
    back = time.monotonic()
    wait_for(lambda: room.call(server, "GET", "/users/").status == 200, 5)
    assert room.call(server, "POST", "/users/", record_input()).status == 201
    assert time.monotonic() - back < 5

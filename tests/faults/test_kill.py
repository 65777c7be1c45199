"""`kill -9` of the server at the worst moments."""

from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from tests.factories import record_input
from tests.faults.room import Room, Told, wait_for
from tests.services.served import Served

EFFECTS = ("user_records", "identity_vault", "idempotency_keys", "audit_entries WHERE action = 'record.created'",
           "outbox WHERE type = 'record.created'")  # fmt: skip


def call_and_kill(room: Room, server: Served, place: str, *request: object, **headers: str) -> None:
    """Send a request, wait until the server has come to a place, and kill it there."""
    room.stop_at(place)

    def attempt() -> Told | None:
        try:
            return room.call(server, *request, **headers)  # type: ignore[arg-type]
        except (OSError, HTTPException):
            return None

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(attempt)
        room.wait_until_stopped()
        server.kill()
        assert answer.result(20) is None


def test_a_create_whose_answer_was_lost_is_found_again_once(room: Room) -> None:
    given = record_input()
    call_and_kill(room, room.serve(stopper=True), "the answer", "POST", "/users/", given, Idempotency_Key="k")
    assert [room.count(table) for table in EFFECTS] == [1] * 5
    again = room.call(room.serve(), "POST", "/users/", given, Idempotency_Key="k")
    assert again.status == 201, again.text
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == f"/api/v1/users/{again.json['id']}"
    assert again.json["email"] == given["email"]
    assert [room.count(table) for table in EFFECTS] == [1] * 5


@pytest.mark.parametrize("place", ["INSERT INTO identity_vault", "INSERT INTO outbox"])
def test_a_create_that_died_half_way_leaves_nothing_and_its_key_is_free_at_once(room: Room, place: str) -> None:
    given = record_input()
    call_and_kill(room, room.serve(stopper=True), place, "POST", "/users/", given, Idempotency_Key="k")
    server = room.serve()
    assert [room.count(table) for table in EFFECTS] == [0] * 5
    again = room.call(server, "POST", "/users/", given, Idempotency_Key="k")
    assert again.status == 201, again.text
    assert "Idempotency-Replayed" not in again.headers
    assert again.seconds < 2
    assert [room.count(table) for table in EFFECTS] == [1] * 5


def test_an_update_that_died_half_way_changes_nothing(room: Room) -> None:
    server = room.serve(stopper=True)
    record = room.call(server, "POST", "/users/", record_input()).json
    call_and_kill(room, server, "INSERT INTO audit_entries", "PATCH", f"/users/{record['id']}", {"name": "Asha Rao"})
    server = room.serve()
    assert room.call(server, "GET", f"/users/{record['id']}").json["version"] == record["version"]
    assert room.count("outbox WHERE type = 'record.updated'") == 0
    changed = room.call(server, "PATCH", f"/users/{record['id']}", {"name": "Asha Rao", "version": record["version"]})
    assert changed.status == 200
    found = room.call(server, "POST", "/users/search/", {"q": "asha rao"}).json
    assert found["total"] == 1


def test_every_acknowledged_create_survives_a_kill_under_load(room: Room) -> None:
    server = room.serve()
    acknowledged: list[str] = []

    def writer() -> None:
        while True:
            try:
                told = room.call(server, "POST", "/users/", record_input())
            except (OSError, HTTPException):
                return
            assert told.status == 201, told.text
            acknowledged.append(told.json["id"])

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(writer) for _ in range(4)]
        while len(acknowledged) < 40:
            assert not any(done.done() for done in writers)
        server.kill()
        for done in writers:
            done.result(20)
    records = room.count("user_records")
    assert len(acknowledged) <= records <= len(acknowledged) + 4
    assert room.count("audit_entries WHERE action = 'record.created'") == records
    assert room.count("outbox WHERE type = 'record.created'") == records
    assert room.count("identity_vault") == records
    server = room.serve()
    for record_id in acknowledged:
        assert room.call(server, "GET", f"/users/{record_id}").status == 200
    checked = room.app.test_cli_runner().invoke(args=["audit", "verify"])
    assert checked.exit_code == 0, checked.stdout


def test_a_key_whose_holder_hangs_is_in_progress(room: Room) -> None:
    given = record_input()
    hanging, other = room.serve(stopper=True), room.serve()
    room.stop_at("INSERT INTO audit_entries")
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(room.call, hanging, "POST", "/users/", given, Idempotency_Key="k")
        room.wait_until_stopped()
        told = room.call(other, "POST", "/users/", given, Idempotency_Key="k")
        hanging.kill()
        with pytest.raises((OSError, HTTPException)):
            lost.result(20)
    # SQLite has one writer: there the whole database is busy, and nobody can look whose key it is.
    busy = "UNAVAILABLE" if "sqlite" in room.settings["DATABASE_URL"] else "IDEMPOTENCY_IN_PROGRESS"
    assert told.json["code"] == busy, told.text
    assert int(told.headers["Retry-After"]) >= 1
    assert told.seconds < 10
    assert room.call(other, "POST", "/users/", given, Idempotency_Key="k").status == 201


def test_a_graceful_stop_keeps_what_was_to_be_written_a_moment_later(room: Room) -> None:
    server = room.serve()
    record = room.call(server, "POST", "/users/", record_input()).json
    assert room.call(server, "GET", f"/users/{record['id']}").status == 200
    server.stop()
    assert room.count("audit_entries WHERE action = 'record.viewed'") == 1


def test_a_view_is_in_the_trail_within_five_seconds(room: Room) -> None:
    server = room.serve()
    record = room.call(server, "POST", "/users/", record_input()).json
    for _ in range(3):
        room.call(server, "GET", f"/users/{record['id']}")
    wait_for(lambda: room.count("audit_entries WHERE action = 'record.viewed'") == 1, 5)

"""Processes that leave in good order: nobody is hung up on, and nobody who waits holds them up (BAR R34)."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.faults.room import PATIENCE, Room, wait_for
from tests.services.lines import Line
from tests.services.served import Served, workers

REQUESTS_EACH = 20
CALLERS, CALLS = 3, 17


@pytest.fixture(scope="module")
def room(shared_room: Callable[[str], Room]) -> Room:
    """Lend a room."""
    return shared_room("sqlite")


@pytest.fixture(scope="module")
def server(room: Room) -> Served:
    """Serve it with two workers, each of which leaves after a few requests."""
    jitter = f"--max-requests {REQUESTS_EACH} --max-requests-jitter 5"
    return room.serve(WEB_CONCURRENCY="2", GUNICORN_CMD_ARGS=jitter)


def test_workers_that_leave_after_enough_requests_hang_up_on_nobody(room: Room, server: Served) -> None:
    before = workers(server)

    def call_on_one_line(_number: int) -> list[int]:
        line = Line(server.port)
        line.connection.timeout = 2 * PATIENCE  # both may leave at once, and it takes a while to begin anew
        with closing(line.connection):  # which is made anew where an answer said that it would be closed
            return [line.send("GET", "/users/", room.key)[0] for _ in range(CALLS)]

    with ThreadPoolExecutor(CALLERS) as pool:
        statuses = [status for found in pool.map(call_on_one_line, range(CALLERS)) for status in found]
    assert statuses == [200] * CALLERS * CALLS
    wait_for(lambda: before - workers(server) != set())


def test_who_waits_for_events_does_not_hold_up_a_stop(room: Room, server: Served) -> None:
    after = room.call(server, "GET", "/events?limit=100").json["next_after"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            room.call, server, "GET", f"/events?wait=20&after={after}" if after else "/events?wait=20"
        )
        time.sleep(0.5)
        assert not waiting.done()
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 10
        told = waiting.result(1)
    assert (told.status, told.json["data"]) == (200, [])

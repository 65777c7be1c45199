"""Single processes of the server that are killed: only what they had in hand fails, and others go on."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.factories import record_input
from tests.faults.partner import CarefulPartner
from tests.faults.room import Room, wait_for
from tests.services.served import Served, workers

REPLACED_WITHIN = 3


@pytest.fixture(scope="module")
def room(shared_room: Callable[[str], Room]) -> Room:
    """Lend a room on a server, because several processes work in it."""
    return shared_room("mariadb")


@pytest.fixture(scope="module")
def server(room: Room) -> Served:
    """Serve the room with two workers."""
    started = room.serve(WEB_CONCURRENCY="2")
    wait_for(lambda: len(workers(started)) == 2)
    return started


def is_gone(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_killed_worker_is_replaced_and_fails_only_what_it_had_in_hand(room: Room, server: Served) -> None:
    partner = CarefulPartner(room, server, hangs_up=True)
    with partner.at_work():
        partner.wait_for_more(20)
        before = workers(server)
        victim = min(before)
        os.kill(int(victim), signal.SIGKILL)
        killed = time.monotonic()
        wait_for(lambda: len(workers(server) - before) == 1, REPLACED_WITHIN)
        assert time.monotonic() - killed < REPLACED_WITHIN
        partner.wait_for_more(20)
    assert workers(server) & before == before - {victim}
    partner.prove_that_nothing_is_lost()


def test_workers_of_a_killed_master_leave_and_the_next_start_finds_everything(room: Room, server: Served) -> None:
    partner = CarefulPartner(room, server, hangs_up=True)
    with partner.at_work():
        partner.wait_for_more(20)
        orphans = workers(server)
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        wait_for(lambda: all(map(is_gone, orphans)))
        partner.server = room.serve(PORT=str(server.port))
        partner.wait_for_more(10)
    partner.prove_that_nothing_is_lost()
    assert room.call(partner.server, "POST", "/users/", record_input()).status == 201

"""Single processes of the server that are killed: only what they had in hand fails, and others go on."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.factories import record_input
from tests.faults.partner import CarefulPartner
from tests.faults.room import Room, wait_for
from tests.services.served import Served

REPLACED_WITHIN = 3


@pytest.fixture(scope="module")
def room(new_database: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Lend a room on a server, because several processes work in it."""
    made = Room(new_database("mariadb", "processes"), Path(tmp_path_factory.mktemp("processes")))
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(room: Room) -> Served:
    """Serve the room with two workers."""
    started = room.serve(WEB_CONCURRENCY="2")
    wait_for(lambda: len(workers_of(started)) == 2)
    return started


def workers_of(server: Served) -> set[int]:
    """Return the process ids of a server's workers."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return {int(child) for child in children.read_text().split()}


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_killed_worker_is_replaced_and_fails_only_what_it_had_in_hand(room: Room, server: Served) -> None:
    partner = CarefulPartner(room, server, hangs_up=True)
    with partner.at_work():
        partner.wait_for_more(20)
        before = workers_of(server)
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        killed = time.monotonic()
        wait_for(lambda: len(workers_of(server) - before) == 1, REPLACED_WITHIN)
        assert time.monotonic() - killed < REPLACED_WITHIN
        partner.wait_for_more(20)
    assert workers_of(server) & before == before - {victim}
    partner.prove_that_nothing_is_lost()


def test_workers_of_a_killed_master_leave_and_the_next_start_finds_everything(room: Room, server: Served) -> None:
    partner = CarefulPartner(room, server, hangs_up=True)
    with partner.at_work():
        partner.wait_for_more(20)
        workers = workers_of(server)
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        wait_for(lambda: all(is_gone(worker) for worker in workers))
        partner.server = room.serve(PORT=str(server.port))
        partner.wait_for_more(10)
    partner.prove_that_nothing_is_lost()
    assert room.call(partner.server, "POST", "/users/", record_input()).status == 201

"""Nodes that die under load: one, then two, then all three. Nothing acknowledged is lost, and nothing is a 500."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pymysql
import pytest

from tests.factories import record_input
from tests.faults.partner import CarefulPartner
from tests.faults.room import Room, wait_for
from tests.services.galera import NODES, Galera, Node
from tests.services.network import Line
from tests.services.served import Served
from tests.settings import settings_for

OUTAGE_SECONDS = 15


@pytest.fixture(scope="module")
def line(galera: Galera) -> Iterator[Line]:
    """Lead to the last node that takes a call, as a balancer before the cluster does."""
    made = Line(*(node.port for node in reversed(galera.nodes)))
    yield made
    made.close()


@pytest.fixture(scope="module")
def room(galera: Galera, line: Line, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Lend a room that reaches the cluster by that line."""
    folder = Path(tmp_path_factory.mktemp("killed"))
    url, *_ = galera.create_database(folder.name)
    made = Room(url.replace(f":{galera.nodes[0].port}/", f":{line.port}/"), folder)
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(room: Room) -> Served:
    """Serve the room."""
    return room.serve()


@pytest.fixture
def partner(room: Room, server: Served) -> CarefulPartner:
    """Lend a system that writes all the time."""
    return CarefulPartner(room, server)


def kill_at_once(nodes: list[Node]) -> None:
    with ThreadPoolExecutor(len(nodes)) as hands:
        list(hands.map(Node.kill, nodes))


def run_again(nodes: list[Node]) -> None:
    with ThreadPoolExecutor(len(nodes)) as hands:
        list(hands.map(Node.run_again, nodes))


def test_one_node_killed_under_load_is_a_short_outage_and_it_comes_back(
    galera: Galera, room: Room, server: Served, partner: CarefulPartner
) -> None:
    with partner.at_work():
        partner.wait_for_more(20)
        galera.nodes[-1].kill()
        partner.wait_for_more(20)
        galera.nodes[-1].run_again()
        galera.wait_until_whole()
        partner.wait_for_more(20)
    assert partner.outage < OUTAGE_SECONDS
    partner.prove_that_nothing_is_lost()
    assert room.call(server, "GET", "/health/ready").status == 200


def test_a_node_that_is_left_alone_answers_selects_and_is_not_ready(
    galera: Galera, room: Room, server: Served, partner: CarefulPartner
) -> None:
    alone = galera.nodes[-1]
    with partner.at_work():
        partner.wait_for_more(20)
        kill_at_once(galera.nodes[:-1])
        wait_for(lambda: is_cut_off(alone))
        assert_not_ready(room, server, alone)
        run_again(galera.nodes[:-1])
        galera.wait_until_whole()
        wait_for(lambda: room.call(server, "GET", "/health/ready").status == 200)
        partner.wait_for_more(20)
    partner.prove_that_nothing_is_lost()


def assert_not_ready(room: Room, server: Served, alone: Node) -> None:
    with alone.admin() as connection, connection.cursor() as cursor:
        assert cursor.execute("SELECT 1") == 1
    assert room.call(server, "GET", "/health/live").status == 200
    ready = room.call(server, "GET", "/health/ready")
    assert (ready.status, ready.seconds < 10) == (503, True)
    for method, path, body in (("GET", "/users/", None), ("POST", "/users/", record_input())):
        told = room.call(server, method, path, body)
        assert (told.status, told.json["code"], told.seconds < 10) == (503, "UNAVAILABLE", True)
        assert int(told.headers["Retry-After"]) > 0


def is_cut_off(node: Node) -> bool:
    try:
        node.execute("SELECT COUNT(*) FROM mysql.user")
    except pymysql.err.MySQLError as error:
        return bool(error.args[0] == 1047)
    return False


def test_all_nodes_killed_within_a_second_lose_nothing_that_was_acknowledged(
    galera: Galera, room: Room, server: Served, partner: CarefulPartner
) -> None:
    with partner.at_work():
        partner.wait_for_more(30)
        began = time.monotonic()
        kill_at_once(galera.nodes)
        assert time.monotonic() - began < 1
        assert room.call(server, "GET", "/users/").status == 503
        galera.bootstrap()
        partner.wait_for_more(10)
    partner.prove_that_nothing_is_lost()


def test_first_starts_on_all_nodes_at_once_migrate_once_and_make_one_admin(galera: Galera, tmp_path: Path) -> None:
    servers = []
    for at, url in enumerate(galera.create_database(tmp_path.name)):
        folder = tmp_path / f"start{at}"
        folder.mkdir()
        servers.append(Served(folder, settings_for(url, WEB_CONCURRENCY="1")))
    try:
        with ThreadPoolExecutor(NODES) as starts:
            list(starts.map(Served.start, servers))
    finally:
        for server in servers:
            server.stop()
    assert sum(server.output().count("Password, shown this once:") for server in servers) == 1

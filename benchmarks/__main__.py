"""`python -m benchmarks`: measure every operation beside its floor, for each number of rows, and print a table."""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from time import time

from sqlalchemy import make_url

from benchmarks import room
from benchmarks.arguments import arguments
from benchmarks.load import press
from benchmarks.operations import OPERATIONS, Known, get_constant
from benchmarks.report import Line, print_head, print_line
from benchmarks.server import Server, cores, running
from tests.services.machine import main as install
from tests.services.mariadb import MariaDb

WARM_SECONDS = 0.5
ROUNDS = 2


def main() -> None:
    """Read the arguments, and measure."""
    given = arguments()
    if given.database is None:
        install(["mariadb"])
    os.sched_setaffinity(0, cores()[1])
    for rows in given.rows:
        with ExitStack() as ends:
            url = _database(ends, given, rows)
            print_head(rows, f"{given.server}, {given.threads} threads, {make_url(url).drivername}")
            _measure(given, url)


def _database(ends: ExitStack, given: argparse.Namespace, rows: int) -> str:
    if given.database is None:
        server = MariaDb.start("--innodb-buffer-pool-size=4G", "--innodb-flush-log-at-trx-commit=1")
        ends.callback(server.stop)
        made = make_url(server.create_database("bench")).set(drivername=f"mysql+{given.driver}")
        url = made.render_as_string(hide_password=False)
        room.fill(room.settings(url), rows)
        return url
    url, place = str(given.database), make_url(given.database)
    if place.get_backend_name() == "sqlite" and not Path(str(place.database)).exists():
        room.fill(room.settings(url), rows)
    return url


def _measure(given: argparse.Namespace, url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="record-room-bench-") as name, ExitStack() as ends:

        def start(target: str, settings: dict[str, str], kind: str = given.server) -> Server:
            return ends.enter_context(running(kind, target, settings, Path(name), threads=given.threads))

        floor = start("benchmarks.floors:flask", {"FLOOR_DATABASE_URL": url})
        app = start("wsgi:app", room.settings(url))
        known = room.enter(app.port, url, seed=800 + int(time()) % 90)
        rows = [get_constant(f"/row/{record_id}") for record_id in known.ids]
        _press_floor("floor: bare WSGI", start("benchmarks.floors:bare", {}), "/", given.seconds)
        _press_floor("floor: flask constant", floor, "/constant", given.seconds)
        if given.server != "granian" and find_spec("granian"):
            other = start("benchmarks.floors:flask", {"FLOOR_DATABASE_URL": url}, "granian")
            print_line(_timed("floor: one row, granian", 200, other, cycle(rows), given.seconds / ROUNDS))
        for operation in given.ops:
            if operation == "delete":
                known.fresh = room.fresh(url)
            # Just before each operation, so that both meet the same neighbours.
            beside = _timed("floor: flask, one row", 200, floor, cycle(rows), given.seconds / ROUNDS)
            print_line(beside)
            print_line(_operation(operation, app, known, given.seconds), beside)


def _press_floor(name: str, server: Server, path: str, seconds: float) -> None:
    print_line(_timed(name, 200, server, cycle([get_constant(path)]), seconds / ROUNDS))


def _operation(name: str, server: Server, known: Known, seconds: float) -> Line:
    operation = OPERATIONS[name]
    return _timed(name, operation.status, server, operation.requests(known), seconds)


def _timed(name: str, right: int, server: Server, requests: Iterator[bytes], seconds: float) -> Line:
    press(server.port, requests, min(WARM_SECONDS, seconds))
    with _cpu(server) as used:
        heard = press(server.port, requests, seconds)
    return Line(name, heard, used[0], right, server.memory_mib())


@contextmanager
def _cpu(server: Server) -> Iterator[list[float]]:
    before = server.cpu_seconds()
    used = [0.0]
    yield used
    used[0] = server.cpu_seconds() - before


if __name__ == "__main__":
    main()

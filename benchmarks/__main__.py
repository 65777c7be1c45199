"""`python -m benchmarks`: measure every operation beside its floor, for each number of rows, and print a table."""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from time import time

from benchmarks import room
from benchmarks.load import press
from benchmarks.operations import OPERATIONS, Known, get_constant
from benchmarks.report import Line, print_head, print_line
from benchmarks.server import Server, cores, running
from tests.services.machine import main as install
from tests.services.mariadb import MariaDb

ROWS = (1_000, 100_000, 1_000_000)
QUICK_ROWS = (1_000,)
WARM_SECONDS = 0.5
ROUNDS = 2


def main() -> None:
    """Read the arguments, and measure."""
    given = _arguments()
    install(["mariadb"])
    os.sched_setaffinity(0, cores()[1])
    for rows in given.rows or (QUICK_ROWS if given.quick else ROWS):
        print_head(rows, given.server)
        with ExitStack() as ends:
            url = given.database or _database(ends, rows)
            _measure(given, url)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", type=int, action="append", help="how many records; may be given several times")
    parser.add_argument("--ops", default=",".join(OPERATIONS), help="operations, divided by commas")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each operation is pressed")
    parser.add_argument("--server", default="gunicorn", help="gunicorn, gunicorn-sync, gunicorn-gevent or granian")
    parser.add_argument("--driver", default="pymysql", help="pymysql or mysqldb")
    parser.add_argument("--database", help="URL of a database that is filled already, instead of a new one")
    parser.add_argument("--quick", action="store_true", help="1,000 records only, and two seconds for each operation")
    given = parser.parse_args()
    given.ops = [name for name in given.ops.split(",") if name]
    if unknown := sorted(set(given.ops) - set(OPERATIONS)):
        parser.error(f"there is no operation {', '.join(unknown)}; choose from {', '.join(OPERATIONS)}")
    given.seconds = min(given.seconds, 2.0) if given.quick else given.seconds
    return given


def _database(ends: ExitStack, rows: int) -> str:
    server = MariaDb.start("--innodb-buffer-pool-size=4G", "--innodb-flush-log-at-trx-commit=1")
    ends.callback(server.stop)
    url = server.create_database("bench")
    room.fill(room.settings(url), rows)
    return url


def _measure(given: argparse.Namespace, url: str) -> None:
    url = url.replace("+pymysql", f"+{given.driver}")
    with tempfile.TemporaryDirectory(prefix="record-room-bench-") as name, ExitStack() as ends:
        folder = Path(name)
        floor = ends.enter_context(
            running(given.server, "benchmarks.floors:flask", {"FLOOR_DATABASE_URL": url}, folder)
        )
        app = ends.enter_context(running(given.server, "wsgi:app", room.settings(url), folder))
        known = room.enter(app.port, url, seed=800 + int(time()) % 90)
        rows = [get_constant(f"/row/{record_id}") for record_id in known.ids]
        if "get" in given.ops:
            print_line(_floor("floor: flask constant", floor, cycle([get_constant("/constant")]), given.seconds))
        for operation in given.ops:
            if operation == "delete":
                known.fresh = room.fresh(url)
            print_line(_floor("floor: flask, one row", floor, cycle(rows), given.seconds / ROUNDS))
            print_line(_operation(operation, app, known, given.seconds))


def _floor(name: str, server: Server, requests: Iterator[bytes], seconds: float) -> Line:
    return _timed(name, 200, server, requests, seconds)


def _operation(name: str, server: Server, known: Known, seconds: float) -> Line:
    operation = OPERATIONS[name]
    return _timed(name, operation.status, server, operation.requests(known), seconds)


def _timed(name: str, right: int, server: Server, requests: Iterator[bytes], seconds: float) -> Line:
    press(server.port, requests, WARM_SECONDS)
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

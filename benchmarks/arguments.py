"""What `make bench` may be asked for."""

import argparse
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from benchmarks.operations import OPERATIONS
from benchmarks.server import SERVERS

ROWS = (1_000, 100_000, 1_000_000)
QUICK_ROWS = (1_000,)
QUICK_SECONDS = 2.0
DRIVERS = {"pymysql": "pymysql", "mysqldb": "MySQLdb"}
PACKAGES = {"granian": "granian", "gunicorn-gevent": "gevent"}


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read what was asked for; what cannot be done ends the program with a line that says so."""
    parser = _parser()
    given = parser.parse_args(words)
    for package in (PACKAGES.get(given.server), None if given.database else DRIVERS[given.driver]):
        if package and find_spec(package) is None:
            parser.error(f"the package {package} is not installed")
    given.rows = given.rows or (QUICK_ROWS if given.quick else ROWS)
    given.seconds = min(given.seconds, QUICK_SECONDS) if given.quick else given.seconds
    return given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure every operation beside its floor.")
    add = parser.add_argument
    add("--rows", type=_whole, action="append", help="how many records; may be given several times")
    add("--ops", type=_operations, default=list(OPERATIONS), help="operations, divided by commas")
    add("--seconds", type=_seconds, default=5.0, help="how long each operation is pressed")
    add("--server", choices=SERVERS, default="gunicorn", help="gunicorn means with the worker class of production")
    add("--threads", type=_whole, default=4, help="threads of gthread, blocking threads of granian")
    add("--driver", choices=DRIVERS, default="pymysql", help="how the server speaks to MariaDB")
    add("--database", type=_url, help="one that is filled already; an SQLite file that is missing is made and filled")
    add("--quick", action="store_true", help="1,000 records only, and two seconds for each operation")
    return parser


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number above 0")
    return int(text)


def _seconds(text: str) -> float:
    if not 0 < (seconds := float(text)) <= 3600:
        raise argparse.ArgumentTypeError("must be above 0, at most 3600")
    return seconds


def _operations(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    if not names or set(names) - set(OPERATIONS):
        raise argparse.ArgumentTypeError(f"must be among {', '.join(OPERATIONS)}")
    return names


def _url(text: str) -> str:
    try:
        url = make_url(text)
    except ArgumentError as problem:
        raise argparse.ArgumentTypeError("must be the address of a database") from problem
    if not url.database:
        raise argparse.ArgumentTypeError("must name a database")
    return f"sqlite:///{Path(url.database).resolve()}" if url.get_backend_name() == "sqlite" else text

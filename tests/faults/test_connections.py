"""More callers than the database has connections for: they queue, and the database is never asked for one too many."""

import runpy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from config import ConfigError
from tests.factories import record_input
from tests.faults.room import Room, Told, own_database_server
from tests.services.mariadb import MariaDb
from tests.services.served import ROOT
from tests.settings import settings_for

MOST = 30
CALLERS = 48


@pytest.fixture(scope="module")
def small_server() -> Iterator[MariaDb]:
    """Start a database server that allows few connections."""
    with own_database_server(f"--max-connections={MOST}") as server:
        yield server


def start(monkeypatch: pytest.MonkeyPatch, folder: Path, url: str, **changes: str) -> dict[str, Any]:
    """Read gunicorn's configuration as a start does."""
    for name, value in settings_for(url, **changes).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


def pool_of(made: dict[str, Any]) -> tuple[str, str]:
    """Return what gunicorn's processes are told about their connections."""
    told = dict(line.split("=", 1) for line in made["raw_env"])
    return told["DATABASE_POOL_SIZE"], told["DATABASE_MAX_OVERFLOW"]


@pytest.mark.parametrize(
    ("given", "pool"),
    [
        # The defaults of the contract: what a process has no thread for is never opened.
        ({"DATABASE_POOL_SIZE": "50", "DATABASE_MAX_OVERFLOW": "100", "WEB_CONCURRENCY": "1"}, ("10", "0")),
        ({"WEB_CONCURRENCY": "1"}, ("5", "5")),
        ({"WEB_CONCURRENCY": "1", "WEB_THREADS": "2"}, ("4", "0")),
        ({"WEB_CONCURRENCY": "3"}, ("4", "0")),
        ({"WEB_CONCURRENCY": "13"}, ("1", "0")),
    ],
)
def test_the_processes_share_what_the_database_allows(
    small_server: MariaDb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], pool: tuple[str, str]
) -> None:
    made = start(monkeypatch, tmp_path, small_server.create_database("budget"), **given)
    assert pool_of(made) == pool


def test_more_processes_than_connections_is_a_wrong_setting(
    small_server: MariaDb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        start(monkeypatch, tmp_path, small_server.create_database("budget"), WEB_CONCURRENCY="14")
    assert list(refused.value.problems) == ["WEB_CONCURRENCY"]
    assert "max_connections from 30" in str(refused.value)


def test_a_database_that_is_away_does_not_stop_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = start(monkeypatch, tmp_path, "mysql+pymysql://room:room@127.0.0.1:9/room", WEB_CONCURRENCY="4")
    assert pool_of(made) == ("5", "5")


@pytest.mark.parametrize(
    ("may_open", "could_open", "asked_for", "callers"),
    [(1024, 20_000, 4256, 4000), (1024, 1024, 1024, 768), (64, 64, 64, 32), (20_000, 20_000, 20_000, 4000)],
)
def test_a_process_takes_no_more_callers_than_it_may_open_files_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, may_open: int, could_open: int, asked_for: int, callers: int
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr("resource.getrlimit", lambda _: (may_open, could_open))
    monkeypatch.setattr("resource.setrlimit", lambda _, limits: asked.append(limits))
    made = start(monkeypatch, tmp_path, "sqlite:///room.sqlite3")
    assert (made["worker_connections"], asked) == (callers, [(asked_for, could_open)])


def test_callers_beyond_the_connections_queue_and_none_is_refused_by_the_database(
    small_server: MariaDb, tmp_path: Path
) -> None:
    room = Room(small_server.create_database("crowd"), tmp_path)
    server = room.serve(WEB_CONCURRENCY="2", DATABASE_POOL_SIZE="50", DATABASE_MAX_OVERFLOW="100")
    try:

        def work(number: int) -> Told:
            if number % 2:
                return room.call(server, "GET", "/users/?page_size=5")
            return room.call(server, "POST", "/users/", record_input())

        with ThreadPoolExecutor(CALLERS) as pool:
            answers = list(pool.map(work, range(CALLERS * 3)))
        assert {told.status for told in answers} <= {200, 201, 503}
        assert all(told.seconds < 10 for told in answers)
        assert sum(told.status < 300 for told in answers) > CALLERS
        with small_server.admin() as connection, connection.cursor() as cursor:
            cursor.execute("SHOW STATUS LIKE 'Connection_errors_max_connections'")
            assert [int(value) for _name, value in cursor.fetchall()] == [0]
    finally:
        room.close()

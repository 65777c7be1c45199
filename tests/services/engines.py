"""The databases of one run of the tests: one MariaDB server for all workers, and a folder for SQLite files."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services import machine
from tests.services.mariadb import MariaDb, scratch_folder

SERVER = pytest.StashKey[MariaDb]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the server in the process that hands out the work; a lone process starts it when it is first needed."""
    if _hands_out_work(config) and machine.PROGRAMS["mariadb"].find():
        config.stash[SERVER] = MariaDb.start()


def _hands_out_work(config: pytest.Config) -> bool:
    return not hasattr(config, "workerinput") and bool(config.getoption("numprocesses", None))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the server is."""
    if server := node.config.stash.get(SERVER, None):
        node.workerinput["mariadb_port"] = server.port


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server this process started."""
    if server := config.stash.get(SERVER, None):
        server.stop()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let the run fail in CI when the machine could not offer everything."""
    if not hasattr(session.config, "workerinput") and machine.must_be_complete() and machine.missing():
        session.exitstatus = max(session.exitstatus, pytest.ExitCode.TESTS_FAILED)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name what did not run because this machine does not offer it."""
    for program in machine.missing():
        terminalreporter.write_line(f"NOT RUN on this machine: {program.purpose} (no {program.name})", red=True)


@pytest.fixture(scope="session")
def mariadb(pytestconfig: pytest.Config) -> MariaDb:
    """Reach the MariaDB of this run."""
    if worker := getattr(pytestconfig, "workerinput", None):
        if "mariadb_port" in worker:
            return MariaDb.attach(worker["mariadb_port"])
    elif machine.PROGRAMS["mariadb"].find():
        if SERVER not in pytestconfig.stash:
            pytestconfig.stash[SERVER] = MariaDb.start()
        return pytestconfig.stash[SERVER]
    pytest.skip("not run: there is no MariaDB on this machine")


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """Lend a folder for database files, in memory where there is plenty."""
    folder = scratch_folder()
    yield folder
    machine.remove(folder)


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest, scratch: Path) -> Callable[[str, str], str]:
    """Make an empty database of an engine ("sqlite" or "mariadb") and return its URL."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")

    def make(engine: str, name: str) -> str:
        if engine == "sqlite":
            return f"sqlite:///{scratch / name}.sqlite3"
        server: MariaDb = request.getfixturevalue("mariadb")
        return server.create_database(f"{worker}_{name}")

    return make

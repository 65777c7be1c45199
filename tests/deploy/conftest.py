"""What the tests of deploy/ share: a server's administrator by option file, as the scripts want it."""

from pathlib import Path

import pytest

from tests.services import machine
from tests.services.mariadb import MariaDb


@pytest.fixture
def administrator(mariadb: MariaDb, tmp_path: Path) -> Path:
    """Write the option file of the database server's administrator."""
    need("mariadb-dump")
    return option_file(mariadb, tmp_path / "admin.cnf")


def option_file(server: MariaDb, path: Path) -> Path:
    """Write how to reach a server as its administrator."""
    path.write_text(f"[client]\nhost=127.0.0.1\nport={server.port}\nuser=root\n")
    path.chmod(0o600)
    return path


def need(name: str) -> str:
    """Find a program of the machine, or skip."""
    program = machine.PROGRAMS[name].find()
    if program is None:
        pytest.skip(f"not run: there is no {name} on this machine")
    return program

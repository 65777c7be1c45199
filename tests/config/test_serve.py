"""`flask --app wsgi serve`, which is what `make run` starts: migrate, make the first admin once, serve."""

import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.services.mariadb import free_port
from tests.services.served import Served
from tests.settings import production_settings, settings_for

SHOWN = re.compile(r"^Password, shown this once: (\S+)$", re.MULTILINE)
ADMIN = re.compile(r"^First admin: (\S+)$", re.MULTILINE)
PASSWORD = "Monsoon-4-Teacups"


@pytest.fixture
def database(new_database: Callable[[str, str], str], engine_name: str, tmp_path: Path) -> str:
    """Lend an empty database without any table."""
    return new_database(engine_name, tmp_path.name[:30])


def started(folder: Path, settings: dict[str, str]) -> Served:
    """Start in a folder of its own."""
    folder.mkdir(exist_ok=True)
    return Served(folder, settings).start()


def test_the_first_start_shows_a_password_that_opens_and_later_ones_do_not(database: str, tmp_path: Path) -> None:
    settings = settings_for(database, WEB_CONCURRENCY="1")
    server = started(tmp_path / "first", settings)
    try:
        said = server.output()
        assert f"Record Room is open: {server.url}" in said
        [password], [email] = SHOWN.findall(said), ADMIN.findall(said)
        assert email == "admin@example.com"
        assert sign_in(server, email, password) == 200
    finally:
        server.stop()
    again = started(tmp_path / "second", settings)
    again.stop()
    assert f"Record Room is open: {again.url}" in again.output()
    assert not SHOWN.search(again.output())
    assert not ADMIN.search(again.output())


def sign_in(server: Served, email: str, password: str) -> int:
    """Sign in by the API; return the status."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    body = f'{{"email": "{email}", "password": "{password}"}}'
    connection.request("POST", "/api/v1/auth/login", body, {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_starts_at_the_same_moment_migrate_once_and_make_one_admin(database: str, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three")]
    with ThreadPoolExecutor(3) as starts:
        settings = settings_for(database, WEB_CONCURRENCY="1")
        servers = list(starts.map(lambda folder: started(folder, settings), folders))
    for server in servers:
        server.stop()
    assert len(SHOWN.findall("".join(server.output() for server in servers))) == 1


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_given_password_is_never_shown(database: str, tmp_path: Path) -> None:
    settings = settings_for(database, WEB_CONCURRENCY="1", ADMIN_EMAIL="head@example.com", ADMIN_PASSWORD=PASSWORD)
    server = started(tmp_path / "given", settings)
    try:
        assert sign_in(server, "head@example.com", PASSWORD) == 200
    finally:
        server.stop()
    assert ADMIN.findall(server.output()) == ["head@example.com"]
    assert PASSWORD not in server.output()


def test_production_makes_an_admin_only_from_both_settings(tmp_path: Path) -> None:
    """Each other half is tried in test_cli.py, without a start."""
    half = {"ADMIN_PASSWORD": PASSWORD}
    server = started(tmp_path / "production", production_settings("sqlite:///records.sqlite3", **half))
    server.stop()
    assert not ADMIN.search(server.output())
    assert not SHOWN.search(server.output())


def test_a_common_admin_password_stops_the_start(tmp_path: Path) -> None:
    server = Served(tmp_path, settings_for("sqlite:///records.sqlite3", ADMIN_PASSWORD="Password@123"))
    done = server.flask("serve")
    assert done.returncode
    assert done.stderr.startswith("configuration: ADMIN_PASSWORD: ")
    assert "Password@123" not in done.stdout + done.stderr


def test_a_port_in_use_ends_the_start(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        done = Served(tmp_path, settings_for("sqlite:///records.sqlite3", PORT=str(port))).flask("serve")
    assert done.returncode
    assert done.stderr.startswith("configuration: PORT: ")
    assert "in use" in done.stderr


def test_the_development_server_serves(tmp_path: Path) -> None:
    server = Served(tmp_path, settings_for("sqlite:///records.sqlite3"))
    try:
        server.start("flask", "--app", "wsgi", "serve", "--debug")
    finally:
        server.kill()
    assert "Debugger is active" in server.output()

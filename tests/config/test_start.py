"""Wrong settings end every way of starting: by their lines alone, before a port is opened."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.mariadb import free_port
from tests.services.served import GUNICORN, Served
from tests.settings import settings_for

WRONG = {"TIMEZONE": "Asia/Atlantis", "SECRET_KEY": "much-too-short"}
WAYS = {
    "gunicorn": (*GUNICORN, "wsgi:app"),
    "serve": ("flask", "--app", "wsgi", "serve"),
    "development": ("flask", "--app", "wsgi", "serve", "--debug"),
    "migration": ("flask", "--app", "wsgi", "db", "upgrade"),
}


def start(way: str, folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Start the program, expecting it to end by itself."""
    server = Served(folder, settings_for("sqlite:///records.sqlite3", **changes))
    command = [sys.executable, "-m", *WAYS[way]]
    return subprocess.run(
        command, cwd=folder, env=server.environment(), capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_start_with_wrong_settings_says_which_and_ends(way: str, tmp_path: Path) -> None:
    done = start(way, tmp_path, **WRONG)
    assert done.returncode not in {0, None}
    lines = done.stderr.strip().splitlines()
    assert [line.split(": ")[:2] for line in lines] == [["configuration", name] for name in ("SECRET_KEY", "TIMEZONE")]
    assert not [value for value in WRONG.values() if value in done.stdout + done.stderr]


@pytest.mark.parametrize("way", WAYS)
def test_a_log_that_cannot_be_a_file_ends_the_start(way: str, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    done = start(way, tmp_path, LOG_FILE="logs")
    assert done.returncode not in {0, None}
    assert done.stderr == "configuration: LOG_FILE: must be the path of a file that this user may write\n"


def test_no_port_is_opened_with_wrong_settings(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        done = start("gunicorn", tmp_path, **WRONG, PORT=str(taken.getsockname()[1]))
    assert "in use" not in done.stderr
    assert done.stderr.startswith("configuration: ")


@pytest.mark.parametrize("way", ["development"])
def test_the_debugger_cannot_be_had_in_production(way: str, tmp_path: Path) -> None:
    production = {"APP_ENV": "production", "BASE_URL": "https://records.example.com", "WEB_CONCURRENCY": "1"}
    done = start(way, tmp_path, **production)
    assert done.returncode
    assert done.stderr.startswith("configuration: APP_ENV: ")

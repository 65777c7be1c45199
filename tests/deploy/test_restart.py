"""A restart behind a socket that systemd holds loses no request (deploy/systemd/record-room.socket)."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.faults.room import wait_for
from tests.services.served import ROOT, Served
from tests.settings import settings_for

FIRST_FD = 3
GUNICORN = ["-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "wsgi:app"]
START = f"""
import os, sys
os.dup2({{fd}}, {FIRST_FD}, inheritable=True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *{GUNICORN}])
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[tuple[int, Callable[[], "subprocess.Popen[bytes]"]]]:
    """Hold a port as systemd does, and start gunicorn on it."""
    running: list[subprocess.Popen[bytes]] = []
    with socket.create_server(("127.0.0.1", 0), backlog=256) as held:
        port = held.getsockname()[1]
        server = Served(tmp_path, settings_for("sqlite:///records.sqlite3", PORT=str(port)))
        server.prepare()

        def begin() -> "subprocess.Popen[bytes]":
            program = START.format(fd=held.fileno())
            with server.log.open("ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "-c", program], cwd=tmp_path, env=server.environment(), stdout=log, stderr=log,
                    pass_fds=[held.fileno()], start_new_session=True,
                )  # fmt: skip
            running.append(process)
            return process

        yield port, begin
        for process in running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def status(port: int) -> int:
    """Ask on a connection of its own, as nginx sends a write."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/api/v1/auth/login", "{}", {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.sqlite
def test_a_restart_loses_no_request(start: tuple[int, Callable[[], "subprocess.Popen[bytes]"]]) -> None:
    port, begin = start
    old = begin()
    assert status(port) == 422
    over, found = threading.Event(), []

    def ask() -> None:
        while not over.is_set():
            found.append(status(port))

    callers = [threading.Thread(target=ask) for _ in range(3)]
    for caller in callers:
        caller.start()
    try:
        wait_for(lambda: len(found) > 30)
        old.terminate()
        assert old.wait(30) == 0
        before = len(found)
        begin()
        wait_for(lambda: len(found) > before + 30)
    finally:
        over.set()
        for caller in callers:
            caller.join()
    assert set(found) == {422}

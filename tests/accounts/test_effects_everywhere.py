"""What is ended ends on every worker and every machine within five seconds, seen from outside."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from tests.factories import PASSWORD
from tests.services.lines import Line
from tests.services.served import Served
from tests.settings import settings_for

AT_MOST_SECONDS = 5.0
Machines = Callable[..., list[Served]]
ADMIN = {"ADMIN_EMAIL": "first@example.com", "ADMIN_PASSWORD": PASSWORD}


OpenLine = Callable[[int], Line]


@pytest.fixture
def open_line() -> Iterator[OpenLine]:
    """Open connections, and close them at the end."""
    opened: list[Line] = []

    def connect(port: int) -> Line:
        opened.append(Line(port))
        return opened[-1]

    yield connect
    for line in opened:
        line.connection.close()


def lines_to_every_worker(open_line: OpenLine, port: int, workers: int) -> list[Line]:
    """Open connections until one reaches each worker."""
    found: dict[int, Line] = {}
    deadline = time.monotonic() + 20
    while len(found) < workers and time.monotonic() < deadline:
        line = open_line(port)
        line.send("GET", "/auth/me")
        found.setdefault(line.worker(), line)
    assert len(found) == workers
    return list(found.values())


@pytest.fixture
def machines(new_database: Callable[[str, str], str], engine_name: str, tmp_path: Path) -> Iterator[Machines]:
    """Start the application on so many machines, which share the database and nothing else."""
    started: list[Served] = []

    def start(count: int, workers: int = 1) -> list[Served]:
        url = new_database(engine_name, f"everywhere_{uuid4().hex[:12]}")
        for number in range(count):
            folder = tmp_path / f"machine-{number}"
            folder.mkdir()
            settings = settings_for(url, WEB_CONCURRENCY=str(workers), BASE_URL="http://room.example", **ADMIN)
            started.append(Served(folder, settings).open())
        return started

    yield start
    for server in started:
        server.stop()


@dataclass
class Scene:
    """An admin who acts at one line, and somebody who is signed in at all of them."""

    admin: Line
    admin_token: str
    account_id: str
    email: str
    token: str
    refresh_token: str
    key: str
    key_id: str

    def act(self, deed: str) -> None:
        """Do one of the things that shut a credential out."""
        me = {"disable": {"is_active": False}, "demote": {"role": "viewer"}}.get(deed)
        if me is not None:
            status, _ = self.admin.send("PATCH", f"/accounts/{self.account_id}", self.admin_token, me)
        elif deed == "delete":
            status, _ = self.admin.send("DELETE", f"/accounts/{self.account_id}", self.admin_token)
        elif deed == "revoke the key":
            status, _ = self.admin.send("DELETE", f"/api-keys/{self.key_id}", self.admin_token)
        elif deed == "end the session":
            _, page = self.admin.send("GET", "/auth/sessions", self.token)
            status, _ = self.admin.send("DELETE", f"/auth/sessions/{page['data'][0]['id']}", self.token)
        else:
            body = {"current_password": PASSWORD, "new_password": "Another-5-Teacups"}
            _, other = self.admin.send("POST", "/auth/login", None, {"email": self.email, "password": PASSWORD})
            status, _ = self.admin.send("POST", "/auth/password/change", other["access_token"], body)
        assert status in {200, 204}, deed


def set_scene(admin: Line) -> Scene:
    """Make an editor with a sign-in and a key."""
    status, signed_in = admin.send("POST", "/auth/login", None, {"email": "first@example.com", "password": PASSWORD})
    assert status == 200, signed_in
    email = f"asha.{uuid4().hex[:8]}@example.com"
    wanted = {"email": email, "role": "editor", "password": PASSWORD}
    _, made = admin.send("POST", "/accounts", signed_in["access_token"], wanted)
    _, tokens = admin.send("POST", "/auth/login", None, {"email": email, "password": PASSWORD})
    scopes = ["records:read", "records:write"]
    asked = {"name": "Everywhere", "scopes": scopes, "account_id": made["id"]}
    _, key = admin.send("POST", "/api-keys", signed_in["access_token"], asked)
    return Scene(
        admin,
        signed_in["access_token"],
        made["id"],
        email,
        tokens["access_token"],
        tokens["refresh_token"],
        key["secret"],
        key["id"],
    )


GONE = {
    "disable": {"token": 401, "key": 401},
    "delete": {"token": 401, "key": 401},
    "demote": {"token": 401, "key": 403},
    "end the session": {"token": 401},
    "change the password": {"token": 401},
    "revoke the key": {"key": 401},
}


def seconds_until_gone(lines: list[Line], scene: Scene, gone: dict[str, int]) -> float:
    """Ask every line until each refuses; what a key may still read is no longer written."""
    started = time.monotonic()
    for line in lines:
        for name, status in gone.items():
            while line.send("POST", "/users/", getattr(scene, name), {})[0] != status:
                assert time.monotonic() - started < AT_MOST_SECONDS, (name, status)
                time.sleep(0.05)
    return time.monotonic() - started


def prove(lines: list[Line], deed: str) -> None:
    """Do the deed at the first line while every line knows the credentials; each refuses them in time."""
    scene = set_scene(lines[0])
    for line in lines:
        for name in GONE[deed]:
            assert line.send("POST", "/users/", getattr(scene, name), {})[0] == 422
    scene.act(deed)
    assert seconds_until_gone(lines, scene, GONE[deed]) < AT_MOST_SECONDS
    if "token" in GONE[deed]:
        status, _ = lines[-1].send("POST", "/auth/refresh", None, {"refresh_token": scene.refresh_token})
        assert status == 401


@pytest.mark.slow
def test_what_is_ended_at_one_worker_is_over_at_every_worker(machines: Machines, open_line: OpenLine) -> None:
    (server,) = machines(1, workers=2)
    lines = lines_to_every_worker(open_line, server.port, 2)
    for deed in GONE:
        prove(lines, deed)


@pytest.mark.slow
def test_what_is_ended_on_one_machine_is_over_on_the_other(machines: Machines, open_line: OpenLine) -> None:
    here, there = machines(2)
    for deed in ("disable", "demote", "revoke the key"):
        prove([open_line(here.port), open_line(there.port)], deed)

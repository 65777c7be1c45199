"""Record Room as it stands in production: a real nginx, on this repository's nginx.conf, before a real gunicorn."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.services import machine
from tests.services.nginx import Answer, Nginx
from tests.services.served import ROOT, Served
from tests.settings import production_settings

ADMIN, PASSWORD = "head@example.com", "Monsoon-4-Teacups"
PEOPLE = 60


@dataclass(frozen=True)
class House:
    """The pair of servers, and an API key that may do everything."""

    nginx: Nginx
    server: Served
    key: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Call the API through nginx with the key; underscores in header names stand for hyphens."""
        sent = {"Authorization": f"Bearer {self.key}", **_named(headers)}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        raw = None if body is None else json.dumps(body)
        return self.nginx.ask(method, f"/api/v1{path}", raw, sent)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture(scope="session")
def nginx_program() -> str:
    """Find nginx, or skip."""
    program = machine.PROGRAMS["nginx"].find()
    if program is None:
        pytest.skip("not run: there is no nginx on this machine")
    return program


@pytest.fixture(scope="session")
def house(nginx_program: str, scratch: Path) -> Iterator[House]:
    """Start gunicorn with production's settings, and nginx before it."""
    folder = scratch / "house"
    folder.mkdir()
    settings = production_settings(
        "sqlite:///records.sqlite3", TRUSTED_PROXIES="1", ADMIN_EMAIL=ADMIN, ADMIN_PASSWORD=PASSWORD
    )
    server = Served(folder, settings).open()
    scopes = "records:read,records:write,records:delete,audit:read"
    key = server.command("api-keys", "create", "--account", ADMIN, "--scopes", scopes, "--name", "proxy")
    server.command("records", "generate", "--count", str(PEOPLE), "--seed", "7")
    nginx = Nginx(server.port, compressed(folder / "static")).start()
    yield House(nginx, server, key)
    nginx.stop()
    server.stop()


def compressed(folder: Path) -> Path:
    """Lay the static files out as a deployment does."""
    subprocess.run([str(ROOT / "deploy/compress-static"), str(folder)], check=True)
    return folder


@pytest.fixture
def before(nginx_program: str) -> Iterator[Callable[[int], Nginx]]:
    """Start another nginx before a port of the test's own."""
    made: list[Nginx] = []

    def start(port: int) -> Nginx:
        made.append(Nginx(port).start())
        return made[-1]

    yield start
    for nginx in made:
        nginx.stop()

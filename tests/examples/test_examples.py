"""Every example does what it says, against the real service."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from tests.factories import record_input
from tests.faults.room import wait_for
from tests.services.mariadb import free_port
from tests.services.served import ROOT, Served
from tests.settings import settings_for

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]
EXAMPLES = ROOT / "examples"
ADMIN, PASSWORD = "head@example.com", "Monsoon-4-Teacups"
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
TESTED = {
    "register_and_verify.py", "sign_in_and_refresh.py", "validate_token.py", "create_with_retry.py",
    "update_with_conflict.py", "receive_webhook.py", "room.py",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve as `make run` does, with the worker."""
    folder = tmp_path_factory.mktemp("examples")
    settings = settings_for(
        "sqlite:///records.sqlite3", ADMIN_EMAIL=ADMIN, ADMIN_PASSWORD=PASSWORD, RUN_WORKER="true"
    )  # fmt: skip
    server = Served(folder, settings).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def key(server: Served) -> str:
    """Make the API key the examples ask for."""
    return server.command(
        "api-keys", "create", "--account", ADMIN, "--scopes", "records:read,records:write", "--name", "x"
    )


def run(name: str, *arguments: str, server: Served, key: str = "") -> str:
    """Run an example by itself, outside this repository's environment; return what it printed."""
    environment = {"PATH": os.environ["PATH"], "ROOM_URL": server.url, "ROOM_KEY": key}
    done = subprocess.run(
        [sys.executable, "-S", str(EXAMPLES / name), *arguments], env=environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == TESTED


def test_register_and_verify(server: Served) -> None:
    mail = str(server.folder / "instance/mail")
    said = run("register_and_verify.py", "new.person@example.com", PASSWORD, mail, server=server)
    assert "refused: EMAIL_NOT_VERIFIED" in said
    assert "the link is good: True" in said
    assert "verified at 20" in said
    assert "works once: INVALID_TOKEN" in said


def test_sign_in_and_refresh(server: Served) -> None:
    said = run("sign_in_and_refresh.py", ADMIN, PASSWORD, server=server).splitlines()
    assert said[1:] == ["I am admin", "renewed: 200", "used again: INVALID_TOKEN", "and the new pair is dead: 401",
                        "signed out: 204"]  # fmt: skip


def test_validate_token(server: Served) -> None:
    said = run("validate_token.py", ADMIN, PASSWORD, server=server)
    assert "refused: INVALID_TOKEN" in said
    assert "refused: the scope none:such is missing" in said


def test_create_with_retry(server: Served, key: str) -> None:
    said = run("create_with_retry.py", server=server, key=key)
    assert "Aadhaar XXXXXXXX9012" in said
    assert "sent again: 201, the same record: True\nreplayed: true" in said
    assert "another request: IDEMPOTENCY_KEY_REUSED" in said


def test_update_with_conflict(server: Served, key: str) -> None:
    given = json.dumps(record_input())
    run("create_with_retry.py", given, server=server, key=key)
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/api/v1/users/?page_size=1", headers={"Authorization": f"Bearer {key}"})
    [record] = json.loads(connection.getresponse().read())["data"]
    connection.close()
    said = run("update_with_conflict.py", record["id"], server=server, key=key).splitlines()
    assert said == [
        "somebody: 200",
        "from the old version: 412 VERSION_CONFLICT, they changed ['name']",
        "another field goes on top: 200",
        "with the version in the body: 409 VERSION_CONFLICT",
    ]


@contextmanager
def receiving(secret: str, port: int, said: Path) -> Iterator[None]:
    """Run the receiver of webhooks on a port; what it prints is in the file."""
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-S", str(EXAMPLES / "receive_webhook.py"), str(port)],
            env={"ROOM_WEBHOOK_SECRET": secret}, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        wait_for(lambda: _listens(port))
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Start the receiver with a secret of ours."""
    port, said = free_port(), tmp_path / "said"
    with receiving(SECRET, port, said):
        yield port, said


def _listens(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def test_receive_webhook_believes_only_what_is_signed_freshly(receiver: tuple[int, Path]) -> None:
    port, said = receiver
    body = json.dumps({"id": "e1", "type": "record.created", "subject": "r1"})
    now = datetime.now(UTC)
    good = signed("e1", now, body)
    assert [deliver(port, good, body) for _ in range(2)] == [204, 204]
    assert deliver(port, good, body.replace("r1", "r2")) == 401
    assert deliver(port, {**good, "webhook-id": "e2"}, body) == 401
    old = datetime.fromtimestamp(time.time() - 3600, UTC)
    assert deliver(port, signed("e1", old, body), body) == 401
    assert deliver(port, {}, body) == 401
    two = {**good, "webhook-signature": f"v1,AAAA {good['webhook-signature']}"}
    assert deliver(port, two, body) == 204
    assert said.read_text() == "record.created of r1\n"


def signed(event_id: str, at: datetime, body: str) -> dict[str, str]:
    """Sign a delivery as Standard Webhooks' own library does."""
    signature = Webhook(SECRET).sign(event_id, at, body)
    stamp = str(int(at.timestamp()))
    return {"webhook-id": event_id, "webhook-timestamp": stamp, "webhook-signature": signature}


def deliver(port: int, headers: dict[str, str], body: str) -> int:
    """Deliver a webhook; return the status."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_receive_webhook_is_told_by_the_room_itself(server: Served, key: str, tmp_path: Path) -> None:
    hooks = server.command("api-keys", "create", "--account", ADMIN, "--scopes", "webhooks:manage", "--name", "hooks")
    port, said = free_port(), tmp_path / "said"
    wanted = {"url": f"http://127.0.0.1:{port}/", "events": ["record.created"]}
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"Authorization": f"Bearer {hooks}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/webhooks", json.dumps(wanted), headers)
    secret = json.loads(connection.getresponse().read())["secret"]
    connection.close()
    with receiving(secret, port, said):
        run("create_with_retry.py", json.dumps(record_input()), server=server, key=key)
        wait_for(lambda: "record.created of " in said.read_text())

"""The published OpenAPI document tells the truth: whatever is made from it gets an answer it describes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.services.served import Served
from tests.settings import settings_for

ADMIN, PASSWORD = "head@example.com", "Monsoon-4-Teacups"
EXAMPLES = 4
SCOPES = (
    "records:read,records:write,records:delete,records:reveal,records:export,records:import,records:approve,"
    "audit:read,events:read,accounts:manage,keys:manage,webhooks:manage,privacy:manage"
)
# These end the sign-in they are called with, so nothing could be asked after them.
LEAVING = r"^(POST /auth/logout|DELETE /auth/me|DELETE /auth/sessions/\{id\}|POST /auth/password/change)$"
OWN = "^/(auth|api-keys)"
# Only among all calls are there some that go on with what another one made.
ALONE = ("--phases", "examples,coverage,fuzzing")
CALLERS = {
    "an API key": (),
    "an access token": ("--include-path-regex", OWN, "--exclude-name-regex", LEAVING, *ALONE),
    "somebody who leaves": ("--include-name-regex", LEAVING, *ALONE),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """Serve on an empty database; one engine is enough, the document is the same on both."""
    settings = settings_for("sqlite:///records.sqlite3", ADMIN_EMAIL=ADMIN, ADMIN_PASSWORD=PASSWORD, LOG_LEVEL="ERROR")
    server = Served(tmp_path, settings).open()
    yield server
    server.stop()


def credential(server: Served, caller: str) -> str:
    """Return the bearer of a caller."""
    if caller == "an API key":
        return server.command("api-keys", "create", "--account", ADMIN, "--scopes", SCOPES, "--name", "everything")
    body = json.dumps({"email": ADMIN, "password": PASSWORD}).encode()
    asked = Request(f"{server.url}/api/v1/auth/login", body, {"Content-Type": "application/json"})  # noqa: S310 - ours
    with urlopen(asked) as answer:  # noqa: S310 - our own server
        return str(json.load(answer)["access_token"])


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.parametrize("caller", CALLERS)
def test_every_call_answers_as_the_document_says(server: Served, caller: str) -> None:
    bearer = credential(server, caller)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file", str(Path(__file__).with_name("schemathesis.toml")),
        "run", f"{server.url}/api/v1/openapi.json", "--checks", "all", "--generation-deterministic",
        "--max-examples", str(EXAMPLES), "--suppress-health-check", "all", "--no-color",
        "--header", f"Authorization: Bearer {bearer}", *CALLERS[caller],
    ]  # fmt: skip
    done = subprocess.run(command, cwd=server.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2000:]
    assert "No operations" not in done.stdout
    assert "INTERNAL_ERROR" not in server.output()

"""Slow statements, traces and fault reports tell what the program does and nothing about anybody."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from flask import Flask
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy import text

from app.core import slow_statements, telemetry
from app.core.access import public
from app.extensions import db
from config import Config, ConfigError
from tests.core.collector import collector
from tests.factories import record_input
from tests.services.served import ROOT, Served
from tests.settings import settings_for

SECRET = "234567890123"


# --- slow statements -----------------------------------------------------------------------------------------------


def test_a_slow_statement_is_logged_with_its_time_and_without_a_value(
    context: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(slow_statements, "SLOW_SECONDS", 0.0)
    with caplog.at_level(logging.WARNING):
        db.session.execute(text("SELECT version_num FROM alembic_version WHERE version_num <> :v"), {"v": SECRET})
    told: list[Any] = [record.msg for record in caplog.records if record.name == slow_statements.__name__]
    [said] = [event for event in told if event["statement"] != "BEGIN DEFERRED"]
    assert said["event"] == "database.slow"
    assert said["duration_ms"] >= 0
    assert said["statement"].startswith("SELECT version_num FROM alembic_version WHERE")
    assert SECRET not in str(said)


def test_a_quick_one_is_not(context: Flask, caplog: pytest.LogCaptureFixture) -> None:
    db.session.execute(text("SELECT 1"))
    assert "database.slow" not in caplog.text


# --- off -----------------------------------------------------------------------------------------------------------


def test_what_is_off_is_not_loaded(tmp_path: Path) -> None:
    program = (
        "import sys; from app import create_app; create_app(); "
        "print([n for n in sys.modules if n.startswith(('opentelemetry', 'sentry_sdk'))])"
    )
    server = Served(tmp_path, settings_for("sqlite:///records.sqlite3"))
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=server.environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"), ("SENTRY_DSN", "https://key@127.0.0.1/1")],
)
def test_a_watcher_without_its_package_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setattr(telemetry, "find_spec", lambda _package: None)
    app = Flask(__name__)
    app.extensions["config"] = Config.from_env(
        settings_for("sqlite:///records.sqlite3", **{name: value}), home=tmp_path
    )
    with pytest.raises(ConfigError) as refused:
        telemetry.init_app(app)
    assert list(refused.value.problems) == [name]
    assert value not in str(refused.value)


# --- on ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("engine_name", ["mariadb"], indirect=True, scope="session")
def test_traces_name_routes_and_statements_and_nobody(served: Callable[..., Served]) -> None:
    with collector() as taker:
        server = served(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{taker.address}", ADMIN_PASSWORD="Monsoon-4-Teacups")
        given = record_input()
        key = server.flask(
            "api-keys", "create", "--account", "admin@example.com", "--scopes", "records:write,records:read",
            "--name", "x",
        ).stdout.strip()  # fmt: skip
        program = f"""
import json, urllib.request as u
head = {{"Authorization": "Bearer {key}", "Content-Type": "application/json", "User-Agent": "asha"}}
for _ in range(2):
    try: u.urlopen(u.Request("{server.url}/api/v1/users/", json.dumps({given!r}).encode(), head))
    except u.HTTPError: pass
u.urlopen(u.Request("{server.url}/api/v1/users/search/?q=Verma", headers=head))
"""
        subprocess.run([sys.executable, "-c", program], check=True)
        server.stop()
        taken = [body for path, body in taker.taken if path == "/v1/traces"]
    spans = [
        span
        for body in taken
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    names = {span.name for span in spans}
    assert {"POST /api/v1/users/", "GET /api/v1/users/search/"} <= names
    statements = [a.value.string_value for span in spans for a in span.attributes if a.key == "db.statement"]
    assert any(statement.startswith("INSERT INTO user_records") for statement in statements)
    every = b"".join(taken)
    for secret in (given["email"], given["aadhaar"], given["primary_mobile"], "Verma", "asha", key, "127.0.0.1"):
        assert secret.encode() not in every, secret


def test_a_fault_is_reported_by_type_and_place(make_app: Callable[..., Flask]) -> None:
    def broken() -> Any:
        number = SECRET
        raise ValueError(number)

    with collector() as taker:
        app = make_app(SENTRY_DSN=f"http://key@{taker.address}/1")
        try:
            app.add_url_rule("/api/v1/broken", "broken", public("tests")(broken))
            answer = app.test_client().get(f"/api/v1/broken?q={SECRET}", headers={"User-Agent": SECRET})
            assert answer.status_code == 500
            sentry_sdk.flush(10)
        finally:
            sentry_sdk.get_client().close()
            sentry_sdk.init(default_integrations=False)  # the usual ones would listen to every engine from here on
        [(path, body)] = taker.taken
    assert path == "/api/1/envelope/"
    assert SECRET.encode() not in body
    event = json.loads(body.splitlines()[2])
    [error] = event["exception"]["values"]
    assert error["type"] == "ValueError"
    assert error["stacktrace"]["frames"][-1]["function"] == "broken"
    assert set(event) <= {"event_id", "timestamp", "platform", "level", "release", "environment", "exception"}


def test_the_extras_are_those_the_settings_name() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    for *_, extra, _module in telemetry.WATCHERS:
        assert f"\n{extra} = [" in project

"""Liveness, readiness and metrics (CONTRACT sections 8 and 10)."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.extensions import db
from config import Config
from tests.factories import MadeAccount
from tests.settings import settings_for

METRICS = "/metrics"


def test_health_tells_version_database_and_time(client: Any) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    body = answer.json
    assert (body["status"], body["service"], body["database"]) == ("healthy", "record-room", "connected")
    assert set(body) == {"status", "service", "version", "database", "timestamp"}
    assert body["timestamp"].endswith("Z")
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_live_and_ready_tell_their_status_alone(client: Any, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json) == (200, {"status": "healthy"})


READ = ("alembic_version", "accounts")


@pytest.fixture(name="without_tables")
def _without_tables(app: Flask) -> Any:
    with app.app_context():
        for name in READ:
            db.session.execute(text(f"ALTER TABLE {name} RENAME TO {name}_away"))
        db.session.commit()
    yield
    with app.app_context():
        for name in READ:
            db.session.execute(text(f"ALTER TABLE {name}_away RENAME TO {name}"))
        db.session.commit()


@pytest.mark.usefixtures("without_tables")
def test_a_database_that_cannot_be_read_is_503_and_the_process_still_lives(client: Any) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json["status"], answer.json["database"]) == (503, "unhealthy", "disconnected")
    assert (client.get("/health/ready").status_code, client.get("/health/live").status_code) == (503, 200)


@pytest.mark.usefixtures("without_tables")
def test_metrics_are_told_while_the_database_cannot_be_read(client: Any) -> None:
    answer = client.get("/metrics")
    assert (answer.status_code, "http_requests_total{" in answer.text) == (200, True)
    assert "active_users_total" not in answer.text


def test_metrics_count_by_route_and_never_by_path(client: Any) -> None:
    client.get("/api/v1/users/0193a1f0-0000-7000-8000-000000000001")
    written = client.get(METRICS).text
    assert 'endpoint="/api/v1/users/<id:record_id>"' in written
    assert "0193a1f0" not in written
    for name in ("http_requests_total{", "http_request_duration_seconds_bucket{", "active_users_total "):
        assert name in written


def test_metrics_count_sign_ins_by_outcome(
    api: Callable[..., Any], make_account: Callable[..., MadeAccount], client: Any
) -> None:
    account = make_account()
    before = sign_ins(client)
    api(account=account)
    client.post("/api/v1/auth/login", json={"email": "nobody@example.com", "password": "Wrong-1234"})
    assert sign_ins(client) == (before[0] + 1, before[1] + 1)


def sign_ins(client: Any) -> tuple[float, float]:
    """Read how many sign-ins succeeded and failed in this process, whoever asked for them."""
    written = client.get(METRICS).text
    good, bad = (re.search(f'login_attempts_total{{status="{how}"}} (.+)', written) for how in ("success", "failure"))
    return float(good[1]) if good else 0.0, float(bad[1]) if bad else 0.0


def test_metrics_do_not_grow_with_methods_that_do_not_exist(client: Any) -> None:
    client.open("/health", method="PROPFIND")
    assert 'method="OTHER"' in client.get(METRICS).text


@pytest.mark.parametrize(
    "headers",
    [{"Forwarded": "for=10.0.0.1"}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-Proto": "https"},
     {"X-Real-IP": "10.0.0.1"}],
)  # fmt: skip
def test_metrics_are_hidden_from_whoever_comes_through_a_proxy(client: Any, headers: dict[str, str]) -> None:
    assert client.get(METRICS, headers=headers).status_code == 404


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "::ffff:10.0.0.1", "", "not an address"])
def test_metrics_are_hidden_from_other_machines(client: Any, address: str) -> None:
    assert client.get(METRICS, environ_overrides={"REMOTE_ADDR": address}).status_code == 404


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1"])
def test_metrics_are_open_on_loopback(client: Any, address: str) -> None:
    assert client.get(METRICS, environ_overrides={"REMOTE_ADDR": address}).status_code == 200


@pytest.fixture(name="token")
def _token(app: Flask, engine_url: str) -> Any:
    before = app.extensions["config"]
    app.extensions["config"] = Config.from_env(
        settings_for(engine_url, METRICS_TOKEN="s3cret-metrics-token-0123456789-abcdef")
    )
    yield "s3cret-metrics-token-0123456789-abcdef"
    app.extensions["config"] = before


def test_the_metrics_token_opens_from_anywhere(client: Any, token: str) -> None:
    away = {"REMOTE_ADDR": "10.0.0.1"}

    def status(header: str) -> int:
        return int(client.get(METRICS, headers={"Authorization": header}, environ_overrides=away).status_code)

    assert status(f"Bearer {token}") == 200
    assert status(f"bearer {token}") == 200
    assert [status(header) for header in ("Bearer x", "Bearer", token, f"Basic {token}", "Bearer é")] == [404] * 5

"""What every answer carries, errors too (BAR S23, S24, S38, P9; CONTRACT section 10)."""

from pathlib import Path
from typing import Any

import pytest

from tests.core.toy_room import VERSION, toy_client

EVERYWHERE = ["/api/v1/bare", "/health/live", "/api/v1/nowhere", "/api/v1/fail/bug", "/api/v1/fail/413"]
ORIGIN = "https://app.example.com"
BESIDE = "https://other.example.com,http://[::1]:3000"
RECORD = f"/api/v1/users/{VERSION}"


@pytest.fixture(name="client")
def _client(tmp_path: Path) -> Any:
    return toy_client(tmp_path, ALLOWED_ORIGINS=f"{ORIGIN},{BESIDE}")


@pytest.fixture(name="production")
def _production(tmp_path: Path) -> Any:
    return toy_client(tmp_path, production=True)


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_is_shut_against_the_web(client: Any, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Permissions-Policy" in headers
    assert "Server" not in headers


def test_only_production_insists_on_https(client: Any, production: Any) -> None:
    assert "Strict-Transport-Security" not in client.get("/health/live").headers
    assert "max-age=" in production.get("/health/live").headers["Strict-Transport-Security"]


def test_pages_are_never_kept_and_differ_by_session_and_htmx(client: Any) -> None:
    headers = client.get("/health/live").headers
    assert headers["Cache-Control"] == "no-store"
    assert {"Cookie", "HX-Request"} <= set(headers["Vary"].split(", "))


@pytest.mark.parametrize("path", ["/api/v1/bare", "/api/v1/nowhere", "/api/v1/fail/403"])
def test_the_api_is_never_kept_and_differs_by_credential_and_origin(client: Any, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert {"Authorization", "Origin"} <= set(headers["Vary"].split(", "))


def test_a_single_record_may_be_kept_for_revalidation(client: Any) -> None:
    answer = client.get(RECORD)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["ETag"] == f'"{VERSION}"'


@pytest.mark.parametrize("known", [f'"{VERSION}"', f'W/"{VERSION}"', f'"x", "{VERSION}"', "*"])
def test_what_the_caller_has_already_is_304(client: Any, known: str) -> None:
    answer = client.get(RECORD, headers={"If-None-Match": known})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == f'"{VERSION}"'
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("known", ['"x"', VERSION[:8], ""])
def test_what_the_caller_has_not_is_200(client: Any, known: str) -> None:
    assert client.get(RECORD, headers={"If-None-Match": known}).status_code == 200


def test_an_allowed_origin_may_read_and_never_with_cookies(client: Any) -> None:
    headers = client.get("/api/v1/bare", headers={"Origin": ORIGIN}).headers
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in headers
    exposed = set(headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed == {
        "ETag", "Location", "Link", "X-Request-ID", "Retry-After", "Idempotency-Replayed", "RateLimit",
        "RateLimit-Policy",
    }  # fmt: skip


@pytest.mark.parametrize("given", [ORIGIN, f"{ORIGIN},{BESIDE}"])
def test_who_names_no_origin_is_told_of_none(tmp_path: Path, given: str) -> None:
    told = toy_client(tmp_path, ALLOWED_ORIGINS=given).get("/api/v1/bare").headers
    assert "Access-Control-" not in str(told)
    assert "Origin" in told["Vary"]


@pytest.mark.parametrize("origin", ["http://[::1]:3000", "https://office.example.com"])
def test_an_origin_is_allowed_as_it_is_written_whatever_signs_it_holds(tmp_path: Path, origin: str) -> None:
    client = toy_client(tmp_path, ALLOWED_ORIGINS="http://[::1]:3000,https://Office.example.com")
    answer = client.get("/api/v1/bare", headers={"Origin": origin})
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [origin]


def test_an_error_tells_an_allowed_origin_as_well(client: Any) -> None:
    answer = client.get("/api/v1/nowhere", headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize(
    "origin",
    ["null", "https://evil.example", "http://app.example.com", "https://app.example.com.evil.example",
     "https://xapp.example.com", "https://app.example.com:444", "HTTPS://APP.EXAMPLE.COM", "http://1:3000"],
)  # fmt: skip
def test_other_origins_are_told_nothing(client: Any, origin: str) -> None:
    assert "Access-Control-Allow-Origin" not in client.get("/api/v1/bare", headers={"Origin": origin}).headers


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("headers", [{}, {"Origin": ""}])
def test_who_comes_from_no_origin_is_told_of_none(client: Any, method: str, headers: dict[str, str]) -> None:
    answer = client.open("/api/v1/bare", method=method, headers=headers)
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
    assert "Origin" in answer.headers["Vary"]


def test_pages_are_for_no_other_origin(client: Any) -> None:
    assert "Access-Control-Allow-Origin" not in client.get("/health/live", headers={"Origin": ORIGIN}).headers


def test_a_preflight_is_answered_without_a_credential(client: Any) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization, if-match, content-type",
    }
    answer = client.options("/api/v1/notes", headers=asked)
    assert answer.status_code == 204
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    assert "if-match" in answer.headers["Access-Control-Allow-Headers"].lower()


def test_without_a_setting_nobody_else_may_read(tmp_path: Path) -> None:
    client = toy_client(tmp_path)
    assert "Access-Control-Allow-Origin" not in client.get("/api/v1/bare", headers={"Origin": ORIGIN}).headers


@pytest.mark.parametrize(
    "host", ["records.example.com", "RECORDS.example.com:443", "127.0.0.1:8000", "localhost", "[::1]:8000"]
)
def test_production_answers_to_its_own_name_and_to_loopback(production: Any, host: str) -> None:
    assert production.get("/api/v1/bare", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "records.example.com.evil.example", "10.0.0.1", "", "a b", "[::1", "::1"]
)
def test_production_refuses_other_host_names(production: Any, host: str) -> None:
    answer = production.get("/api/v1/bare", headers={"Host": host})
    assert (answer.status_code, answer.json["code"]) == (400, "MALFORMED_REQUEST")


def test_development_answers_to_any_host_name(client: Any) -> None:
    assert client.get("/api/v1/bare", headers={"Host": "laptop.local"}).status_code == 200


@pytest.mark.parametrize("name", ["Host", "Authorization"])
def test_a_header_given_twice_is_400(client: Any, name: str) -> None:
    assert client.get("/api/v1/bare", headers={name: "Bearer a,Bearer b"}).status_code == 400


def test_an_address_that_is_no_text_is_400(client: Any) -> None:
    answer = client.get("/api/v1/notes", environ_overrides={"QUERY_STRING": "q=\xff"})
    assert answer.status_code == 400


def test_an_answer_without_content_has_no_type(client: Any) -> None:
    answer = client.post("/api/v1/logout")
    assert (answer.status_code, answer.data) == (204, b"")

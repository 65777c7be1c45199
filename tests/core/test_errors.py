"""Refusals at the JSON door are problems of a closed list (RFC 9457; CONTRACT sections 4 and 10; BAR S39)."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest

from app.core import errors
from app.core.catalogue import BY_SLUG, CATALOGUE
from app.core.errors import DomainError, FieldError, RateLimited, ValidationFailed, VersionConflict
from tests.core.toy_room import VERSION, toy_client


@pytest.fixture(name="client")
def _client(tmp_path: Path) -> Any:
    return toy_client(tmp_path)


def refusals() -> list[type[DomainError]]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DomainError)]
    return [kind for kind in found if kind is not DomainError]


@pytest.mark.parametrize("kind", refusals(), ids=lambda kind: kind.__name__)
def test_every_refusal_stands_in_the_catalogue_with_its_status(kind: type[DomainError]) -> None:
    assert kind.status in CATALOGUE[kind.code].statuses


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.code)
def test_every_code_has_words_for_people(entry: Any) -> None:
    assert BY_SLUG[entry.slug] is entry
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.slug)
    assert entry.meaning.endswith(".")
    assert entry.remedy.endswith(".")
    assert not entry.title.endswith(".")


def test_a_problem_has_the_members_of_the_contract(client: Any) -> None:
    answer = client.get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json == {
        "type": "http://127.0.0.1:8000/problems/not-found",
        "title": CATALOGUE["NOT_FOUND"].title,
        "status": 404,
        "detail": "There is nothing at this address.",
        "code": "NOT_FOUND",
        "request_id": answer.headers["X-Request-ID"],
    }


def test_a_conflict_tells_the_version_and_the_fields(client: Any) -> None:
    answer = client.get("/api/v1/fail/conflict")
    assert (answer.status_code, answer.json["code"]) == (412, "VERSION_CONFLICT")
    assert answer.json["current_version"] == VERSION
    assert answer.json["changed_fields"] == ["email", "name"]


def test_a_conflict_in_the_body_is_409_and_may_know_no_fields() -> None:
    conflict = VersionConflict(VERSION)
    assert (conflict.status, conflict.changed_fields) == (409, None)


@pytest.mark.parametrize("path", ["/api/v1/fail/locked", "/api/v1/fail/limited", "/api/v1/fail/database"])
def test_who_has_to_wait_is_told_how_long(client: Any, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (423, 429, 503)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_lost_database_is_503_and_says_nothing_of_itself(client: Any) -> None:
    answer = client.get("/api/v1/fail/database")
    assert (answer.status_code, answer.json["code"]) == (503, "UNAVAILABLE")
    assert "SELECT" not in answer.text
    assert "ravi" not in answer.text


def test_a_bug_is_500_and_says_nothing_of_itself(
    client: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get("/api/v1/fail/bug")
    written = capsys.readouterr().out
    assert (answer.status_code, answer.json["code"]) == (500, "INTERNAL_ERROR")
    assert "RuntimeError" in written
    assert "toy_room.py" in written
    for secret in ("ravi", "2341"):
        assert secret not in answer.text
        assert secret not in written
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "MALFORMED_REQUEST"), (401, "NOT_AUTHENTICATED"), (403, "FORBIDDEN"), (404, "NOT_FOUND"),
        (413, "REQUEST_TOO_LARGE"), (415, "UNSUPPORTED_MEDIA_TYPE"), (503, "UNAVAILABLE"), (500, "INTERNAL_ERROR"),
    ],
)  # fmt: skip
def test_what_the_framework_refuses_is_a_problem_too(client: Any, status: int, code: str) -> None:
    answer = client.get(f"/api/v1/fail/{status}")
    assert (answer.status_code, answer.json["code"], answer.json["status"]) == (status, code, status)


@pytest.mark.parametrize(("status", "shown"), [(418, 400), (414, 400), (502, 500)])
def test_a_status_outside_the_contract_becomes_its_nearest(client: Any, status: int, shown: int) -> None:
    assert client.get(f"/api/v1/fail/{status}").status_code == shown


def test_401_asks_for_a_bearer(client: Any) -> None:
    assert client.get("/api/v1/fail/401").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("method", ["GET", "FOO", "TRACE", "LINK"])
def test_405_names_the_methods_there_are(client: Any, method: str) -> None:
    answer = client.open("/api/v1/undo", method=method)
    assert (answer.status_code, answer.json["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "OPTIONS, POST" or set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_options_answers_204_with_the_methods(client: Any) -> None:
    answer = client.options("/api/v1/notes")
    assert (answer.status_code, answer.data) == (204, b"")
    assert {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"} == set(answer.headers["Allow"].split(", "))


def test_head_answers_as_get_without_a_body(client: Any) -> None:
    answer = client.head("/api/v1/bare")
    assert (answer.status_code, answer.data) == (200, b"")
    assert client.head("/api/v1/nowhere").status_code == 404


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_cannot_be_overridden(client: Any, header: str) -> None:
    assert client.get("/api/v1/notes?_method=DELETE").status_code == 422
    assert client.get("/api/v1/notes", headers={header: "DELETE"}).json == {"page": 1, "done": None, "q": None}


@pytest.mark.parametrize("path", ["/api/v1/users/1/nothing", "/api/v1/users/x%00y/z", f"/api/v1/users/{VERSION}/zzz"])
def test_404_under_a_record_speaks_of_the_record(client: Any, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json["code"], answer.json["detail"]) == (404, "USER_NOT_FOUND", "User not found")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v2/users/", "/api/v1", "/api/v1/usersx", "/api/v1/users/"])
def test_404_elsewhere_under_the_api_is_a_plain_problem(client: Any, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")


def test_errors_list_every_field_with_its_extras() -> None:
    taken = FieldError("pan", "DUPLICATE_PAN", "Another record has this PAN", {"deleted_record": VERSION})
    assert taken.as_json()["deleted_record"] == VERSION
    assert ValidationFailed([taken]).errors == (taken,)


def test_a_wait_is_never_shorter_than_a_second() -> None:
    assert RateLimited(0, {"RateLimit": "x"}).headers == {"RateLimit": "x", "Retry-After": "1"}

"""The order of checks of every call (CONTRACT section 10), shown by requests that are wrong in several ways at once."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask

from tests.browsing import JsonClient
from tests.factories import MadeRecord, record_input
from tests.records.partner import key_with

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]

TOO_LARGE = b"x" * (2 << 20)
WRONG = {"Content-Type": "text/plain", "Accept": "image/png", "Idempotency-Key": "bad key", "If-Match": '"x"'}


def test_each_check_comes_before_the_next(api: Api, app: Flask, make_record: Make) -> None:
    anonymous, viewer, editor = api(None), api("viewer"), api("editor")
    made = make_record()
    path = f"/users/{made.id}"

    def told(caller: JsonClient, method: str, to: str, data: bytes = b"{", /, **headers: str) -> tuple[int, str]:
        sent = {**WRONG, **{name.replace("_", "-"): value for name, value in headers.items()}}
        answer = caller.request(method, to, data=data, headers=sent)
        assert answer.json["status"] == answer.status_code
        return answer.status_code, answer.json["code"]

    json = {"Content_Type": "application/json"}
    fine = {**json, "Accept": "application/json"}
    assert told(anonymous, "POST", "/nothing", TOO_LARGE) == (404, "NOT_FOUND")
    assert told(anonymous, "POST", path, TOO_LARGE) == (405, "METHOD_NOT_ALLOWED")
    assert told(anonymous, "PATCH", path, TOO_LARGE) == (401, "NOT_AUTHENTICATED")
    assert told(viewer, "PATCH", path, TOO_LARGE) == (403, "FORBIDDEN")
    assert told(editor, "PATCH", path, TOO_LARGE) == (413, "REQUEST_TOO_LARGE")
    assert told(editor, "PATCH", path) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert told(editor, "PATCH", path, b"{", **json) == (406, "NOT_ACCEPTABLE")
    assert told(editor, "PATCH", path, b"{", **fine) == (400, "MALFORMED_REQUEST")
    assert told(editor, "POST", "/users/", b"{}", **fine) == (400, "MALFORMED_REQUEST")
    assert told(editor, "PATCH", f"/users/{uuid4()}", b'{"name":""}', **fine) == (404, "USER_NOT_FOUND")
    assert told(editor, "PATCH", path, b'{"name":"","version":"y"}', **fine) == (412, "VERSION_CONFLICT")
    assert told(editor, "PATCH", path, b'{"name":"","version":"y"}', **fine, If_Match="*") == (409, "VERSION_CONFLICT")
    assert told(editor, "PATCH", path, b'{"name":""}', **fine, If_Match="*") == (422, "VALIDATION_ERROR")


def test_429_stands_between_401_and_403(make_app: Callable[..., Flask], api: Api) -> None:
    viewer = api("viewer")
    app = make_app(RATE_LIMIT_PER_MINUTE="2")
    limited = JsonClient(app.test_client(), viewer.token)
    assert [limited.post("/users/", json={}).status_code for _ in range(3)] == [403, 403, 429]
    assert JsonClient(app.test_client()).post("/users/", json={}).status_code == 401


def test_idempotency_stands_before_the_record_and_after_the_body(api: Api, make_record: Make) -> None:
    editor, made = api("editor"), make_record()
    editor.delete(f"/users/{made.id}")
    path, key = f"/users/{made.id}/restore", {"Idempotency-Key": "k"}
    assert editor.post(path, json={}, headers=key).status_code == 200
    assert editor.post(path, json={"version": "x"}, headers=key).json["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert editor.post(path, data=b"{", headers={**key, "Content-Type": "application/json"}).status_code == 400


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        (None, 401, "NOT_AUTHENTICATED"), ("", 401, "NOT_AUTHENTICATED"), ("Bearer", 401, "INVALID_TOKEN"),
        ("Bearer nonsense", 401, "INVALID_TOKEN"), ("Basic YTpi", 401, "INVALID_TOKEN"),
        ("Bearer rr_nonsense", 401, "INVALID_TOKEN"), ("Bearer a b", 401, "INVALID_TOKEN"),
    ],
)  # fmt: skip
def test_a_bad_credential_is_401_and_says_bearer(api: Api, given: str | None, status: int, code: str) -> None:
    headers = {} if given is None else {"Authorization": given}
    answer = api(None).get("/users/", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


CALLS = [
    ("GET", "/users/", "records:read"), ("POST", "/users/", "records:write"), ("POST", "/users/batch", "records:write"),
    ("GET", "/users/{id}", "records:read"), ("PUT", "/users/{id}", "records:write"),
    ("PATCH", "/users/{id}", "records:write"), ("DELETE", "/users/{id}", "records:delete"),
    ("GET", "/users/search?q=ab", "records:read"), ("POST", "/users/search", "records:read"),
    ("POST", "/users/{id}/restore", "records:delete"), ("POST", "/users/{id}/reveal", "records:reveal"),
    ("GET", "/users/{id}/history", "records:write"), ("GET", "/audit", "audit:read"),
]  # fmt: skip
SCOPES = ("records:read", "records:write", "records:delete", "records:reveal", "audit:read")


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_opens_its_calls_and_no_others(app: Flask, make_record: Make, scope: str) -> None:
    made = make_record()
    key = key_with(app, scope, role="supervisor")
    for method, path, needed in CALLS:
        for slash in ("", "/"):
            address = path.format(id=made.id)
            address = address if "?" in address else address.rstrip("/") + slash
            answer = key.request(method, address, json={"reason": "x"})
            allowed = scope == needed or (address.endswith(("history", "history/")) and scope == "audit:read")
            assert (answer.status_code != 403) == allowed, (method, address)
            assert answer.status_code not in (301, 308, 401, 404), (method, address)


ROLES = {
    "member": set(),
    "viewer": {"records:read"},
    "editor": {"records:read", "records:write", "records:delete"},
    "supervisor": set(SCOPES),
    "admin": set(SCOPES),
}


@pytest.mark.parametrize("role", list(ROLES))
def test_a_role_holds_what_the_contract_says(api: Api, make_record: Make, role: str) -> None:
    made, caller = make_record(), api(role)
    for method, path, needed in CALLS:
        answer = caller.request(method, path.format(id=made.id), json={"reason": "x"})
        assert (answer.status_code != 403) == (needed in ROLES[role]), (method, path)


def test_a_cookie_alone_is_no_credential(api: Api) -> None:
    caller = api(None)
    caller.client.set_cookie("session", "anything")
    assert caller.get("/users/").status_code == 401


def test_nobody_learns_of_a_record_without_the_right(api: Api, make_record: Make) -> None:
    made, member = make_record(), api("member")
    known, unknown = member.get(f"/users/{made.id}"), member.get(f"/users/{uuid4()}")
    assert known.status_code == unknown.status_code == 403
    assert {**known.get_json(), "request_id": ""} == {**unknown.get_json(), "request_id": ""}
    assert member.post("/users/", json=record_input()).status_code == 403

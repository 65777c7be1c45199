"""Awkward bodies and paths: every one has an answer, and never a 5xx (BAR R28)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.browsing import JsonClient
from tests.factories import MadeRecord, record_input

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]

JSON = {"Content-Type": "application/json"}
WHOLE = json.dumps(record_input()).encode()


def with_value(field: str, raw: bytes) -> bytes:
    """Return a valid record's JSON with one raw value."""
    rest = record_input()
    del rest[field]
    return b'{"' + field.encode() + b'":' + raw + b"," + json.dumps(rest).encode()[1:]


BODIES: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 415),
    "blank": (b"   ", 400),
    "not json": (b"name=Asha", 400),
    "half": (b'{"name": "Asha', 400),
    "two values": (b"{} {}", 400),
    "comment": (b"{/* */}", 400),
    "single quotes": (b"{'name': 'Asha'}", 400),
    "list": (b"[]", 400),
    "text": (b'"Asha"', 400),
    "number": (b"7", 400),
    "null": (b"null", 400),
    "true": (b"true", 400),
    "duplicate keys": (b'{"name": "A", "name": "B"}', 400),
    "duplicate keys inside": (b'{"name": {"a": 1, "a": 2}}', 400),
    "duplicate keys by escape": (b'{"name": "A", "n\\u0061me": "B"}', 400),
    "depth 1000 lists": (b'{"name":' + b"[" * 1000 + b"]" * 1000 + b"}", 400),
    "depth 1000 objects": (b'{"a":' * 1000 + b"1" + b"}" * 1000, 400),
    "depth 100000 open": (b"[" * 100_000, 400),
    "depth 60": (b'{"name":' + b"[" * 60 + b"]" * 60 + b"}", 422),
    "NaN": (with_value("name", b"NaN"), 400),
    "Infinity": (with_value("name", b"-Infinity"), 400),
    "huge exponent": (with_value("name", b"1e999"), 400),
    "huge number": (with_value("name", b"9" * 5000), 400),
    "number above 64 bits": (with_value("name", b"9" * 40), 422),
    "lone surrogate": (with_value("name", b'"Asha \\ud800 Verma"'), 422),
    "lone surrogate in an address": (with_value("current_address", b'"14 Temple Street \\udfff Nagpur"'), 422),
    "lone surrogate in a name of a field": (b'{"na\\ud800me": "x"}', 400),
    "NUL by escape": (with_value("name", b'"Asha\\u0000Verma"'), 422),
    "NUL in the text": (with_value("name", b'"Asha\x00Verma"'), 400),
    "NUL as a name": (b'{"\\u0000": 1}', 422),
    "byte order mark": (b"\xef\xbb\xbf" + WHOLE, 400),
    "UTF-16": (WHOLE.decode().encode("utf-16"), 400),
    "Latin-1": (with_value("name", b'"Jos\xe9 Verma"'), 400),
    "overlong UTF-8": (with_value("name", b'"\xc0\xaf"'), 400),
    "surrogates in UTF-8": (with_value("name", b'"\xed\xa0\x80 Asha"'), 400),
    "object for a text": (with_value("email", b'{"$ne": null}'), 422),
    "list for a text": (with_value("email", b'["a@example.com"]'), 422),
    "number for a text": (with_value("primary_mobile", b"9876543210"), 422),
    "text for a truth": (with_value("is_active", b'"true"'), 422),
    "long name": (with_value("name", b'"' + b"A" * 900_000 + b'"'), 422),
    "many combining marks": (with_value("name", b'"A' + "\u0301".encode() * 200_000 + b'"'), 422),
    "many unknown fields": (b"{" + b",".join(b'"f%d":1' % n for n in range(20_000)) + b"}", 422),
    "prototype": (b'{"__proto__": {}, "constructor": 1, "__class__": 2}', 422),
    "just above the limit": (b" " * (1 << 20) + WHOLE, 413),
    "20 MB": (b'{"name": "' + b"A" * (20 << 20) + b'"}', 413),
}


@pytest.mark.parametrize("case", list(BODIES))
def test_an_awkward_body_has_its_answer(api: Api, case: str) -> None:
    body, status = BODIES[case]
    headers = {} if case == "empty" else JSON
    answer = api("editor").post("/users/", data=body, headers=headers)
    assert answer.status_code == status, answer.text[:500]
    assert answer.mimetype == "application/problem+json"
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("key", [None, "key-1"])
@pytest.mark.parametrize(
    "path", ["/users/batch", "/users/search/", "/users/{id}/reveal", "/users/{id}/restore", "/users/"]
)
def test_every_call_with_a_body_stands_it(api: Api, make_record: Make, path: str, key: str | None) -> None:
    made, caller = make_record(), api("admin")
    headers = {**JSON, **({"Idempotency-Key": key} if key else {})}
    for case, (body, _status) in BODIES.items():
        if len(body) < 2 << 20:
            answer = caller.post(path.format(id=made.id), data=body, headers=headers)
            assert answer.status_code < 500, (case, answer.text[:500])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_every_change_stands_it(api: Api, make_record: Make, method: str) -> None:
    made, editor = make_record(), api("editor")
    for case, (body, status) in BODIES.items():
        if len(body) < 2 << 20:
            answer = editor.request(method, f"/users/{made.id}", data=body, headers=JSON if body else {})
            assert 400 <= answer.status_code < 500 or not body, (case, answer.text[:300])
            assert status not in (400, 413) or answer.status_code == status, case


def test_awkward_items_of_a_batch_are_refused_one_by_one(api: Api) -> None:
    odd: list[Any] = [
        {"name": "\ud800"},
        {"idempotency_key": 5},
        {"idempotency_key": "é"},
        {"idempotency_key": "x" * 256},
        {"idempotency_key": "ok", "name": "\ud800"},
        {"idempotency_key": "ok2", "name": 10**30},
        [],
        1.5,
        True,
    ]
    answer = api("editor").post("/users/batch", data=json.dumps({"items": odd}).encode(), headers=JSON)
    assert answer.status_code == 200
    assert [item["status"] for item in answer.json] == [422, 400, 400, 400, 422, 422, 400, 400, 400]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("application/json;charset=UTF8", 201),
        ("APPLICATION/JSON", 201),
        ("application/json; charset=latin-1", 400),
        ("application/json; charset=utf-16", 400),
        ("text/json", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
        ("application/merge-patch+json", 415),
        ("application/problem+json", 415),
        ("", 415),
        ("nonsense", 415),
    ],
)
def test_the_type_of_a_body_is_judged(api: Api, content_type: str, status: int) -> None:
    body = json.dumps(record_input()).encode()
    assert api().post("/users/", data=body, headers={"Content-Type": content_type}).status_code == status


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("application/*", 200),
        ("application/problem+json", 200),
        ("", 200),
        ("text/html, application/json;q=0.1", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("image/*", 406),
    ],
)
def test_the_accepted_type_is_judged(api: Api, accept: str, status: int) -> None:
    assert api().get("/users/", headers={"Accept": accept}).status_code == status


@pytest.mark.parametrize("given", ["a\tb", "é", "x" * 65, "a b", "<script>", "a\x7fb"])
def test_a_strange_request_id_is_replaced(api: Api, given: str) -> None:
    answer = api().get("/users/", headers={"X-Request-ID": given.encode("utf-8").decode("latin-1")})
    assert len(answer.headers["X-Request-ID"]) == 36


def test_a_sane_request_id_is_kept(api: Api) -> None:
    assert api().get("/users/x", headers={"X-Request-ID": "A-z_0.9"}).json["request_id"] == "A-z_0.9"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "FOO"])
def test_a_strange_method_is_not_allowed(api: Api, method: str) -> None:
    assert api().request(method, "/users/").status_code == 405


def test_a_method_override_is_ignored(api: Api, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    answer = editor.get(f"/users/{made.id}?", headers={"X-HTTP-Method-Override": "DELETE"})
    assert answer.status_code == 200
    assert editor.get(f"/users/{made.id}").status_code == 200

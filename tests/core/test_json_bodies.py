"""Every body has an answer, and it is never a 5xx (BAR R28; CONTRACT sections 4 and 10)."""

import io
import json
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from app.core import strict_json
from app.core.errors import MalformedRequest
from tests.core.toy_room import toy_client

GOOD = b'{"title": "Tea"}'
JSON = "application/json"

MALFORMED = {
    "nothing": b"",
    "blanks": b"  \n",
    "a word": b"hello",
    "a list": b"[]",
    "null": b"null",
    "a text": b'"title"',
    "a number": b"1",
    "cut short": b'{"title": "Te',
    "something behind": b'{"title": "Tea"} x',
    "two objects": b"{}{}",
    "a comma too many": b'{"title": "Tea",}',
    "single quotes": b"{'title': 'Tea'}",
    "a comment": b'{"title": "Tea" /* tea */}',
    "a name twice": b'{"title": "Tea", "title": "Tea"}',
    "a name twice inside": b'{"title": "Tea", "items": [{"code": "a", "code": "b"}]}',
    "a name twice by escape": b'{"title": "Tea", "t\\u0069tle": "Tea"}',
    "NaN": b'{"count": NaN}',
    "Infinity": b'{"count": -Infinity}',
    "a number out of range": b'{"count": 1e400}',
    "a number of a thousand digits": b'{"count": ' + b"9" * 1000 + b"}",
    "a leading zero": b'{"count": 01}',
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": '{"title": "Tea"}'.encode("utf-16"),
    "UTF-32": '{"title": "Tea"}'.encode("utf-32"),
    "Latin-1": '{"title": "café"}'.encode("latin-1"),
    "half a character": b'{"title": "\xe2\x82"}',
    "a surrogate in UTF-8": b'{"title": "\xed\xa0\x80"}',
    "a raw line break in a text": b'{"title": "a\nb"}',
    "a raw NUL in a text": b'{"title": "a\x00b"}',
    "half a pair in a name": b'{"\\ud800": 1}',
    "lists a thousand deep": b'{"items": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    "only opening brackets": b"[" * 4000,
    "objects a hundred deep": b'{"a":' * 100 + b"1" + b"}" * 100,
}

REFUSED_FIELDS: dict[str, tuple[bytes, dict[str, str]]] = {
    "all absent": (b"{}", {"title": "REQUIRED"}),
    "null": (b'{"title": null}', {"title": "REQUIRED"}),
    "empty": (b'{"title": ""}', {"title": "REQUIRED"}),
    "blank": (b'{"title": " "}', {"title": "REQUIRED"}),
    "too short": (b'{"title": "T"}', {"title": "TOO_SHORT"}),
    "too long": (b'{"title": "' + b"T" * 11 + b'"}', {"title": "TOO_LONG"}),
    "a number for a text": (b'{"title": 12}', {"title": "INVALID"}),
    "a list for a text": (b'{"title": ["Tea"]}', {"title": "INVALID"}),
    "half a pair in a text": (b'{"title": "\\ud800ab"}', {"title": "INVALID"}),
    "a text for a truth": (b'{"title": "Tea", "done": "true"}', {"done": "INVALID"}),
    "a number for a truth": (b'{"title": "Tea", "done": 1}', {"done": "INVALID"}),
    "a text for a number": (b'{"title": "Tea", "count": "1"}', {"count": "INVALID"}),
    "a number too large": (b'{"title": "Tea", "count": 123456789012345678901234567890}', {"count": "INVALID"}),
    "a fraction": (b'{"title": "Tea", "count": 1.5}', {"count": "INVALID"}),
    "an unknown name": (b'{"title": "Tea", "nickname": "T"}', {"nickname": "UNKNOWN_FIELD"}),
    "a name that cannot change": (b'{"title": "Tea", "number": 1}', {"number": "IMMUTABLE_FIELD"}),
    "an empty list": (b'{"title": "Tea", "items": []}', {"items": "REQUIRED"}),
    "a list too long": (b'{"title": "Tea", "items": [{"code":"a"},{"code":"b"},{"code":"c"}]}', {"items": "TOO_LONG"}),
    "inside a list": (b'{"title": "Tea", "items": [{"code": "a"}, {"code": 1}]}', {"items.1.code": "INVALID"}),
    "no object in a list": (b'{"title": "Tea", "items": [7]}', {"items.0": "INVALID"}),
    "every bad field at once": (
        b'{"title": "T", "done": 1, "count": -1, "colour": "red"}',
        {"title": "TOO_SHORT", "done": "INVALID", "count": "INVALID", "colour": "UNKNOWN_FIELD"},
    ),
    "a name that is somebody's number": (b'{"title": "Tea", "234123412346": 1}', {"(unnamed)": "UNKNOWN_FIELD"}),
    "a name that is somebody's address": (b'{"title": "Tea", "a@example.com": 1}', {"(unnamed)": "UNKNOWN_FIELD"}),
    "a name that is markup": (b'{"title": "Tea", "<b>": 1}', {"(unnamed)": "UNKNOWN_FIELD"}),
}


@pytest.fixture(name="client")
def _client(tmp_path: Path) -> Any:
    return toy_client(tmp_path)


def fields(answer: Any) -> dict[str, str]:
    return {error["field"]: error["code"] for error in answer.json["errors"]}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
def test_a_body_that_cannot_be_read_is_400(client: Any, raw: bytes) -> None:
    answer = client.post("/api/v1/notes", data=raw, content_type=JSON)
    assert (answer.status_code, answer.json["code"]) == (400, "MALFORMED_REQUEST")
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(("raw", "expected"), REFUSED_FIELDS.values(), ids=REFUSED_FIELDS)
def test_a_bad_field_is_422_and_named(client: Any, raw: bytes, expected: dict[str, str]) -> None:
    answer = client.post("/api/v1/notes", data=raw, content_type=JSON)
    assert (answer.status_code, answer.json["code"]) == (422, "VALIDATION_ERROR")
    assert fields(answer) == expected
    assert all(error["message"] for error in answer.json["errors"])


def test_a_required_field_speaks_in_the_words_of_its_schema(client: Any) -> None:
    answer = client.post("/api/v1/notes", json={})
    assert answer.json["errors"][0]["message"] == "Enter the title of the note"


def test_a_refusal_never_repeats_a_value(client: Any) -> None:
    answer = client.post("/api/v1/notes", json={"title": "234123412346 ravi@example.com", "done": "ABCPE1234F"})
    assert "2341" not in answer.text
    assert "ravi" not in answer.text
    assert "ABCPE" not in answer.text


def test_a_thousand_unknown_names_make_a_bounded_answer(client: Any) -> None:
    body = {f"x{number}": 0 for number in range(400)}
    answer = client.post("/api/v1/notes", data=json.dumps(body).replace(" ", ""), content_type=JSON)
    assert answer.status_code == 422
    assert len(answer.json["errors"]) <= 100


@pytest.mark.parametrize(
    "kind",
    [JSON, "application/json; charset=utf-8", 'Application/JSON; charset="UTF-8"', "application/json;charset=utf8"],
)
def test_json_in_utf_8_is_taken_however_it_is_announced(client: Any, kind: str) -> None:
    assert client.post("/api/v1/notes", data=GOOD, content_type=kind).status_code == 201


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "json",
        "*/*",
        "application/json, text/plain",
        "application/merge-patch+json",
        "application/jsonp",
    ],
)
def test_a_body_of_another_or_no_type_is_415(client: Any, kind: str) -> None:
    answer = client.post("/api/v1/notes", data=GOOD, headers={"Content-Type": kind} if kind else {})
    assert (answer.status_code, answer.json["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_only_patch_takes_a_merge_patch(client: Any) -> None:
    merge_patch = "application/merge-patch+json"
    assert client.patch("/api/v1/notes", data=GOOD, content_type=merge_patch).status_code == 201
    assert client.put("/api/v1/notes", data=GOOD, content_type=merge_patch).status_code == 415


def test_another_charset_is_400(client: Any) -> None:
    answer = client.post("/api/v1/notes", data=GOOD, content_type="application/json; charset=latin-1")
    assert answer.status_code == 400


def test_a_packed_body_is_415(client: Any) -> None:
    packed = {"Content-Encoding": "gzip"}
    assert client.post("/api/v1/notes", data=GOOD, content_type=JSON, headers=packed).status_code == 415


def test_a_body_too_large_is_413_by_its_announcement(client: Any) -> None:
    answer = client.post("/api/v1/notes", data=b"x" * 4097, content_type="text/plain")
    assert (answer.status_code, answer.json["code"]) == (413, "REQUEST_TOO_LARGE")


def test_a_body_too_large_is_413_without_an_announcement(client: Any) -> None:
    chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = client.post(
        "/api/v1/notes", input_stream=io.BytesIO(b" " * 9000), content_type=JSON, environ_overrides=chunked
    )
    assert answer.status_code == 413


def test_a_body_without_an_announcement_is_read_to_its_end(client: Any) -> None:
    chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = client.post("/api/v1/notes", input_stream=io.BytesIO(GOOD), content_type=JSON, environ_overrides=chunked)
    assert answer.status_code == 201


def test_what_was_refused_for_its_size_is_read_off_so_that_the_caller_hears_the_answer(client: Any) -> None:
    stream = io.BytesIO(b"x" * 9000)
    client.post("/api/v1/notes", input_stream=stream, content_length=9000, content_type=JSON)
    assert stream.tell() == 9000


def test_the_largest_body_allowed_is_read(client: Any) -> None:
    raw = GOOD + b" " * (4096 - len(GOOD))
    assert client.post("/api/v1/notes", data=raw, content_type=JSON).status_code == 201


def test_checks_run_in_the_order_of_the_contract(client: Any) -> None:
    def status(raw: bytes, kind: str, accept: str) -> int:
        return int(client.post("/api/v1/notes", data=raw, content_type=kind, headers={"Accept": accept}).status_code)

    assert status(b"x" * 5000, "text/plain", "text/html") == 413
    assert status(b"x", "text/plain", "text/html") == 415
    assert status(b"x", JSON, "text/html") == 406
    assert status(b"x", JSON, JSON) == 400
    assert status(b"{}", JSON, JSON) == 422


@pytest.mark.parametrize(
    ("accept", "status"),
    [("", 200), ("*/*", 200), (JSON, 200), ("application/*;q=0.1", 200), ("application/problem+json", 200),
     ("text/html, application/json;q=0.5", 200), ("text/html", 406), ("application/xml, text/*", 406),
     ("application/json;q=0", 406), ("*/*, application/json;q=0, application/problem+json;q=0", 406), ("x", 406),
     ("application/json; charset=utf-8", 200), ("application/json;version=2;q=0.5", 200),
     ("application/json;charset=utf-8;q=0", 406), ("text/html; charset=utf-8", 406)],
)  # fmt: skip
def test_an_answer_the_caller_does_not_accept_is_406(client: Any, accept: str, status: int) -> None:
    assert client.get("/api/v1/bare", headers={"Accept": accept}).status_code == status


def test_a_body_on_get_is_ignored(client: Any) -> None:
    assert client.get("/api/v1/bare", data=b"[" * 9000, content_type="text/plain").status_code == 200


def test_a_body_that_a_call_does_not_take_is_ignored_unless_it_is_too_large(client: Any) -> None:
    assert client.post("/api/v1/logout").status_code == 204
    assert client.post("/api/v1/logout", data=b"hello", content_type="text/plain").status_code == 204
    assert client.post("/api/v1/logout", data=b"x" * 5000, content_type="text/plain").status_code == 413


def test_the_body_of_delete_is_optional(client: Any) -> None:
    assert fields(client.delete("/api/v1/notes")) == {"code": "REQUIRED"}
    assert client.delete("/api/v1/notes", content_type=JSON).status_code == 422
    assert client.delete("/api/v1/notes", data=b'{"code": "a"}').status_code == 415
    assert client.delete("/api/v1/notes", json={"code": "a"}).json == {"code": "a"}


def test_an_optional_body_may_be_absent(client: Any) -> None:
    assert client.post("/api/v1/undo").status_code == 200
    assert client.post("/api/v1/undo", data=b"{", content_type=JSON).status_code == 400


def test_a_form_is_taken_only_where_it_is_declared(client: Any) -> None:
    assert client.post("/api/v1/sign-in", data={"username": "asha"}).json == {"username": "asha"}
    assert client.post("/api/v1/sign-in", json={"code": "asha"}).json == {"code": "asha"}
    assert client.post("/api/v1/notes", data={"title": "Tea"}).status_code == 415


def test_a_form_that_gives_a_field_twice_is_400(client: Any) -> None:
    assert client.post("/api/v1/sign-in", data={"username": ["asha", "ravi"]}).status_code == 400


@pytest.mark.parametrize("raw", [b'"' + b'\\"' * 400_000 + b"\\", b'"' * 900_000, b'\\"' * 400_000, b"[]" * 400_000])
def test_reading_takes_time_in_proportion_to_length(raw: bytes) -> None:
    began = monotonic()
    with pytest.raises(MalformedRequest):
        strict_json.parse(raw)
    assert monotonic() - began < 3


def test_equal_json_has_one_canonical_form() -> None:
    first = strict_json.parse(b'{"b": [1.0, "x"], "a": {"d": null, "c": true}}')
    second = strict_json.parse(b'{ "a":{"c":true,"d":null},\n"b":[1,"\\u0078"] }')
    assert strict_json.canonical(first) == strict_json.canonical(second)
    assert strict_json.canonical(first) != strict_json.canonical({**first, "b": [True, "x"]})


def test_the_canonical_form_exists_for_whatever_can_be_read() -> None:
    assert strict_json.canonical(strict_json.parse(b'{"a": "\\ud800", "b": ' + b"9" * 300 + b"}"))

"""Query strings are checked like fields (CONTRACT section 10)."""

from pathlib import Path
from typing import Any

import pytest

from app.core.validation import read_query_leniently
from tests.core.toy_room import NoteQuery, toy_client, toy_room

WRONG = {
    "unknown": ("colour=red", {"colour": "UNKNOWN_FIELD"}),
    "repeated": ("page=1&page=2", {"page": "INVALID"}),
    "a word for a number": ("page=two", {"page": "INVALID"}),
    "a sign before a number": ("page=%2B1", {"page": "INVALID"}),
    "digits of another script": ("page=%D9%A1", {"page": "INVALID"}),
    "a fraction": ("page=1.0", {"page": "INVALID"}),
    "empty": ("page=", {"page": "REQUIRED"}),
    "out of range": ("page=0", {"page": "INVALID"}),
    "a number too long": ("page=" + "9" * 5000, {"page": "INVALID"}),
    "a truth in capitals": ("done=True", {"done": "INVALID"}),
    "a truth as a number": ("done=1", {"done": "INVALID"}),
    "a NUL": ("q=a%00b", {"q": "INVALID"}),
    "a line break": ("q=a%0Ab", {"q": "INVALID"}),
    "not UTF-8": ("q=%FF", {"q": "INVALID"}),
    "a name of markup": ("%3Cb%3E=1", {"(unnamed)": "UNKNOWN_FIELD"}),
    "several": ("page=x&done=y&z=1", {"z": "UNKNOWN_FIELD", "page": "INVALID", "done": "INVALID"}),
}


@pytest.fixture(name="client")
def _client(tmp_path: Path) -> Any:
    return toy_client(tmp_path)


@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG)
def test_a_wrong_parameter_is_422_and_named(client: Any, text: str, expected: dict[str, str]) -> None:
    answer = client.get(f"/api/v1/notes?{text}")
    assert answer.status_code == 422
    assert {error["field"]: error["code"] for error in answer.json["errors"]} == expected


def test_text_becomes_what_the_schema_asks_for(client: Any) -> None:
    answer = client.get("/api/v1/notes?page=3&done=false&q=%EF%BF%BD%20tea")
    assert answer.json == {"page": 3, "done": False, "q": "\ufffd tea"}


def test_a_call_without_parameters_refuses_all(client: Any) -> None:
    assert client.get("/api/v1/bare").status_code == 200
    assert client.get("/api/v1/bare?x=1").status_code == 422
    assert client.post("/api/v1/notes?x=1", json={"title": "Tea"}).status_code == 422


def test_a_page_leaves_out_what_it_does_not_understand(tmp_path: Path) -> None:
    app = toy_room(tmp_path)
    with app.test_request_context("/records?page=x&done=true&utm_source=mail&q=tea&q=coffee"):
        assert read_query_leniently(NoteQuery) == NoteQuery(page=1, done=True, q=None)
    with app.test_request_context("/records?page=2"):
        assert read_query_leniently(NoteQuery) == NoteQuery(page=2)

"""Of several faults the first in the contract's order is answered (CONTRACT section 10, "Every call")."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.factories import MadeRecord

JSON = {"Content-Type": "application/json"}
HUGE = b"x" * ((1 << 20) + 1)
WRONG_EVERYWHERE = {"Content-Type": "text/plain", "Accept": "text/html", "Idempotency-Key": "a b", "If-Match": '"old"'}


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_the_first_fault_of_a_write_is_answered(
    api: Callable[..., Any], make_record: Callable[..., MadeRecord]
) -> None:
    path, editor = f"/users/{make_record().id}", api("editor")
    wrong = dict(WRONG_EVERYWHERE)
    assert told(api(None).patch(f"{path}/zzz", data=HUGE, headers=wrong)) == (404, "USER_NOT_FOUND")
    assert told(api(None).post(path, data=HUGE, headers=wrong)) == (405, "METHOD_NOT_ALLOWED")
    assert told(api(None).patch(path, data=HUGE, headers=wrong)) == (401, "NOT_AUTHENTICATED")
    assert told(api("viewer").patch(path, data=HUGE, headers=wrong)) == (403, "FORBIDDEN")
    assert told(editor.patch(path, data=HUGE, headers=wrong)) == (413, "REQUEST_TOO_LARGE")
    assert told(editor.patch(path, data=b"{", headers=wrong)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert told(editor.patch(path, data=b"{", headers={**wrong, **JSON})) == (406, "NOT_ACCEPTABLE")
    del wrong["Accept"]
    assert told(editor.patch(path, data=b"{", headers={**wrong, **JSON})) == (400, "MALFORMED_REQUEST")
    assert told(editor.patch(f"/users/{uuid4()}", data=b'{"pan": 1}', headers={**wrong, **JSON})) == (
        404,
        "USER_NOT_FOUND",
    )
    assert told(editor.patch(path, data=b'{"pan": 1}', headers={**wrong, **JSON})) == (412, "VERSION_CONFLICT")
    assert told(editor.patch(path, data=b'{"pan": 1}', headers=JSON)) == (422, "VALIDATION_ERROR")


def test_an_idempotency_key_is_judged_after_the_body_and_before_its_fields(api: Callable[..., Any]) -> None:
    editor = api("editor")
    keyed = {**JSON, "Idempotency-Key": "a b"}
    assert told(editor.post("/users/", data=b"{}", headers={**keyed, "Accept": "text/html"})) == (406, "NOT_ACCEPTABLE")
    assert told(editor.post("/users/", data=b"{}", headers=keyed)) == (400, "MALFORMED_REQUEST")
    assert told(editor.post("/users/", data=b"{}", headers=JSON)) == (422, "VALIDATION_ERROR")


def test_half_a_surrogate_pair_under_a_key_is_a_bad_field_and_no_failure(api: Callable[..., Any]) -> None:
    raw = b'{"name": "\\ud800 Rao", "is_active": 123456789012345678901234567890}'
    answer = api("editor").post("/users/", data=raw, headers={**JSON, "Idempotency-Key": "k-1"})
    assert told(answer) == (422, "VALIDATION_ERROR")


def test_unknown_parameters_are_named_on_every_kind_of_call(
    api: Callable[..., Any], make_record: Callable[..., MadeRecord]
) -> None:
    editor, path = api("editor"), f"/users/{make_record().id}"
    for answer in (
        editor.get("/users/?colour=red"),
        editor.get(f"{path}?colour=red"),
        editor.get(f"{path}/history?colour=red"),
        editor.patch(f"{path}?colour=red", json={}),
        editor.delete(f"{path}?colour=red"),
        editor.post("/users/search/?colour=red", json={"q": "asha"}),
    ):
        assert told(answer) == (422, "VALIDATION_ERROR")
        assert [error["field"] for error in answer.json["errors"]] == ["colour"]


def test_a_cookie_alone_is_nothing_to_the_api(page: Callable[..., Any]) -> None:
    assert told(page("admin").get("/api/v1/users/")) == (401, "NOT_AUTHENTICATED")

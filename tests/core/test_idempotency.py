"""The same request sent twice has one effect, whoever dies in between."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text

from app.extensions import db
from tests.browsing import JsonClient
from tests.core.together import together
from tests.factories import MadeRecord, record_input
from tests.records.partner import count, execute, key_with

Api = Callable[..., JsonClient]
Make = Callable[..., MadeRecord]


def create(caller: JsonClient, given: dict[str, object], key: str, path: str = "/users/") -> tuple[int, str, bool]:
    answer = caller.post(path, json=given, headers={"Idempotency-Key": key})
    told = answer.json.get("id") or answer.json["code"]
    return answer.status_code, told, answer.headers.get("Idempotency-Replayed") == "true"


def test_a_replay_is_the_first_answer_marked(api: Api, app: Flask) -> None:
    editor, given = api("editor"), record_input()
    first, second = (editor.post("/users/", json=given, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    for name in ("Location", "ETag", "Content-Type", "Cache-Control"):
        assert first.headers[name] == second.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert count(app, "user_records") == count(app, "outbox WHERE type = 'record.created'") == 1
    assert count(app, "audit_entries WHERE action = 'record.created'") == 1


def test_of_twenty_requests_with_one_key_one_is_carried_out(api: Api, app: Flask) -> None:
    editor, given = api("editor"), record_input()
    callers = [JsonClient(app.test_client(), editor.token) for _ in range(20)]
    answers = together([partial(create, caller, given, "k") for caller in callers])
    made = [answer for answer in answers if answer[0] == 201]
    assert Counter(replayed for _, _, replayed in made)[False] == 1
    assert len({told for _, told, _ in made}) == 1
    assert {answer[1] for answer in answers if answer[0] != 201} <= {"IDEMPOTENCY_IN_PROGRESS"}
    for table in ("user_records", "identity_vault", "idempotency_keys"):
        assert count(app, table) == 1
    assert count(app, "audit_entries WHERE action = 'record.created'") == 1
    assert count(app, "outbox WHERE type = 'record.created'") == 1
    assert create(editor, given, "k")[::2] == (201, True)


def test_of_ten_requests_with_one_expired_key_one_is_carried_out(api: Api, app: Flask) -> None:
    editor = api("editor")
    create(editor, record_input(), "k")
    execute(app, "UPDATE idempotency_keys SET expires_at = '2020-01-01 00:00:00.000000'")
    given = record_input()
    callers = [JsonClient(app.test_client(), editor.token) for _ in range(10)]
    answers = together([partial(create, caller, given, "k") for caller in callers])
    assert {status for status, _, _ in answers} <= {201, 409, 503}
    assert count(app, "user_records") == 2


@pytest.mark.parametrize(
    "again",
    [
        lambda given: {**given, "idempotency_key": "k"},
        lambda given: dict(reversed(given.items())),
    ],
)
def test_order_and_place_of_the_key_do_not_make_another_request(
    api: Api, again: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    editor, given = api("editor"), record_input()
    create(editor, given, "k")
    assert create(editor, again(given), "k")[::2] == (201, True)


@pytest.mark.parametrize("path", ["/users", "/users/"])
@pytest.mark.parametrize("key", ["k", '"k"'])
def test_both_slash_forms_and_quotes_name_one_key(api: Api, path: str, key: str) -> None:
    editor, given = api("editor"), record_input()
    create(editor, given, "k")
    assert create(editor, given, key, path)[::2] == (201, True)


def test_the_key_in_the_body_does_the_same(api: Api, app: Flask) -> None:
    editor, given = api("editor"), {**record_input(), "idempotency_key": "k"}
    first, second = (editor.post("/users/", json=given) for _ in range(2))
    assert first.data == second.data
    assert count(app, "user_records") == 1


def test_another_request_under_the_key_is_refused(api: Api, app: Flask) -> None:
    editor, given = api("editor"), record_input()
    create(editor, given, "k")
    for other in (record_input(), {**given, "name": "Asha Rao"}, {**given, "is_active": 1}, {}):
        assert create(editor, other, "k")[:2] == (422, "IDEMPOTENCY_KEY_REUSED")
    assert create(editor, given, "k", "/users/?a=1")[:2] == (422, "IDEMPOTENCY_KEY_REUSED")
    assert count(app, "user_records") == 1


def test_a_key_belongs_to_account_and_path(api: Api, app: Flask, make_record: Make) -> None:
    editor, other = api("editor"), api("editor")
    first = create(editor, record_input(), "k")
    assert create(other, record_input(), "k")[0] == 201
    made = make_record()
    editor.delete(f"/users/{made.id}")
    answer = editor.post(f"/users/{made.id}/restore", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json["id"]) == (200, str(made.id))
    assert first[1] != str(made.id)


def test_all_credentials_of_one_account_share_its_keys(api: Api, app: Flask) -> None:
    key = key_with(app, "records:write")
    assert key.account is not None
    given = record_input()
    first = create(key, given, "k")
    token = api(account=key.account)
    assert create(token, given, "k") == (201, first[1], True)


def test_a_replay_asks_for_the_permission_again(app: Flask, make_app: Callable[..., Flask]) -> None:
    key, given = key_with(app, "records:write"), record_input()
    create(key, given, "k")
    execute(app, "UPDATE api_keys SET scopes = 'records:read'")
    elsewhere = JsonClient(make_app().test_client(), key.token)
    assert create(elsewhere, given, "k")[:2] == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("wrong", "status"), [({"name": ""}, 422), ({"date_of_birth": "2020-01-01"}, 422), ({"email": "TAKEN"}, 409)]
)
def test_a_refusal_is_not_kept(api: Api, app: Flask, make_record: Make, wrong: dict[str, str], status: int) -> None:
    editor, given = api("editor"), record_input()
    if wrong.get("email"):
        wrong = {"email": make_record().values["email"]}
    assert create(editor, {**given, **wrong}, "k")[0] == status
    assert count(app, "idempotency_keys") == 0
    assert create(editor, given, "k")[::2] == (201, False)


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "a\x7f", "x" * 256, '""', "tab\t"])
def test_a_key_out_of_shape_is_refused(api: Api, app: Flask, key: str) -> None:
    editor = api("editor")
    by_body = editor.post("/users/", json={**record_input(), "idempotency_key": key})
    raw = key.encode().decode("latin-1")
    by_header = editor.post("/users/", json=record_input(), headers={"Idempotency-Key": raw})
    assert (by_body.status_code, by_body.json["code"]) == (400, "MALFORMED_REQUEST")
    if key.strip() == key:
        assert (by_header.status_code, by_header.json["code"]) == (400, "MALFORMED_REQUEST")


@pytest.mark.parametrize("key", ["!", "~", "x" * 255, '{"a":1}', "a/b?c=d&e", "';DROP/*x*/TABLE;--", '"'])
def test_every_visible_sign_may_stand_in_a_key(api: Api, key: str) -> None:
    editor, given = api("editor"), record_input()
    assert [create(editor, given, key)[0::2] for _ in range(2)] == [(201, False), (201, True)]


def test_two_keys_that_differ_are_refused(api: Api) -> None:
    given = {**record_input(), "idempotency_key": "one"}
    answer = api("editor").post("/users/", json=given, headers={"Idempotency-Key": "two"})
    assert (answer.status_code, answer.json["code"]) == (400, "MALFORMED_REQUEST")


def test_two_headers_that_differ_are_refused(api: Api) -> None:
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    editor = api("editor")
    answer = editor.client.post(
        "/api/v1/users/", json=record_input(), headers=[*headers, ("Authorization", f"Bearer {editor.token}")]
    )
    assert answer.status_code == 400


def test_a_key_is_kept_a_day_across_restarts(api: Api, app: Flask, make_app: Callable[..., Flask]) -> None:
    editor, given = api("editor"), record_input()
    first = create(editor, given, "k")
    with app.app_context():
        left = db.session.execute(text("SELECT expires_at FROM idempotency_keys")).scalar_one()
        now = db.session.execute(text("SELECT created_at FROM user_records")).scalar_one()
    assert 23.9 < (_moment(left) - _moment(now)).total_seconds() / 3600 < 24.1
    elsewhere = JsonClient(make_app().test_client(), editor.token)
    assert create(elsewhere, given, "k") == (201, first[1], True)


def _moment(value: object) -> datetime:
    return datetime.fromisoformat(str(value))


def test_a_kept_row_holds_nothing_readable(api: Api, app: Flask) -> None:
    editor, given = api("editor"), record_input()
    create(editor, given, "the-key-as-sent")
    with app.app_context():
        row = db.session.execute(text("SELECT * FROM idempotency_keys")).one()
    stored = b" ".join(bytes(value) if isinstance(value, bytes) else str(value).encode() for value in row)
    for value in (*given.values(), "the-key-as-sent", "name", "email"):
        if isinstance(value, str):
            assert value.encode() not in stored


def test_an_answer_moved_to_another_key_does_not_open(api: Api, app: Flask) -> None:
    editor, given, other = api("editor"), record_input(), record_input()
    create(editor, given, "one")
    create(editor, other, "two")
    with app.app_context():
        sealed = db.session.execute(text("SELECT max(sealed_answer) FROM idempotency_keys")).scalar_one()
    execute(app, "UPDATE idempotency_keys SET sealed_answer = :sealed", sealed=sealed)
    assert sorted(create(editor, body, key)[0] for body, key in ((given, "one"), (other, "two"))) == [201, 500]


def test_calls_without_an_effect_of_their_own_ignore_the_key(api: Api, app: Flask, make_record: Make) -> None:
    caller, made = api("admin"), make_record()
    before = count(app, "idempotency_keys")
    headers = {"Idempotency-Key": "k"}
    for q in ("asha", "verma"):
        answer = caller.post("/users/search/", json={"q": q}, headers=headers)
        assert answer.status_code == 200
    for name in ("Asha Rao", "Asha Das"):
        assert caller.patch(f"/users/{made.id}", json={"name": name}, headers=headers).json["name"] == name
    assert count(app, "idempotency_keys") == before


def test_a_restore_replays(api: Api, app: Flask, make_record: Make) -> None:
    made, editor = make_record(), api("editor")
    editor.delete(f"/users/{made.id}")
    answers = [editor.post(f"/users/{made.id}/restore", headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert count(app, "audit_entries WHERE action = 'record.restored'") == 1

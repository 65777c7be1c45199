"""`/api/v1/api-keys`: a secret told once, scopes cut with the account's, gone when revoked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from app.extensions import db
from tests.browsing import JsonClient, Person, said
from tests.factories import MadeAccount

Api = Callable[..., JsonClient]
MakeAccount = Callable[..., MadeAccount]
SHOWN = ["id", "name", "account_id", "prefix", "scopes", "created_at", "expires_at", "last_used_at"]
GOOD = {"name": "Payroll nightly", "scopes": ["records:write", "records:read"]}


@pytest.fixture
def admin(api: Api) -> JsonClient:
    return api("admin")


@pytest.fixture
def with_secret(api: Api) -> Callable[[str], JsonClient]:
    def make(secret: str) -> JsonClient:
        caller = api(None)
        caller.token = secret
        return caller

    return make


def refusal(answer: Any) -> tuple[int, str, dict[str, str]]:
    body = said(answer)
    return answer.status_code, body["code"], {error["field"]: error["code"] for error in body.get("errors", [])}


def test_a_key_is_made_shown_once_and_listed_without_its_secret(
    admin: JsonClient, with_secret: Callable[[str], JsonClient]
) -> None:
    answer = admin.post("/api-keys", json=GOOD)
    made = said(answer)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/api-keys/{made['id']}"
    assert list(made) == [*SHOWN, "secret"]
    assert made["secret"].startswith(made["prefix"])
    assert made["scopes"] == ["records:read", "records:write"]
    assert admin.account is not None
    assert (made["account_id"], made["expires_at"], made["last_used_at"]) == (str(admin.account.id), None, None)
    assert with_secret(made["secret"]).get("/users/").status_code == 200
    (listed,) = said(admin.get("/api-keys"))["data"]
    assert list(listed) == SHOWN
    assert listed["last_used_at"] is not None
    assert made["secret"] not in admin.get("/api-keys").text


def test_the_answer_given_again_holds_no_secret(app: Flask, admin: JsonClient) -> None:
    first, again = (admin.post("/api-keys", json=GOOD, headers={"Idempotency-Key": "one"}) for _ in range(2))
    assert said(first)["secret"].startswith("rr_")
    assert said(again) == {**said(first), "secret": None}
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert said(admin.get("/api-keys"))["total"] == 1


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": " "}, {"name": "REQUIRED"}),
        ({"name": "n" * 101}, {"name": "TOO_LONG"}),
        ({"name": 7, "scopes": "records:read"}, {"name": "INVALID", "scopes": "INVALID"}),
        ({"scopes": []}, {"scopes": "REQUIRED"}),
        ({"scopes": None}, {"scopes": "REQUIRED"}),
        ({"scopes": ["records:all"]}, {"scopes": "INVALID"}),
        ({"scopes": [["records:read"]]}, {"scopes": "INVALID"}),
        ({"account_id": "nobody"}, {"account_id": "INVALID"}),
        ({"account_id": str(uuid4())}, {"account_id": "INVALID"}),
        ({"expires_at": "2020-01-01"}, {"expires_at": "INVALID"}),
        ({"expires_at": "soon"}, {"expires_at": "INVALID"}),
        ({"expires_at": "9999-12-31T23:59:59Z"}, {"expires_at": "INVALID"}),
        ({"secret": "rr_mine"}, {"secret": "UNKNOWN_FIELD"}),
    ],
)
def test_every_bad_field_is_named(admin: JsonClient, changes: dict[str, Any], errors: dict[str, str]) -> None:
    assert refusal(admin.post("/api-keys", json={**GOOD, **changes})) == (422, "VALIDATION_ERROR", errors)


def test_an_id_has_36_characters_in_a_body_and_in_an_address(admin: JsonClient, make_account: MakeAccount) -> None:
    owner = make_account("viewer").id
    assert admin.get(f"/api-keys?account_id={str(owner).upper()}").status_code == 200
    for other in (owner.hex, f"{{{owner}}}", owner.urn):
        named = (422, "VALIDATION_ERROR", {"account_id": "INVALID"})
        assert refusal(admin.post("/api-keys", json={**GOOD, "account_id": other})) == named
        assert refusal(admin.get("/api-keys", query_string={"account_id": other})) == named
        assert refusal(admin.get("/events", query_string={"after": other})) == (422, named[1], {"after": "INVALID"})


def test_a_key_for_another_account_is_bounded_by_that_account(
    app: Flask, admin: JsonClient, make_account: MakeAccount, with_secret: Callable[[str], JsonClient]
) -> None:
    viewer = make_account("viewer")
    wanted = {**GOOD, "account_id": str(viewer.id)}
    assert refusal(admin.post("/api-keys", json=wanted))[2] == {"scopes": "INVALID"}
    made = said(admin.post("/api-keys", json={**wanted, "scopes": ["records:read"]}))
    assert said(with_secret(made["secret"]).get("/auth/me"))["id"] == str(viewer.id)
    admin.patch(f"/accounts/{viewer.id}", json={"is_active": False})
    assert with_secret(made["secret"]).get("/users/").status_code == 401
    assert refusal(admin.post("/api-keys", json={**wanted, "scopes": ["records:read"]}))[2] == {"account_id": "INVALID"}


def test_an_id_has_one_spelling(admin: JsonClient, make_account: MakeAccount) -> None:
    viewer = make_account("viewer")
    for spelt in (viewer.id.hex, f"urn:uuid:{viewer.id}", f"{{{viewer.id}}}"):
        wanted = {**GOOD, "scopes": ["records:read"], "account_id": spelt}
        assert refusal(admin.post("/api-keys", json=wanted))[2] == {"account_id": "INVALID"}
        assert refusal(admin.get(f"/api-keys?account_id={spelt}"))[2] == {"account_id": "INVALID"}


def test_a_key_loses_what_its_account_loses(
    admin: JsonClient, make_account: MakeAccount, with_secret: Callable[[str], JsonClient]
) -> None:
    editor = make_account("editor")
    key = with_secret(said(admin.post("/api-keys", json={**GOOD, "account_id": str(editor.id)}))["secret"])
    assert key.post("/users/", json={}).status_code == 422
    admin.patch(f"/accounts/{editor.id}", json={"role": "viewer"})
    assert key.post("/users/", json={}).status_code == 403
    assert key.get("/users/").status_code == 200


def test_a_day_as_expiry_counts_whole(admin: JsonClient, with_secret: Callable[[str], JsonClient]) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    made = said(admin.post("/api-keys", json={**GOOD, "expires_at": tomorrow.isoformat()}))
    ends = datetime.fromisoformat(made["expires_at"])
    assert ends == datetime(tomorrow.year, tomorrow.month, tomorrow.day, 18, 30, tzinfo=UTC)
    with time_machine.travel(ends - timedelta(seconds=2), tick=False):
        assert with_secret(made["secret"]).get("/users/").status_code == 200
    with time_machine.travel(ends, tick=False):
        assert refusal(with_secret(made["secret"]).get("/users/"))[:2] == (401, "EXPIRED_TOKEN")


def test_a_key_for_a_very_long_time_is_shown_like_any_other(
    app: Flask, admin: JsonClient, page: Callable[..., Person]
) -> None:
    made = admin.post("/api-keys", json={**GOOD, "expires_at": "9998-12-31"})
    assert made.status_code == 201
    assert "31 Dec 9998" in page("admin").get("/api-keys").text


def test_times_in_the_trail_are_spelled_as_everywhere(admin: JsonClient) -> None:
    made = said(admin.post("/api-keys", json={**GOOD, "expires_at": "2090-01-01"}))
    [entry] = said(admin.get("/audit?action=api_key.created"))["data"]
    [expiry] = [change for change in entry["changes"] if change["field"] == "expires_at"]
    assert (expiry["before"], expiry["after"]) == (None, made["expires_at"]) == (None, "2090-01-01T18:30:00Z")


def test_a_revoked_key_is_gone(admin: JsonClient, with_secret: Callable[[str], JsonClient]) -> None:
    made = said(admin.post("/api-keys", json=GOOD))
    assert with_secret(made["secret"]).get("/users/").status_code == 200
    answer = admin.delete(f"/api-keys/{made['id']}")
    assert (answer.status_code, answer.data) == (204, b"")
    assert refusal(with_secret(made["secret"]).get("/users/"))[:2] == (401, "INVALID_TOKEN")
    assert said(admin.get("/api-keys"))["data"] == []
    for gone in (made["id"], uuid4(), "nonsense"):
        assert refusal(admin.delete(f"/api-keys/{gone}"))[:2] == (404, "NOT_FOUND")


def test_the_list_pages_and_filters_by_account(admin: JsonClient, make_account: MakeAccount) -> None:
    viewer = make_account("viewer")
    for number in range(3):
        admin.post("/api-keys", json={**GOOD, "name": f"Key {number}"})
    admin.post("/api-keys", json={"name": "Kiosk", "scopes": ["records:read"], "account_id": str(viewer.id)})
    page = said(admin.get("/api-keys?page_size=3"))
    assert [key["name"] for key in page["data"]] == ["Kiosk", "Key 2", "Key 1"]
    assert (page["total"], page["total_pages"]) == (4, 2)
    rest = said(admin.get(f"/api-keys?page_size=3&cursor={page['next_cursor']}"))
    assert [key["name"] for key in rest["data"]] == ["Key 0"]
    assert [key["name"] for key in said(admin.get(f"/api-keys?account_id={viewer.id}"))["data"]] == ["Kiosk"]


def test_a_key_makes_lists_and_revokes_no_keys(admin: JsonClient, with_secret: Callable[[str], JsonClient]) -> None:
    made = said(admin.post("/api-keys", json={"name": "All", "scopes": ["keys:manage", "accounts:manage"]}))
    key = with_secret(made["secret"])
    assert key.get("/accounts").status_code == 200
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", f"/{made['id']}")):
        assert refusal(key.request(method, f"/api-keys{path}", json=GOOD))[:2] == (403, "FORBIDDEN")


def test_a_key_opens_no_page(app: Flask, admin: JsonClient) -> None:
    made = said(admin.post("/api-keys", json=GOOD))
    answer = app.test_client().get("/records", headers={"Authorization": f"Bearer {made['secret']}"})
    assert (answer.status_code, answer.location) == (303, "/login?next=/records")


def test_a_key_has_a_rate_limit_of_its_own(make_app: Callable[..., Flask], make_account: MakeAccount) -> None:
    app = make_app(RATE_LIMIT_PER_MINUTE="5")
    admin = JsonClient(app.test_client()).sign_in(make_account("admin"))
    keys = [JsonClient(app.test_client(), said(admin.post("/api-keys", json=GOOD))["secret"]) for _ in range(2)]
    assert [keys[0].get("/users/").status_code for _ in range(6)] == [200] * 5 + [429]
    assert keys[1].get("/users/").status_code == 200
    assert admin.get("/users/").status_code == 200


def test_no_secret_is_stored_or_logged(
    app: Flask, admin: JsonClient, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    secret = said(admin.post("/api-keys", json=GOOD, headers={"Idempotency-Key": "one"}))["secret"]
    assert secret not in capsys.readouterr().out + caplog.text
    with app.app_context():
        for table in db.metadata.sorted_tables:
            for row in db.session.execute(text(f"SELECT * FROM {table.name}")):
                assert secret not in repr(tuple(row)), table.name
        db.session.rollback()

"""One's own account over JSON: profile, sign-ins, what a token is worth."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.extensions import db
from tests.browsing import JsonClient, Person, said
from tests.factories import MadeAccount

Api = Callable[..., JsonClient]
MakeAccount = Callable[..., MadeAccount]
SIGN_IN = ["id", "kind", "device", "user_agent", "ip", "place", "created_at", "last_seen_at", "is_current"]
SIGN_IN += ["is_remembered"]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def refusal(answer: Any) -> tuple[int, str, dict[str, str]]:
    body = said(answer)
    return answer.status_code, body["code"], {error["field"]: error["code"] for error in body.get("errors", [])}


# --- profile -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["member", "viewer", "admin"])
def test_everybody_changes_their_own_profile(app: Flask, api: Api, role: str) -> None:
    caller = api(role)
    changes = {"full_name": "आशा वर्मा", "username": "Asha.V", "bio": "Counter 3"}
    shown = said(caller.patch("/auth/me", json=changes))
    assert {name: shown[name] for name in changes} == {**changes, "username": "asha.v"}
    assert said(caller.get("/auth/me")) == shown
    cleared = said(caller.patch("/auth/me", json={"full_name": None, "bio": "", "username": None}))
    assert (cleared["full_name"], cleared["bio"], cleared["username"]) == (None, None, None)
    with app.app_context():
        told = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action == "account.updated")).all()
        db.session.rollback()
    assert len(told) == 2


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"role": "admin"}, {"role": "IMMUTABLE_FIELD"}),
        ({"is_active": True, "email": "x@example.com"}, {"is_active": "IMMUTABLE_FIELD", "email": "IMMUTABLE_FIELD"}),
        ({"id": str(uuid4()), "mfa_enabled": True}, {"id": "IMMUTABLE_FIELD", "mfa_enabled": "IMMUTABLE_FIELD"}),
        ({"password": "Monsoon-5-Teacups"}, {"password": "UNKNOWN_FIELD"}),
        ({"username": "no spaces"}, {"username": "INVALID"}),
        ({"full_name": "7"}, {"full_name": "TOO_SHORT"}),
        ({"bio": 7}, {"bio": "INVALID"}),
    ],
)
def test_nobody_changes_what_is_not_theirs_to_change(api: Api, changes: dict[str, Any], errors: dict[str, str]) -> None:
    caller = api("viewer")
    before = said(caller.get("/auth/me"))
    assert refusal(caller.patch("/auth/me", json=changes)) == (422, "VALIDATION_ERROR", errors)
    assert said(caller.get("/auth/me")) == before


def test_a_username_belongs_to_one_account(api: Api, make_account: MakeAccount) -> None:
    make_account("viewer", username="asha")
    answer = api("viewer").patch("/auth/me", json={"username": "ASHA"})
    assert refusal(answer) == (409, "DUPLICATE_USERNAME", {"username": "DUPLICATE_USERNAME"})


def test_who_leaves_is_out_and_an_admin_can_let_them_in_again(api: Api, make_account: MakeAccount) -> None:
    account = make_account("viewer")
    caller, elsewhere = api(account=account), api(account=account)
    answer = caller.delete("/auth/me")
    assert (answer.status_code, answer.data) == (204, b"")
    assert [one.get("/auth/me").status_code for one in (caller, elsewhere)] == [401, 401]
    assert api("admin").patch(f"/accounts/{account.id}", json={"is_active": True}).status_code == 200
    assert caller.sign_in(account).get("/auth/me").status_code == 200


# --- sign-ins ------------------------------------------------------------------------------------------------------


def test_the_list_names_every_sign_in_and_this_one(
    api: Api, page: Callable[..., Person], make_account: MakeAccount
) -> None:
    account = make_account("viewer")
    person = page(None)
    person.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    person.sign_in(account)
    caller = api(account=account)
    api("viewer")
    found = said(caller.get("/auth/sessions"))
    assert (found["total"], found["next_cursor"]) == (2, None)
    assert all(list(one) == SIGN_IN for one in found["data"])
    program, browser = found["data"]
    assert (program["kind"], program["is_current"]) == ("api", True)
    assert (browser["kind"], browser["is_current"], browser["ip"]) == ("browser", False, "127.0.0.1")
    assert (browser["device"], browser["user_agent"]) == ("Firefox on Windows", FIREFOX)
    assert len(said(caller.get("/auth/sessions?page_size=1"))["data"]) == 1


def test_a_sign_in_is_ended_from_another_one(api: Api, page: Callable[..., Person], make_account: MakeAccount) -> None:
    account = make_account("viewer")
    person, other, caller = page(account=account), api(account=account), api(account=account)
    for one in said(caller.get("/auth/sessions"))["data"]:
        if not one["is_current"]:
            answer = caller.delete(f"/auth/sessions/{one['id']}")
            assert (answer.status_code, answer.data) == (204, b"")
            assert refusal(caller.delete(f"/auth/sessions/{one['id']}"))[:2] == (404, "NOT_FOUND")
    assert person.get("/records").status_code == 303
    assert other.get("/auth/me").status_code == 401
    (left,) = said(caller.get("/auth/sessions"))["data"]
    assert caller.delete(f"/auth/sessions/{left['id']}").status_code == 204
    assert caller.get("/auth/me").status_code == 401


def test_somebody_elses_sign_in_is_as_if_it_were_not_there(api: Api) -> None:
    owner, other = api("viewer"), api("admin")
    (one,) = said(owner.get("/auth/sessions"))["data"]
    kinds = (one["id"], uuid4(), "nonsense", f"{uuid4()}?also=1")
    answers = [other.delete(f"/auth/sessions/{which}") for which in kinds]
    assert {refusal(answer)[:2] for answer in answers} == {(404, "NOT_FOUND")}
    assert owner.get("/auth/me").status_code == 200


def test_what_ran_out_is_not_listed(api: Api, page: Callable[..., Person], make_account: MakeAccount) -> None:
    account = make_account("viewer")
    page(account=account)
    now = datetime.now(UTC)
    with time_machine.travel(now + timedelta(minutes=31)):
        caller = api(account=account)
        assert [one["kind"] for one in said(caller.get("/auth/sessions"))["data"]] == ["api"]
    with time_machine.travel(now + timedelta(days=8)):
        assert said(api(account=account).get("/auth/sessions"))["total"] == 1


# --- what a token is worth -----------------------------------------------------------------------------------------


def test_a_good_access_token_says_whom_it_speaks_for(api: Api) -> None:
    caller = api("editor")
    assert caller.account is not None
    answer = api(None).post("/auth/validate-token", json={"token": caller.token})
    told = said(answer)
    assert answer.status_code == 200
    assert list(told) == ["is_valid", "user_id", "email", "expires_at", "scopes"]
    assert (told["is_valid"], told["user_id"], told["email"]) == (True, str(caller.account.id), caller.account.email)
    assert told["scopes"] == ["records:delete", "records:import", "records:read", "records:write"]
    left = datetime.fromisoformat(told["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)


def test_no_other_token_is_valid(api: Api, make_account: MakeAccount) -> None:
    account, nobody = make_account("admin"), api(None)
    tokens = said(nobody.post("/auth/login", json={"email": account.email, "password": account.password}))
    admin = api(account=account)
    key = said(admin.post("/api-keys", json={"name": "K", "scopes": ["records:read"]}))["secret"]
    for token in (tokens["refresh_token"], key, "a.b.c", "é", f"{tokens['access_token']}x"):
        answer = nobody.post("/auth/validate-token", json={"token": token})
        assert refusal(answer)[:2] == (401, "INVALID_TOKEN")
    assert refusal(nobody.post("/auth/validate-token", json={"token": ""}))[2] == {"token": "REQUIRED"}
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=31)):
        answer = nobody.post("/auth/validate-token", json={"token": tokens["access_token"]})
        assert refusal(answer)[:2] == (401, "EXPIRED_TOKEN")
    admin.delete("/auth/sessions/" + said(admin.get("/auth/sessions?page_size=1"))["data"][0]["id"])
    answer = nobody.post("/auth/validate-token", json={"token": admin.token})
    assert refusal(answer)[:2] == (401, "INVALID_TOKEN")

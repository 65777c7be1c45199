"""`/api/v1/accounts`: who may sign in, and as what."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.accounts.models import Account
from app.core.audit import AuditEntry
from app.core.identity import scopes_of
from app.extensions import db
from tests.browsing import JsonClient, said
from tests.core.together import together
from tests.factories import PASSWORD, MadeAccount
from tests.mailbox import Mailbox

Api = Callable[..., JsonClient]
MakeAccount = Callable[..., MadeAccount]
FIELDS = [
    *("id", "email", "username", "full_name", "bio", "role", "scopes", "is_active", "email_verified"),
    *("mfa_enabled", "locked_until", "created_at", "last_login_at"),
]


@pytest.fixture
def admin(api: Api) -> JsonClient:
    return api("admin")


def trail(app: Flask, subject: Any) -> list[tuple[str, str]]:
    """Return action and fields of what is on record about an account, oldest first."""
    with app.app_context():
        told = select(AuditEntry.action, AuditEntry.fields).where(AuditEntry.subject_id == subject)
        return [(row.action, row.fields) for row in db.session.execute(told.order_by(AuditEntry.id))]


def refusal(answer: Any) -> tuple[int, str, dict[str, str]]:
    body = said(answer)
    return answer.status_code, body["code"], {error["field"]: error["code"] for error in body.get("errors", [])}


# --- making --------------------------------------------------------------------------------------------------------


def test_an_account_with_a_password_is_usable_at_once(app: Flask, admin: JsonClient, api: Api) -> None:
    wanted = {"email": " Asha@Example.COM ", "role": "editor", "full_name": " Asha Verma ", "username": "Asha.V"}
    answer = admin.post("/accounts", json={**wanted, "password": PASSWORD})
    made = said(answer)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/accounts/{made['id']}"
    assert list(made) == FIELDS
    assert (made["email"], made["full_name"], made["username"]) == ("asha@example.com", "Asha Verma", "asha.v")
    assert (made["is_active"], made["email_verified"], made["mfa_enabled"]) == (True, True, False)
    assert made["scopes"] == sorted(scopes_of("editor"))
    assert said(admin.get(f"/accounts/{made['id']}")) == made
    caller = api(None).sign_in(MadeAccount(made["id"], "asha.v", "editor"))
    assert caller.get("/users/").status_code == 200
    with app.app_context():
        account = db.session.scalars(select(Account.id).where(Account.email == "asha@example.com")).one()
    assert trail(app, account)[0] == (
        "account.created",
        "email,username,full_name,role,is_active,email_verified",
    )


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"email": None}, {"email": "REQUIRED"}),
        ({"email": "nowhere"}, {"email": "INVALID"}),
        ({"role": "root"}, {"role": "INVALID"}),
        ({"role": ""}, {"role": "REQUIRED"}),
        ({"role": 1}, {"role": "INVALID"}),
        ({"username": "ab"}, {"username": "TOO_SHORT"}),
        ({"username": "a" * 101}, {"username": "TOO_LONG"}),
        ({"username": "a@b.example"}, {"username": "INVALID"}),
        ({"username": "आशा"}, {"username": "INVALID"}),
        ({"full_name": "A"}, {"full_name": "TOO_SHORT"}),
        ({"full_name": "A" * 256}, {"full_name": "TOO_LONG"}),
        ({"full_name": "A\u202eB"}, {"full_name": "INVALID"}),
        ({"password": ""}, {"password": "REQUIRED"}),
        ({"password": None}, {"password": "REQUIRED"}),
        ({"password": "short"}, {"password": "WEAK_PASSWORD"}),
        ({"scopes": []}, {"scopes": "UNKNOWN_FIELD"}),
        ({"is_active": True}, {"is_active": "UNKNOWN_FIELD"}),
        ({"id": str(uuid4())}, {"id": "UNKNOWN_FIELD"}),
        ({"email": "x", "role": "y", "full_name": 7}, {"email": "INVALID", "role": "INVALID", "full_name": "INVALID"}),
    ],
)
def test_every_bad_field_is_named(admin: JsonClient, changes: dict[str, Any], errors: dict[str, str]) -> None:
    good = {"email": "asha@example.com", "role": "viewer", "password": PASSWORD}
    assert refusal(admin.post("/accounts", json={**good, **changes})) == (422, "VALIDATION_ERROR", errors)


def test_a_taken_email_or_username_is_named(admin: JsonClient, make_account: MakeAccount) -> None:
    taken = make_account("viewer", username="asha")
    wanted = {"email": taken.email.upper(), "username": "ASHA", "role": "viewer", "password": PASSWORD}
    errors = {"email": "DUPLICATE_EMAIL", "username": "DUPLICATE_USERNAME"}
    assert refusal(admin.post("/accounts", json=wanted)) == (409, "DUPLICATE_EMAIL", errors)
    wanted["email"] = "free@example.com"
    assert refusal(admin.post("/accounts", json=wanted))[1:] == ("DUPLICATE_USERNAME", {"username": errors["username"]})


def test_a_request_sent_twice_makes_one_account(admin: JsonClient) -> None:
    wanted = {"email": "asha@example.com", "role": "viewer", "password": PASSWORD}
    first, again = (admin.post("/accounts", json=wanted, headers={"Idempotency-Key": "one"}) for _ in range(2))
    assert (first.status_code, said(first)) == (again.status_code, said(again))
    assert again.headers["Idempotency-Replayed"] == "true"
    assert said(admin.get("/accounts"))["total"] == 2


def test_an_invited_person_sets_a_password_by_the_link_and_is_in(admin: JsonClient, api: Api, mailbox: Mailbox) -> None:
    made = said(admin.post("/accounts", json={"email": "asha@example.com", "role": "editor"}))
    assert (made["email_verified"], made["is_active"]) == (False, True)
    typed = {"email": "asha@example.com", "password": PASSWORD}
    assert api(None).post("/auth/login", json=typed).status_code == 401
    body = {"token": mailbox.token("asha@example.com"), "password": PASSWORD}
    assert api(None).post("/auth/password/reset", json=body).status_code == 200
    assert api(None).post("/auth/login", json=typed).status_code == 200
    assert said(admin.get(f"/accounts/{made['id']}"))["email_verified"] is True


def test_a_refused_account_is_not_invited(admin: JsonClient, make_account: MakeAccount, mailbox: Mailbox) -> None:
    taken = make_account("viewer")
    assert admin.post("/accounts", json={"email": taken.email, "role": "viewer"}).status_code == 409
    assert mailbox.fetch() == []


# --- reading -------------------------------------------------------------------------------------------------------


def test_the_list_pages_filters_and_searches(admin: JsonClient, make_account: MakeAccount) -> None:
    make_account("viewer", full_name="Meena Iyer", email="meena@example.com")
    make_account("viewer", full_name="Ravi Shankar", username="ravi")
    make_account("editor", email="100%_sure@example.com")

    def found(query: str) -> list[str]:
        return [one["email"] for one in said(admin.get(f"/accounts?{query}"))["data"]]

    page = said(admin.get("/accounts?page_size=2&page=2"))
    assert {name: page[name] for name in ("total", "page", "page_size", "total_pages")} == {
        "total": 4,
        "page": 2,
        "page_size": 2,
        "total_pages": 2,
    }
    assert len(page["data"]) == 2
    assert found("q=IYER") == found("q=Iyer") == ["meena@example.com"]
    assert len(found("q=RAV")) == 1
    assert found("q=%25_") == ["100%_sure@example.com"]
    assert len(found("role=viewer")) == 2
    assert found("role=viewer&q=meena") == ["meena@example.com"]
    assert found("is_active=false") == []
    assert len(found("mfa_enabled=false")) == 4
    assert found("mfa_enabled=true") == []
    assert found("sort=email") == sorted(found("sort=-email"))
    link = admin.get("/accounts?page_size=2").headers["Link"]
    assert '</api/v1/accounts?page_size=2&page=2>; rel="next"' in link


def test_a_walk_by_cursor_shows_everybody_once(admin: JsonClient, make_account: MakeAccount) -> None:
    for _ in range(4):
        make_account("viewer")
    cursor, seen = None, []
    while True:
        page = said(admin.get("/accounts?page_size=2" + (f"&cursor={cursor}" if cursor else "")))
        seen += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5


def test_a_cursor_has_one_spelling(admin: JsonClient, make_account: MakeAccount) -> None:
    make_account("viewer")
    for sort in ("email", "created_at"):  # their cursors differ in length, and so in how many bits the last letter has
        cursor = said(admin.get(f"/accounts?page_size=1&sort={sort}"))["next_cursor"]
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".replace(cursor[-1], "")
        for wrong in (*(cursor[:-1] + letter for letter in letters), f"{cursor}=", f"{cursor}=="):
            query = {"page_size": 1, "sort": sort, "cursor": wrong}
            assert refusal(admin.get("/accounts", query_string=query))[2] == {"cursor": "INVALID"}, wrong[-3:]


@pytest.mark.parametrize("query", ["role=root", "is_active=yes", "page=0", "sort=role", "nonsense=1", "cursor=x"])
def test_a_wrong_parameter_is_named(admin: JsonClient, query: str) -> None:
    assert refusal(admin.get(f"/accounts?{query}"))[0] == 422


def test_what_is_not_there_is_404_before_its_input_is_judged(admin: JsonClient) -> None:
    for account_id in (uuid4(), "nonsense"):
        for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/unlock")):
            body = {"json": {"role": "root"}} if method == "PATCH" else {}
            answer = admin.request(method, f"/accounts/{account_id}{path}", **body)
            assert refusal(answer)[:2] == (404, "NOT_FOUND"), (method, path)


# --- changing ------------------------------------------------------------------------------------------------------


def test_each_kind_of_change_is_on_record_as_what_it_is(
    app: Flask, admin: JsonClient, make_account: MakeAccount
) -> None:
    made = make_account("viewer")
    changes = {"role": "editor", "is_active": False, "full_name": "Asha", "username": "asha", "bio": "Front\r\ndesk"}
    shown = said(admin.patch(f"/accounts/{made.id}", json=changes))
    assert {name: shown[name] for name in changes} == {**changes, "bio": "Front\ndesk"}
    assert trail(app, made.id)[1:] == [
        ("account.updated", "username,full_name,bio"),
        ("account.role_changed", "role"),
        ("account.disabled", "is_active"),
    ]
    shown = said(admin.patch(f"/accounts/{made.id}", json={"is_active": True, "bio": None, "username": ""}))
    assert (shown["is_active"], shown["bio"], shown["username"]) == (True, None, None)


def test_a_change_of_nothing_leaves_no_trace(app: Flask, admin: JsonClient, make_account: MakeAccount) -> None:
    made = make_account("viewer")
    for nothing in ({}, {"role": "viewer", "is_active": True, "full_name": None}):
        assert admin.patch(f"/accounts/{made.id}", json=nothing).status_code == 200
    assert [action for action, _ in trail(app, made.id)] == ["account.created"]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"email": "new@example.com"}, {"email": "IMMUTABLE_FIELD"}),
        ({"id": str(uuid4()), "scopes": []}, {"id": "IMMUTABLE_FIELD", "scopes": "IMMUTABLE_FIELD"}),
        ({"mfa_enabled": False}, {"mfa_enabled": "IMMUTABLE_FIELD"}),
        ({"email_verified": True}, {"email_verified": "IMMUTABLE_FIELD"}),
        ({"password": PASSWORD}, {"password": "UNKNOWN_FIELD"}),
        ({"role": None, "is_active": None}, {"role": "REQUIRED", "is_active": "REQUIRED"}),
        ({"role": "king", "is_active": "true"}, {"role": "INVALID", "is_active": "INVALID"}),
        ({"bio": "b" * 1001}, {"bio": "TOO_LONG"}),
    ],
)  # fmt: skip
def test_what_cannot_be_changed_is_named(
    admin: JsonClient, make_account: MakeAccount, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    answer = admin.patch(f"/accounts/{make_account('viewer').id}", json=changes)
    assert refusal(answer) == (422, "VALIDATION_ERROR", errors)


def test_a_taken_username_is_refused(admin: JsonClient, make_account: MakeAccount) -> None:
    make_account("viewer", username="asha")
    other = make_account("viewer", username="ravi")
    answer = admin.patch(f"/accounts/{other.id}", json={"username": "ASHA"})
    assert refusal(answer) == (409, "DUPLICATE_USERNAME", {"username": "DUPLICATE_USERNAME"})
    assert admin.patch(f"/accounts/{other.id}", json={"username": "RAVI"}).status_code == 200


@pytest.mark.parametrize("changes", [{"is_active": False}, {"role": "viewer"}, None])
def test_who_is_disabled_demoted_or_deleted_is_out_at_once(
    admin: JsonClient, api: Api, make_account: MakeAccount, changes: dict[str, Any] | None
) -> None:
    account = make_account("editor")
    caller = api(account=account)
    assert caller.get("/users/").status_code == 200
    path = f"/accounts/{account.id}"
    done = admin.delete(path) if changes is None else admin.patch(path, json=changes)
    assert done.status_code == (204 if changes is None else 200)
    assert refusal(caller.get("/users/"))[:2] == (401, "INVALID_TOKEN")


def test_a_promotion_needs_a_new_sign_in(admin: JsonClient, api: Api, make_account: MakeAccount) -> None:
    account = make_account("viewer")
    caller = api(account=account)
    admin.patch(f"/accounts/{account.id}", json={"role": "supervisor"})
    assert caller.get("/auth/me").status_code == 401
    assert caller.sign_in(account).get("/audit").status_code == 200


def test_a_disabled_account_says_so_after_the_right_password_and_comes_back(
    admin: JsonClient, api: Api, make_account: MakeAccount
) -> None:
    account = make_account("viewer")
    typed = {"email": account.email, "password": account.password}
    admin.patch(f"/accounts/{account.id}", json={"is_active": False})
    assert refusal(api(None).post("/auth/login", json=typed))[:2] == (403, "ACCOUNT_DISABLED")
    admin.patch(f"/accounts/{account.id}", json={"is_active": True})
    assert api(None).post("/auth/login", json=typed).status_code == 200


def test_a_deleted_account_stays_disabled_and_its_keys_are_revoked(
    app: Flask, admin: JsonClient, api: Api, make_account: MakeAccount
) -> None:
    account = make_account("editor")
    made = said(
        admin.post("/api-keys", json={"name": "Kiosk", "scopes": ["records:read"], "account_id": str(account.id)})
    )
    key = api(None)
    key.token = made["secret"]
    assert key.get("/users/").status_code == 200
    for _ in range(2):
        answer = admin.delete(f"/accounts/{account.id}")
        assert (answer.status_code, answer.data) == (204, b"")
    assert key.get("/users/").status_code == 401
    assert said(admin.get(f"/accounts/{account.id}"))["is_active"] is False
    answer = admin.patch(f"/accounts/{account.id}", json={"is_active": True})
    assert refusal(answer) == (422, "VALIDATION_ERROR", {"is_active": "INVALID"})
    assert [action for action, _ in trail(app, account.id)].count("account.deleted") == 1
    assert [action for action, _ in trail(app, UUID(made["id"]))] == [
        "api_key.created",
        "api_key.revoked",
    ]


# --- unlocking -----------------------------------------------------------------------------------------------------


def test_unlocking_lets_a_locked_account_sign_in_now(
    app: Flask, admin: JsonClient, api: Api, make_account: MakeAccount
) -> None:
    account, caller = make_account("viewer", username="asha"), api(None)
    for name in (account.email, "asha"):
        for _ in range(5):
            caller.post("/auth/login", json={"email": name, "password": "wrong"})
    typed = {"email": account.email, "password": account.password}
    assert caller.post("/auth/login", json=typed).status_code == 423
    assert said(admin.get(f"/accounts/{account.id}"))["locked_until"] is not None
    for _ in range(2):
        answer = admin.post(f"/accounts/{account.id}/unlock")
        assert (answer.status_code, said(answer)["locked_until"]) == (200, None)
    assert caller.post("/auth/login", json=typed).status_code == 200
    assert [action for action, _ in trail(app, account.id)].count("account.unlocked") == 1


# --- the last admin ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "body"), [("PATCH", {"role": "editor"}), ("PATCH", {"is_active": False}), ("DELETE", None)]
)
def test_the_last_admin_cannot_go(admin: JsonClient, make_account: MakeAccount, method: str, body: Any) -> None:
    assert admin.account is not None
    path = f"/accounts/{admin.account.id}"
    unable = make_account("admin")
    admin.patch(f"/accounts/{unable.id}", json={"is_active": False})
    for target in (path, "/auth/me"):
        if target == "/auth/me" and method == "PATCH":
            continue
        answer = admin.request(method, target, **({"json": body} if body else {}))
        assert refusal(answer) == (409, "LAST_ADMIN", {})
    admin.patch(f"/accounts/{unable.id}", json={"is_active": True})
    assert admin.request(method, path, **({"json": body} if body else {})).status_code in (200, 204)


def test_a_refused_change_leaves_nothing_behind(app: Flask, admin: JsonClient) -> None:
    assert admin.account is not None
    before = trail(app, admin.account.id)
    answer = admin.patch(f"/accounts/{admin.account.id}", json={"full_name": "New Name", "role": "viewer"})
    assert answer.status_code == 409
    assert said(admin.get("/auth/me"))["full_name"] is None
    assert trail(app, admin.account.id) == before


def remove(caller: JsonClient, target: MadeAccount, way: str) -> int:
    """Take an admin away in one of the ways there are."""
    path = f"/accounts/{target.id}"
    answer = {
        "demote": lambda: caller.patch(path, json={"role": "viewer"}),
        "disable": lambda: caller.patch(path, json={"is_active": False}),
        "delete": lambda: caller.delete(path),
        "leave": lambda: caller.delete("/auth/me"),
    }[way]()
    return answer.status_code


@pytest.mark.parametrize("way", ["demote", "disable", "delete", "leave"])
def test_of_two_admins_who_remove_each_other_at_the_same_moment_one_stays(
    app: Flask, api: Api, make_account: MakeAccount, way: str
) -> None:
    for _ in range(5):
        with app.app_context():
            db.session.execute(text("UPDATE accounts SET is_active = 0"))
            db.session.commit()
        one, other = make_account("admin"), make_account("admin")
        first, second = api(account=one), api(account=other)
        answers = together([partial(remove, first, other, way), partial(remove, second, one, way)])
        assert min(answers) in (200, 204)
        assert max(answers) in (401, 409)
        assert active_admins(app) == 1


def active_admins(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Account.id).where(Account.role == "admin", Account.is_active)).all())


def leave(caller: JsonClient) -> int:
    return caller.delete("/auth/me").status_code


def test_ten_admins_who_leave_at_once_leave_one(app: Flask, api: Api) -> None:
    callers = [api("admin") for _ in range(10)]
    answers = together([partial(leave, caller) for caller in callers])
    assert sorted(answers) == [204] * 9 + [409]
    assert active_admins(app) == 1

"""The pages of /accounts: finding, inviting, changing, unlocking, removing, without any script."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Account
from app.core.audit import AuditEntry
from app.extensions import db
from tests.accounts.second_factor import enrolled
from tests.browsing import JsonClient, Person, messages, said
from tests.factories import PASSWORD, MadeAccount

Page = Callable[..., Person]
Api = Callable[..., JsonClient]
MakeAccount = Callable[..., MadeAccount]


@pytest.fixture
def admin(page: Page) -> Person:
    return page("admin")


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_the_list_says_who_may_sign_in_and_the_one_action_each_state_asks_for(
    admin: Person, api: Api, make_account: MakeAccount
) -> None:
    make_account("editor", full_name="Imran Qureshi", email="imran@example.com")
    for _ in range(5):
        api(None).post("/auth/login", json={"email": "imran@example.com", "password": "wrong"})
    admin.submit("/accounts/new", email="deepak@example.com", full_name="Deepak Choudhary", role="viewer")
    disabled = make_account("viewer", full_name="Ashok Gaikwad")
    admin.submit(f"/accounts/{disabled.id}", f"/accounts/{disabled.id}/disable")
    html = admin.get("/accounts").text
    assert "4 accounts" in html
    assert "Locked until" in html
    assert "last admin" in html
    assert f"Invited {datetime.now(UTC).day}" in html or "Invited" in html
    assert "Disabled" in html
    assert html.count(">Unlock<") == html.count(">Send again<") == 1
    assert html.count(">Manage<") == 1


def test_the_list_is_searched_and_filtered_by_its_address(admin: Person, make_account: MakeAccount) -> None:
    make_account("viewer", full_name="Meena Iyer")
    make_account("editor", full_name="Ravi Shankar")
    assert "Ravi" not in admin.get("/accounts?q=iyer").text
    assert "Meena" not in admin.get("/accounts?role=editor").text
    assert "No accounts match" in admin.get("/accounts?q=nobody-at-all").text
    assert "Meena" in admin.get("/accounts?role=root&nonsense=1").text


def test_an_invitation_is_mailed_and_can_be_sent_again(app: Flask, admin: Person) -> None:
    answer = admin.submit("/accounts/new", email="Asha@Example.com", full_name="Asha", role="editor")
    assert answer.status_code == 303
    html = admin.get(answer.location).text
    assert "The invitation is on its way by mail." in html
    assert "No password yet" in html
    answer = admin.submit(answer.location, f"{answer.location}/invite")
    assert "The invitation is on its way by mail." in admin.get(answer.location).text
    with app.app_context():
        account = db.session.scalars(select(Account).where(Account.email == "asha@example.com")).one()
        assert (account.password_hash, account.email_verified, account.role) == (None, False, "editor")


def test_an_account_with_a_password_signs_in_at_once(admin: Person, page: Page) -> None:
    admin.submit("/accounts/new", email="asha@example.com", role="viewer", password=PASSWORD)
    answer = page(None).submit("/login", email="asha@example.com", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/records")


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(admin: Person, make_account: MakeAccount) -> None:
    taken = make_account("viewer")
    answer = admin.submit("/accounts/new", email="nowhere", full_name="A", username="x", role="editor", password="weak")
    assert answer.status_code == 422
    assert set(messages(answer)) >= {"email", "full_name", "username"}
    assert 'value="nowhere"' in answer.text
    assert "weak" not in answer.text.replace("data-weak", "")
    answer = admin.submit("/accounts/new", email=taken.email, role="editor", password=PASSWORD)
    assert (answer.status_code, messages(answer)) == (409, {"email": "Another account has this email"})
    answer = admin.submit("/accounts/new", email="new@example.com", role="editor", password="weak")
    assert (answer.status_code, set(messages(answer))) == (422, {"password"})


def test_a_form_sent_twice_makes_one_account(app: Flask, admin: Person) -> None:
    form = admin.form("/accounts/new")
    values = {**form.values, "email": "asha@example.com", "role": "viewer"}
    first, again = (admin.client.post("/accounts/new", data=values) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    assert actions(app).count("account.created") == 2


def test_where_invitations_are_closed_a_password_is_needed(
    make_app: Callable[..., Flask], make_account: MakeAccount
) -> None:
    app = make_app(REGISTRATION="closed")
    account = make_account("admin")
    person = Person(app.test_client()).sign_in(account)
    answer = person.submit("/accounts/new", email="asha@example.com", role="viewer")
    assert (answer.status_code, set(messages(answer))) == (422, {"password"})
    answer = (
        JsonClient(app.test_client())
        .sign_in(account)
        .post("/accounts", json={"email": "a@b.example", "role": "viewer"})
    )
    assert [(error["field"], error["code"]) for error in said(answer)["errors"]] == [("password", "REQUIRED")]


def test_names_and_role_are_changed(admin: Person, api: Api, make_account: MakeAccount) -> None:
    account = make_account("viewer")
    caller, path = api(account=account), f"/accounts/{account.id}"
    answer = admin.submit(path, full_name="Asha Verma", username="asha", role="editor")
    assert (answer.status_code, answer.location) == (303, path)
    html = admin.get(path).text
    assert "The changes are saved." in html
    assert "Asha Verma" in html
    assert caller.get("/auth/me").status_code == 401
    assert said(caller.sign_in(account).get("/auth/me"))["role"] == "editor"
    answer = admin.submit(path, username="not a name")
    assert (answer.status_code, set(messages(answer))) == (422, {"username"})


def test_an_account_is_disabled_enabled_unlocked_and_deleted(
    app: Flask, admin: Person, api: Api, make_account: MakeAccount
) -> None:
    account = make_account("viewer")
    path, typed = f"/accounts/{account.id}", {"email": account.email, "password": account.password}
    admin.submit(path, f"{path}/disable")
    assert api(None).post("/auth/login", json=typed).status_code == 403
    admin.submit(path, f"{path}/enable")
    for _ in range(5):
        api(None).post("/auth/login", json={**typed, "password": "wrong"})
    assert api(None).post("/auth/login", json=typed).status_code == 423
    admin.submit(path, f"{path}/unlock")
    assert api(None).post("/auth/login", json=typed).status_code == 200
    assert admin.submit(f"{path}/delete").location == path
    html = admin.get(path).text
    assert "This account was deleted." in html
    assert ">Enable<" not in html
    answer = admin.post(f"{path}/enable")
    assert answer.status_code == 422
    assert "stays disabled" in answer.text
    assert [name for name in actions(app) if name.startswith("account.")][-5:] == [
        *("account.disabled", "account.updated", "account.locked", "account.unlocked", "account.deleted")
    ]


def test_an_admin_takes_lost_factors_away(admin: Person, api: Api, page: Page, make_account: MakeAccount) -> None:
    account = make_account("viewer")
    system, _phone = enrolled(api, account)
    path = f"/accounts/{account.id}"
    assert admin.submit(path, f"{path}/reset-two-step").location == path
    html = admin.get(path).text
    assert "Two-step sign-in is off for this account." in html
    assert f'action="{path}/reset-two-step"' not in html
    assert system.get("/auth/me").status_code == 401
    assert page(account=account).get("/records").status_code == 200


def test_the_last_admin_cannot_be_removed_by_a_page(admin: Person) -> None:
    assert admin.account is not None
    path = f"/accounts/{admin.account.id}"
    assert "This is the last admin. Make another one first." in admin.get(path).text
    answer = admin.submit(path, role="viewer")
    assert (answer.status_code, messages(answer)) == (409, {"role": "This is the last admin. Make another one first."})
    for deed in ("disable", "delete"):
        answer = admin.post(f"{path}/{deed}")
        assert answer.status_code == 409
        assert "This is the last admin. Make another one first." in answer.text
    assert admin.get("/accounts").status_code == 200


@pytest.mark.parametrize("role", ["member", "viewer", "editor", "supervisor"])
def test_nobody_else_comes_in(page: Page, make_account: MakeAccount, role: str) -> None:
    person, other = page(role), make_account("viewer")
    assert "Accounts" not in person.get("/settings/profile").text.partition("<main")[0]
    for path in ("/accounts", "/accounts/new", f"/accounts/{other.id}", f"/accounts/{other.id}/delete", "/api-keys"):
        assert person.get(path).status_code == 403, path


def test_what_is_not_there_is_a_page_that_says_so(admin: Person) -> None:
    for path in ("/accounts/nonsense", "/accounts/00000000-0000-7000-8000-000000000000/delete"):
        assert admin.get(path).status_code == 404
    assert admin.post("/accounts/nonsense/disable").status_code == 404

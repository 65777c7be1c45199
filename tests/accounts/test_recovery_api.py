"""Getting a password over JSON: forgotten, reset by a link, changed, and the first one of an invited account."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.accounts import keys, recovery
from app.accounts.models import Account
from app.core.audit import AuditEntry
from app.core.identity import system_actor
from app.extensions import db
from tests.browsing import JsonClient, Person, messages, said
from tests.factories import PASSWORD, MadeAccount
from tests.mailbox import Mailbox

MakeAccount = Callable[..., MadeAccount]
Api = Callable[..., JsonClient]
AUTH = "/api/v1/auth"
NEW = "Another-5-Teacups"


def forgot(client: FlaskClient, email: str) -> TestResponse:
    return client.post(f"{AUTH}/password/forgot", json={"email": email})


def reset(client: FlaskClient, token: str, password: str = NEW, **more: Any) -> TestResponse:
    return client.post(f"{AUTH}/password/reset", json={"token": token, "password": password, **more})


def login(client: FlaskClient, email: str, password: str = NEW) -> TestResponse:
    return client.post(f"{AUTH}/login", json={"email": email, "password": password})


def codes(answer: TestResponse) -> dict[str, str]:
    return {error["field"]: error["code"] for error in said(answer).get("errors", [])}


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.fixture
def account(make_account: MakeAccount) -> MadeAccount:
    """Make an account that forgets its password."""
    return make_account("editor")


def test_a_link_sets_another_password_and_ends_everything_else(
    app: Flask, client: FlaskClient, api: Api, account: MadeAccount, mailbox: Mailbox
) -> None:
    program, person = api(account=account), Person(app.test_client()).sign_in(account)
    with app.app_context():
        key = keys.create_api_key(account.id, "Payroll", ["records:read"], actor=system_actor())
    assert forgot(client, account.email.upper()).status_code == 202
    assert login(client, account.email, PASSWORD).status_code == 200  # nothing has changed yet
    assert reset(client, mailbox.token(account.email)).status_code == 200
    assert program.get("/auth/me").status_code == 401
    assert person.get("/records").status_code == 303
    assert login(client, account.email, PASSWORD).status_code == 401
    assert login(client, account.email).status_code == 200
    assert client.get("/api/v1/users/", headers={"Authorization": f"Bearer {key.secret}"}).status_code == 200
    assert mailbox.subjects(account.email)[-1] == "Your password was set"
    assert {"password.reset_requested", "password.reset", "session.ended"} <= set(actions(app))


def test_a_reset_opens_no_session_and_proves_the_address(app: Flask, client: FlaskClient, mailbox: Mailbox) -> None:
    client.post(f"{AUTH}/register", json={"email": "asha@example.com", "password": PASSWORD})
    old = mailbox.token("asha@example.com")
    forgot(client, "asha@example.com")
    answer = reset(client, mailbox.token("asha@example.com"))
    assert answer.status_code == 200
    assert set(said(answer)) == {"message"}
    assert "Set-Cookie" not in answer.headers
    assert login(client, "asha@example.com").status_code == 200
    assert client.post(f"{AUTH}/verify-email", json={"token": old}).status_code == 400  # the password has changed


def test_a_reset_clears_the_lock(client: FlaskClient, account: MadeAccount, mailbox: Mailbox) -> None:
    found = [login(client, account.email, "wrong").status_code for _ in range(6)]
    assert found[-1] == 423
    forgot(client, account.email)
    reset(client, mailbox.token(account.email))
    assert login(client, account.email).status_code == 200


def test_a_reset_link_works_once_and_only_the_newest(
    client: FlaskClient, account: MadeAccount, mailbox: Mailbox
) -> None:
    forgot(client, account.email)
    first = mailbox.token(account.email)
    forgot(client, account.email)
    second = mailbox.token(account.email)
    assert reset(client, first).status_code == 400
    assert codes(reset(client, second, "weak")) == {"password": "WEAK_PASSWORD"}
    assert codes(reset(client, second, password_confirmation="x")) == {"password_confirmation": "PASSWORD_MISMATCH"}
    assert codes(reset(client, second, account.email)) == {"password": "WEAK_PASSWORD"}
    assert reset(client, second, password_confirmation=NEW).status_code == 200
    assert reset(client, second).status_code == 400
    assert codes(client.post(f"{AUTH}/password/reset", json={})) == {"token": "REQUIRED", "password": "REQUIRED"}


def test_a_late_reset_link_says_so(client: FlaskClient, account: MadeAccount, mailbox: Mailbox) -> None:
    forgot(client, account.email)
    token = mailbox.token(account.email)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        answer = reset(client, token)
        assert (answer.status_code, said(answer)["code"]) == (410, "EXPIRED_TOKEN")
        assert client.get(f"/reset-password?token={token}").status_code == 410


def test_changing_the_password_by_itself_voids_a_link(api: Api, client: FlaskClient, mailbox: Mailbox) -> None:
    program = api("viewer")
    assert program.account is not None
    forgot(client, program.account.email)
    token = mailbox.token(program.account.email)
    program.post("/auth/password/change", json={"current_password": PASSWORD, "new_password": NEW})
    assert reset(client, token).status_code == 400


def test_who_is_disabled_gets_no_link_and_an_old_one_is_void(
    app: Flask, client: FlaskClient, account: MadeAccount, mailbox: Mailbox
) -> None:
    forgot(client, account.email)
    token = mailbox.token(account.email)
    with app.app_context():
        db.session.connection().exec_driver_sql("UPDATE accounts SET is_active = 0")
        db.session.connection().commit()
        db.session.remove()
    assert reset(client, token).status_code == 400
    forgot(client, account.email)
    assert len(mailbox.to(account.email)) == 1


def test_an_unknown_address_is_on_record_without_being_named(app: Flask, client: FlaskClient, mailbox: Mailbox) -> None:
    assert forgot(client, "nobody@example.com").status_code == 202
    assert codes(forgot(client, "nobody")) == {"email": "INVALID"}
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.subject_id, entry.outcome) == ("password.reset_requested", None, "failure")
    assert mailbox.fetch() == []


# --- changing it ---------------------------------------------------------------------------------------------------


def test_a_change_ends_all_other_sign_ins_but_this_one(app: Flask, api: Api, mailbox: Mailbox) -> None:
    program = api("viewer")
    account = program.account
    assert account is not None
    other, person = api(account=account), Person(app.test_client()).sign_in(account)
    body = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirmation": NEW}
    assert program.post("/auth/password/change", json=body).status_code == 200
    assert program.get("/auth/me").status_code == 200
    assert other.get("/auth/me").status_code == 401
    assert person.get("/records").status_code == 303
    assert login(app.test_client(), account.email).status_code == 200
    assert mailbox.subjects(account.email) == ["Your password was set"]
    assert "password.changed" in actions(app)


def test_a_change_names_what_is_wrong(api: Api) -> None:
    program = api("viewer")

    def change(**values: Any) -> TestResponse:
        return program.post("/auth/password/change", json=values)

    assert codes(change()) == {"current_password": "REQUIRED", "new_password": "REQUIRED"}
    assert codes(change(current_password=PASSWORD, new_password="weak")) == {"new_password": "WEAK_PASSWORD"}
    mismatch = change(current_password=PASSWORD, new_password=NEW, new_password_confirmation="x")
    assert codes(mismatch) == {"new_password_confirmation": "PASSWORD_MISMATCH"}
    found = [change(current_password="wrong", new_password=NEW) for _ in range(6)]
    assert codes(found[0]) == {"current_password": "INVALID"}
    assert [answer.status_code for answer in found] == [422] * 5 + [423]
    assert messages(found[0])


def test_an_api_key_changes_no_password(app: Flask, client: FlaskClient, account: MadeAccount) -> None:
    with app.app_context():
        key = keys.create_api_key(account.id, "Payroll", ["records:read"], actor=system_actor())
    bearer = {"Authorization": f"Bearer {key.secret}"}
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert client.post(f"{AUTH}/password/change", json=body, headers=bearer).status_code == 403
    assert client.post(f"{AUTH}/password/change", json=body).status_code == 401


# --- invitations ---------------------------------------------------------------------------------------------------


def test_an_invited_account_sets_its_first_password_by_the_link(
    app: Flask, client: FlaskClient, make_account: MakeAccount, mailbox: Mailbox
) -> None:
    invited = make_account("editor")
    with app.app_context():
        db.session.connection().exec_driver_sql("UPDATE accounts SET password_hash = NULL, email_verified = 0")
        db.session.connection().commit()
        db.session.remove()
        recovery.invite(invited.id, actor=system_actor())
    assert mailbox.subjects(invited.email) == ["You are invited to Record Room"]
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=23)):
        assert reset(client, mailbox.token(invited.email)).status_code == 200
        assert login(client, invited.email).status_code == 200
    with app.app_context():
        assert db.session.scalars(select(Account.email_verified)).all() == [True]
        recovery.invite(invited.id, actor=system_actor())
    assert mailbox.subjects(invited.email).count("You are invited to Record Room") == 1

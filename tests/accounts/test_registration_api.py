"""Registering and proving an address over JSON."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from app.accounts.correspondence import AT_MOST_AN_HOUR
from app.core.audit import AuditEntry
from app.core.letters import QueuedLetter
from app.core.outbox import OutboxMessage
from app.extensions import db
from tests.browsing import messages, said
from tests.factories import PASSWORD, MadeAccount
from tests.mailbox import Mailbox, text_of

MakeAccount = Callable[..., MadeAccount]
AUTH = "/api/v1/auth"
ADDRESS = "asha@example.com"


def register(client: FlaskClient, email: str = ADDRESS, password: str = PASSWORD, **more: Any) -> TestResponse:
    return client.post(f"{AUTH}/register", json={"email": email, "password": password, **more})


def verify(client: FlaskClient, token: str) -> TestResponse:
    return client.post(f"{AUTH}/verify-email", json={"token": token})


def login(client: FlaskClient, email: str = ADDRESS, password: str = PASSWORD) -> TestResponse:
    return client.post(f"{AUTH}/login", json={"email": email, "password": password})


def change(app: Flask, statement: str, **values: Any) -> None:
    """Change the database behind the program's back."""
    with app.app_context():
        db.session.execute(text(statement), values)
        db.session.connection().commit()
        db.session.remove()


def codes(answer: TestResponse) -> dict[str, str]:
    return {error["field"]: error["code"] for error in said(answer).get("errors", [])}


def test_who_registers_can_sign_in_once_the_address_is_proven(
    app: Flask, client: FlaskClient, mailbox: Mailbox
) -> None:
    answer = register(client, "Asha@Example.com", full_name="Asha Verma", username="Asha.V")
    account = said(answer)
    assert answer.status_code == 201
    assert account["user_id"] == account["id"]
    assert {name: account[name] for name in ("email", "username", "full_name", "role", "email_verified")} == {
        "email": ADDRESS,
        "username": "asha.v",
        "full_name": "Asha Verma",
        "role": "member",
        "email_verified": False,
    }
    assert said(login(client))["code"] == "EMAIL_NOT_VERIFIED"
    done = verify(client, mailbox.token(ADDRESS))
    assert (done.status_code, said(done)["user_id"]) == (200, account["id"])
    assert said(done)["verified_at"].endswith("Z")
    assert login(client).status_code == 200
    assert login(client, "asha.v").status_code == 200
    with app.app_context():
        entries = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        events = db.session.scalars(select(OutboxMessage.type).order_by(OutboxMessage.id)).all()
    assert entries[:3] == ["account.registered", "session.failed", "account.email_verified"]
    assert events[:2] == ["user.registered", "user.email_verified"]


def test_every_bad_field_is_named_at_once(client: FlaskClient) -> None:
    answer = register(client, "nobody", "weak", username="a@b", full_name="7", role="admin")
    assert answer.status_code == 422
    assert codes(answer) == {
        "email": "INVALID",
        "username": "INVALID",
        "full_name": "TOO_SHORT",
        "password": "WEAK_PASSWORD",
        "role": "UNKNOWN_FIELD",
    }
    assert codes(client.post(f"{AUTH}/register", json={})) == {"email": "REQUIRED", "password": "REQUIRED"}
    assert codes(register(client, password=PASSWORD, password_confirmation="x")) == {
        "password_confirmation": "PASSWORD_MISMATCH"
    }
    assert codes(register(client, password_confirmation=7, username="\u212aelvin")) == {
        "password_confirmation": "INVALID",
        "username": "INVALID",
    }
    assert codes(register(client, password=["x"], email=7)) == {"email": "INVALID", "password": "INVALID"}  # type: ignore[arg-type]


def test_the_password_is_not_the_address_or_the_name(client: FlaskClient) -> None:
    for own in ("Asha.Verma-1@example.com", "Asha.Verma-1"):
        assert codes(register(client, "asha.verma-1@example.com", own)) == {"password": "WEAK_PASSWORD"}
    assert codes(register(client, password="Asha Verma-1", full_name="Asha Verma-1")) == {"password": "WEAK_PASSWORD"}


def test_a_taken_name_is_a_conflict_and_its_owner_is_told(
    client: FlaskClient, make_account: MakeAccount, mailbox: Mailbox
) -> None:
    owner = make_account(username="asha")
    answer = register(client, owner.email.upper(), username="asha")
    assert (answer.status_code, said(answer)["code"]) == (409, "DUPLICATE_EMAIL")
    assert codes(answer) == {"email": "DUPLICATE_EMAIL", "username": "DUPLICATE_USERNAME"}
    assert mailbox.subjects(owner.email) == ["You have an account already"]
    answer = register(client, "other@example.com", username="ASHA")
    assert said(answer)["code"] == "DUPLICATE_USERNAME"
    assert mailbox.to("other@example.com") == []


@pytest.mark.parametrize("mode", ["invite", "closed"])
def test_registration_can_be_shut(make_app: Callable[..., Flask], mode: str) -> None:
    client = make_app(REGISTRATION=mode).test_client()
    assert (register(client).status_code, said(register(client))["code"]) == (403, "FORBIDDEN")
    assert client.post(f"{AUTH}/register", data="x").status_code == 403  # before the body is looked at
    assert client.get("/register").status_code == 403


def test_the_policy_nist_asks_for_length_alone(make_app: Callable[..., Flask]) -> None:
    client = make_app(PASSWORD_POLICY="nist").test_client()
    assert codes(register(client, password=PASSWORD[:14])) == {"password": "WEAK_PASSWORD"}
    assert codes(register(client, password="aaaaaaaaaaaaaaaa")) == {"password": "WEAK_PASSWORD"}
    assert register(client, password="nine teacups on a monsoon day").status_code == 201


def test_a_password_is_kept_exactly_as_it_came(client: FlaskClient, mailbox: Mailbox) -> None:
    password = " Nine\u0000 Teacups-1 \u0939 "
    assert register(client, password=password).status_code == 201
    verify(client, mailbox.token(ADDRESS))
    assert login(client, password=password).status_code == 200
    assert login(client, password=password.strip()).status_code == 401


# --- links ---------------------------------------------------------------------------------------------------------


def test_looking_at_a_link_changes_nothing_and_using_it_works_once(client: FlaskClient, mailbox: Mailbox) -> None:
    register(client)
    token = mailbox.token(ADDRESS)
    for _ in range(3):
        assert client.get(f"{AUTH}/verify-email?token={token}").status_code == 200
        assert client.head(f"/verify-email?token={token}").status_code == 200
    assert login(client).status_code == 403
    assert verify(client, token).status_code == 200
    again = verify(client, token)
    assert (again.status_code, said(again)["code"]) == (400, "INVALID_TOKEN")
    assert client.get(f"{AUTH}/verify-email?token={token}").status_code == 400


def test_a_link_used_twice_at_the_same_moment_works_once(app: Flask, client: FlaskClient, mailbox: Mailbox) -> None:
    register(client)
    token = mailbox.token(ADDRESS)
    with ThreadPoolExecutor(6) as many:
        found = list(many.map(lambda _: verify(app.test_client(), token).status_code, range(6)))
    assert sorted(found) == [200, 400, 400, 400, 400, 400]


def test_a_newer_link_voids_the_older(client: FlaskClient, mailbox: Mailbox) -> None:
    register(client)
    first = mailbox.token(ADDRESS)
    assert client.post(f"{AUTH}/resend-verification", json={"email": ADDRESS.upper()}).status_code == 202
    second = mailbox.token(ADDRESS)
    assert verify(client, first).status_code == 400
    assert verify(client, second).status_code == 200


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts SET email = 'other@example.com'",
        "UPDATE accounts SET password_hash = 'changed'",
        "UPDATE accounts SET is_active = 0",
        "UPDATE mail_links SET secret_hash = bound_to",
    ],
)
def test_a_link_ends_with_what_it_was_bound_to(
    app: Flask, client: FlaskClient, mailbox: Mailbox, statement: str
) -> None:
    register(client)
    token = mailbox.token(ADDRESS)
    change(app, statement)
    assert verify(client, token).status_code == 400


def test_a_late_link_says_so(client: FlaskClient, mailbox: Mailbox) -> None:
    register(client)
    token = mailbox.token(ADDRESS)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=24, seconds=5)):
        for answer in (verify(client, token), client.get(f"{AUTH}/verify-email?token={token}")):
            assert (answer.status_code, said(answer)["code"]) == (410, "EXPIRED_TOKEN")
        assert client.get(f"/verify-email?token={token}").status_code == 410


def test_a_link_of_another_purpose_or_none_is_no_link(
    client: FlaskClient, make_account: MakeAccount, mailbox: Mailbox
) -> None:
    register(client)
    token = mailbox.token(ADDRESS)
    account = make_account()
    client.post(f"{AUTH}/password/forgot", json={"email": account.email})
    for wrong in (mailbox.token(account.email), token[:-2], token[1:], f"{token}.x", "x" * 5000, "a.b", "é"):
        answer = client.post(f"{AUTH}/verify-email", json={"token": wrong})
        assert answer.status_code in {400, 422}, wrong[:40]
    assert codes(client.get(f"{AUTH}/verify-email")) == {"token": "REQUIRED"}
    reset = client.post(f"{AUTH}/password/reset", json={"token": token, "password": "Another-4-Teacups"})
    assert reset.status_code == 400
    assert verify(client, token).status_code == 200


# --- asking again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["resend-verification", "password/forgot"])
def test_asking_for_a_mail_is_answered_and_costs_alike_for_every_address(
    app: Flask, client: FlaskClient, make_account: MakeAccount, mailbox: Mailbox, call: str
) -> None:
    account = make_account()
    register(client)
    change(app, "DELETE FROM letters")
    seen = []
    for address in (account.email, ADDRESS, "nobody@example.com"):
        rows = counts(app)
        answer = client.post(f"{AUTH}/{call}", json={"email": address})
        assert answer.status_code == 202
        seen.append((answer.get_data(), {name: count - rows[name] for name, count in counts(app).items()}))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][1]["letters"] == 1
    sent_to = {str(mail["To"]) for mail in mailbox.fetch()}
    assert sent_to == ({ADDRESS} if call == "resend-verification" else {ADDRESS, account.email})


def counts(app: Flask) -> dict[str, int]:
    with app.app_context():
        return {
            name: db.session.scalar(text(f"SELECT COUNT(*) FROM {name}")) or 0
            for name in ("letters", "mail_links", "audit_entries", "outbox")
        }


def test_nobody_is_flooded(client: FlaskClient, mailbox: Mailbox) -> None:
    register(client)
    for _ in range(AT_MOST_AN_HOUR + 3):
        client.post(f"{AUTH}/resend-verification", json={"email": ADDRESS})
    assert len(mailbox.to(ADDRESS)) == AT_MOST_AN_HOUR
    assert verify(client, mailbox.token(ADDRESS)).status_code == 200


def test_asking_is_limited_by_address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "config", replace(app.extensions["config"], rate_limit_auth_per_minute=2))
    here = {"REMOTE_ADDR": "192.0.2.91"}
    client = app.test_client()
    with time_machine.travel(datetime.now(UTC), tick=False):
        found = [
            client.post(f"{AUTH}/{call}", json={"email": ADDRESS}, environ_base=here).status_code
            for call in ("resend-verification", "password/forgot", "register")
        ]
    assert found == [202, 202, 429]


# --- what is kept of it --------------------------------------------------------------------------------------------


def test_the_mail_has_what_it_needs_and_no_more(client: FlaskClient, mailbox: Mailbox) -> None:
    register(client, full_name="Asha Verma")
    [mail] = mailbox.to(ADDRESS)
    path = mailbox.link(ADDRESS)
    for kind in ("plain", "html"):
        words = text_of(mail, kind)
        assert f"http://127.0.0.1:8000{path}" in words
        assert "works once and until" in words
        assert "did not register? Ignore" in words
        assert "Asha" not in words
    assert "evil" not in text_of(mail)
    assert "src=" not in text_of(mail, "html")


def test_the_link_is_built_from_the_settings_and_not_from_the_host(client: FlaskClient, mailbox: Mailbox) -> None:
    body = {"email": ADDRESS, "password": PASSWORD}
    client.post(f"{AUTH}/register", json=body, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert "evil" not in mailbox.to(ADDRESS)[0].as_string()


def test_no_row_holds_an_address_or_a_token_in_clear(app: Flask, client: FlaskClient, mailbox: Mailbox) -> None:
    register(client)
    with app.app_context():
        waiting = db.session.scalars(select(QueuedLetter)).one()
        assert ADDRESS.encode() not in (waiting.sealed or b"")
    token = mailbox.token(ADDRESS)
    with app.app_context():
        assert db.session.scalars(select(QueuedLetter.sealed)).all() == [None]
        for table in ("mail_links", "outbox", "audit_entries"):
            rows = db.session.execute(text(f"SELECT * FROM {table}")).all()
            assert rows
            assert token not in str(rows)
            assert ADDRESS not in str(rows)


def test_messages_stand_at_the_fields(client: FlaskClient) -> None:
    answer = register(client, password=PASSWORD, password_confirmation="x")
    assert messages(answer) == {"password_confirmation": "The two passwords are not the same"}

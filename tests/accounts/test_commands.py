"""The commands by which operators make accounts and keys, and the first admin."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts import service
from app.accounts.errors import NameTaken
from app.accounts.models import Account, ApiKey
from app.core.audit import AuditEntry
from app.core.errors import ValidationFailed
from app.core.identity import system_actor
from app.extensions import db
from tests.browsing import said
from tests.factories import PASSWORD, MadeAccount

MakeAccount = Callable[..., MadeAccount]


def test_create_admin_makes_one_who_can_sign_in_at_once(app: Flask) -> None:
    done = app.test_cli_runner().invoke(
        args=["accounts", "create-admin", "--email", "Boss@Example.com", "--password-stdin"], input=f"{PASSWORD}\n"
    )
    assert (done.exit_code, done.stdout) == (0, "Admin boss@example.com can sign in now.\n")
    body = {"email": "boss@example.com", "password": PASSWORD}
    assert app.test_client().post("/api/v1/auth/login", json=body).status_code == 200
    with app.app_context():
        assert db.session.scalars(select(Account.role)).all() == ["admin"]
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "account.created")).one()
    assert (entry.actor_type, entry.channel) == ("system", "cli")
    assert "password" not in entry.fields


def test_create_admin_asks_for_the_password_twice(app: Flask) -> None:
    command = ["accounts", "create-admin", "--email", "boss@example.com"]
    done = app.test_cli_runner().invoke(args=command, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert done.exit_code == 0
    assert PASSWORD not in done.output


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        ("boss@example.com", "weak", "password: The password needs at least 8 characters"),
        ("not an address", PASSWORD, "email: Enter an email address"),
        ("taken@example.com", PASSWORD, "email: Another account has this email"),
    ],
)
def test_create_admin_says_what_is_wrong_and_fails(
    app: Flask, make_account: MakeAccount, email: str, password: str, words: str
) -> None:
    make_account(email="taken@example.com")
    done = app.test_cli_runner().invoke(
        args=["accounts", "create-admin", "--email", email, "--password-stdin"], input=password
    )
    assert done.exit_code != 0
    assert words in done.stderr


@pytest.mark.parametrize(
    "scopes", [["records:read, records:write"], ["records:read records:write"], ["records:read", "records:write"]]
)
def test_api_keys_create_prints_the_secret_alone(app: Flask, make_account: MakeAccount, scopes: list[str]) -> None:
    account = make_account("editor")
    command = ["api-keys", "create", "--account", account.email.upper(), "--name", "Payroll"]
    done = app.test_cli_runner().invoke(args=[*command, *(part for given in scopes for part in ("--scopes", given))])
    assert done.exit_code == 0
    assert done.stdout.startswith("rr_")
    assert done.stdout.count("\n") == 1
    bearer = {"Authorization": f"Bearer {done.stdout.strip()}"}
    assert said(app.test_client().get("/api/v1/auth/me", headers=bearer))["email"] == account.email
    with app.app_context():
        assert db.session.scalars(select(ApiKey.scopes)).one() == "records:read records:write"


@pytest.mark.parametrize(
    ("account", "scopes", "words"),
    [
        ("nobody@example.com", "records:read", "No account has this email"),
        ("nobody", "records:read", "Enter an email address"),
        ("viewer@example.com", "records:write", "scopes: The account's role lacks records:write"),
        ("viewer@example.com", "records:eat", "scopes: Choose from"),
        ("viewer@example.com", ",", "scopes: Choose at least one"),
    ],
)
def test_api_keys_create_says_what_is_wrong_and_fails(
    app: Flask, make_account: MakeAccount, account: str, scopes: str, words: str
) -> None:
    make_account("viewer", email="viewer@example.com")
    command = ["api-keys", "create", "--account", account, "--name", "Payroll", "--scopes", scopes]
    done = app.test_cli_runner().invoke(args=command)
    assert (done.exit_code, done.stdout) == (1, "")
    assert words in done.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [(" ", "name: Enter the name of the key"), ("Pay\x1b[2Jroll", "name: The name of the key holds a sign")],
)
def test_a_key_is_named_by_the_same_rule_at_the_shell(
    app: Flask, make_account: MakeAccount, name: str, words: str
) -> None:
    account = make_account("viewer")
    command = ["api-keys", "create", "--account", account.email, "--name", name, "--scopes", "records:read"]
    done = app.test_cli_runner().invoke(args=command)
    assert (done.exit_code, done.stdout) == (1, "")
    assert words in done.stderr


def test_the_first_admin_is_made_once(context: Flask) -> None:
    made = service.ensure_first_admin("Admin@example.com", None)
    assert made is not None
    assert made.email == "admin@example.com"
    assert made.password
    assert service.ensure_first_admin("admin@example.com", None) is None
    assert service.ensure_first_admin("other@example.com", PASSWORD) is None
    assert len(db.session.scalars(select(Account)).all()) == 1


def test_a_given_password_of_the_first_admin_is_never_shown(context: Flask) -> None:
    made = service.ensure_first_admin("admin@example.com", PASSWORD)
    assert made == service.FirstAdmin("admin@example.com", None)


def test_a_weak_password_of_the_first_admin_is_refused(context: Flask) -> None:
    with pytest.raises(ValidationFailed) as refused:
        service.ensure_first_admin("admin@example.com", "admin")
    assert [(error.field, error.code) for error in refused.value.errors] == [("password", "WEAK_PASSWORD")]
    assert db.session.scalars(select(Account)).all() == []


def test_every_bad_field_of_an_account_is_named_at_once(context: Flask) -> None:
    with pytest.raises(ValidationFailed) as refused:
        service.create_account(service.NewAccount("nobody", "king", "x"), actor=system_actor())
    assert {error.field: error.code for error in refused.value.errors} == {
        "email": "INVALID",
        "role": "INVALID",
        "password": "WEAK_PASSWORD",
    }


def test_a_taken_username_is_named(context: Flask) -> None:
    new = service.NewAccount("a@example.com", "viewer", PASSWORD, username="asha")
    service.create_account(new, actor=system_actor())
    with pytest.raises(NameTaken) as refused:
        service.create_account(
            service.NewAccount("b@example.com", "viewer", PASSWORD, username="asha"), actor=system_actor()
        )
    assert refused.value.code == "DUPLICATE_USERNAME"
    assert [error.field for error in refused.value.errors] == ["username"]

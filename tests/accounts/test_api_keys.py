"""API keys: made once, shown once, worth no more than their account."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from app.accounts import keys
from app.accounts.keys import NewKey
from app.accounts.models import ApiKey
from app.core.audit import AuditEntry
from app.core.errors import ValidationFailed
from app.core.identity import ALL_SCOPES, system_actor
from app.extensions import db
from tests.browsing import said
from tests.factories import MadeAccount

MakeAccount = Callable[..., MadeAccount]


def make_key(app: Flask, account: MadeAccount, *scopes: str, expires_at: datetime | None = None) -> NewKey:
    with app.app_context():
        return keys.create_api_key(account.id, "Payroll", scopes, actor=system_actor(), expires_at=expires_at)


def call(client: FlaskClient, secret: str, path: str = "/api/v1/auth/me", method: str = "GET") -> TestResponse:
    return client.open(path, method=method, headers={"Authorization": f"Bearer {secret}"})


def test_a_key_is_stored_as_a_digest_and_known_by_its_start(app: Flask, make_account: MakeAccount) -> None:
    made = make_key(app, make_account(), "records:read")
    assert made.secret.startswith("rr_")
    assert len(made.secret) == 51
    with app.app_context():
        key = db.session.scalars(select(ApiKey)).one()
        assert made.secret.startswith(key.prefix)
        assert len(key.prefix) < 12
        assert made.secret.encode() not in key.secret_hash
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "api_key.created")).one()
        assert entry.subject_id == key.id == made.id
        assert entry.fields == "account_id,name,prefix,scopes"


def test_a_key_does_what_its_scopes_say(app: Flask, client: FlaskClient, make_account: MakeAccount) -> None:
    made = make_key(app, make_account("editor"), "records:read")
    assert call(client, made.secret, "/api/v1/users/").status_code == 200
    assert call(client, made.secret, "/api/v1/users/", "POST").status_code == 403


def test_a_key_does_no_more_than_its_account(app: Flask, client: FlaskClient, make_account: MakeAccount) -> None:
    account = make_account("editor")
    made = make_key(app, account, "records:read", "records:write")
    with app.app_context():
        db.session.execute(text("UPDATE accounts SET role = 'viewer'"))
        db.session.commit()
    assert call(client, made.secret, "/api/v1/users/").status_code == 200
    assert call(client, made.secret, "/api/v1/users/", "POST").status_code == 403


@pytest.mark.parametrize(
    ("name", "scopes", "fields"),
    [
        ("Payroll", ["records:reveal"], {"scopes": "INVALID"}),
        ("Payroll", ["records:all"], {"scopes": "INVALID"}),
        ("Payroll", [], {"scopes": "REQUIRED"}),
        ("  ", ["records:read"], {"name": "REQUIRED"}),
        ("n" * 101, ["accounts:manage"], {"name": "TOO_LONG", "scopes": "INVALID"}),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    app: Flask, make_account: MakeAccount, name: str, scopes: list[str], fields: dict[str, str]
) -> None:
    account = make_account("editor")
    with app.app_context(), pytest.raises(ValidationFailed) as refused:
        keys.create_api_key(account.id, name, scopes, actor=system_actor())
    assert {error.field: error.code for error in refused.value.errors} == fields


def test_a_revoked_key_is_worthless_at_once_in_every_process(
    make_app: Callable[..., Flask], make_account: MakeAccount
) -> None:
    one, other = make_app(), make_app()
    made = make_key(one, make_account(), "records:read")
    clients = one.test_client(), other.test_client()
    assert [call(client, made.secret).status_code for client in clients] == [200, 200]
    with one.app_context():
        keys.revoke_api_key(made.id, actor=system_actor())
        keys.revoke_api_key(made.id, actor=system_actor())
        revoked = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "api_key.revoked")).all()
        assert len(revoked) == 1
    for client in clients:
        answer = call(client, made.secret)
        assert (answer.status_code, said(answer)["code"]) == (401, "INVALID_TOKEN")


def test_a_key_past_its_time_says_so(app: Flask, client: FlaskClient, make_account: MakeAccount) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    made = make_key(app, make_account(), "records:read", expires_at=soon)
    assert call(client, made.secret).status_code == 200
    with time_machine.travel(soon):
        answer = call(client, made.secret)
    assert (answer.status_code, said(answer)["code"]) == (401, "EXPIRED_TOKEN")


def test_a_key_in_the_address_is_no_credential(app: Flask, client: FlaskClient, make_account: MakeAccount) -> None:
    secret = make_key(app, make_account(), *ALL_SCOPES & {"records:read"}).secret
    for name in ("access_token", "api_key", "token", "key"):
        answer = client.get(f"/api/v1/users/?{name}={secret}")
        assert (answer.status_code, said(answer)["code"]) == (401, "NOT_AUTHENTICATED")


def test_the_last_use_of_a_key_is_kept_and_is_no_change_on_record(
    app: Flask, client: FlaskClient, make_account: MakeAccount
) -> None:
    made = make_key(app, make_account(), "records:read")
    call(client, made.secret)
    with app.app_context():
        used = db.session.scalars(select(ApiKey.last_used_at)).one()
        assert used is not None
        assert datetime.now(UTC) - used < timedelta(seconds=30)
        entries = db.session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == made.id)).all()
        assert list(entries) == ["api_key.created"]

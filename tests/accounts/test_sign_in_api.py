"""Signing in by the API: who gets in, and what everybody else is told."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from werkzeug.test import TestResponse

from app.accounts import sign_in
from app.accounts.errors import WrongPassword
from app.accounts.models import Account, SignInAttempts
from app.accounts.sign_in import SignIn, SignInRules
from app.core.audit import AuditEntry
from app.core.database import table_of
from app.core.errors import AccountLocked
from app.core.identity import anonymous_actor
from app.core.outbox import OutboxMessage
from app.extensions import db
from tests.browsing import said
from tests.factories import PASSWORD, MadeAccount
from tests.factories import make_account as made_here

MakeAccount = Callable[..., MadeAccount]
LOGIN = "/api/v1/auth/login"


def login(client: FlaskClient, name: str, password: str) -> TestResponse:
    return client.post(LOGIN, json={"email": name, "password": password})


def statuses(client: FlaskClient, name: str, *passwords: str) -> list[int]:
    return [login(client, name, password).status_code for password in passwords]


def change(app: Flask, account: MadeAccount, **values: Any) -> None:
    """Change an account behind the program's back."""
    sets = ", ".join(f"{name} = :{name}" for name in values)
    with app.app_context():
        db.session.execute(text(f"UPDATE accounts SET {sets} WHERE email = :which"), {**values, "which": account.email})
        db.session.commit()


def entries(app: Flask) -> list[tuple[str, str, Any]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        return [(row.action, row.outcome, row.subject_id) for row in rows if row.action != "account.created"]


def told(answer: TestResponse) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return all that a caller can see of an answer, but for what differs in every answer."""
    body = {name: value for name, value in (said(answer) or {}).items() if name != "request_id"}
    return answer.status_code, body, {k: v for k, v in answer.headers.items() if k != "X-Request-ID"}


def test_the_right_password_gives_both_tokens(client: FlaskClient, make_account: MakeAccount) -> None:
    account = make_account("editor")
    answer = login(client, account.email, PASSWORD)
    assert answer.status_code == 200
    assert set(said(answer)) == {"access_token", "refresh_token", "token_type", "expires_in", "user_id"}
    assert (said(answer)["token_type"], said(answer)["expires_in"]) == ("bearer", 1800)
    assert said(answer)["user_id"] == str(account.id)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("spelt", [str.upper, str.title, lambda name: f"  {name} "])
def test_case_and_blanks_around_a_name_do_not_matter(
    client: FlaskClient, make_account: MakeAccount, spelt: Callable[[str], str]
) -> None:
    account = make_account("viewer", username="asha.k")
    assert statuses(client, spelt(account.email), PASSWORD) == [200]
    assert statuses(client, spelt("asha.k"), PASSWORD) == [200]


def test_the_form_of_oauth2_is_taken_too(client: FlaskClient, make_account: MakeAccount) -> None:
    form = {"grant_type": "password", "username": make_account().email, "password": PASSWORD, "scope": ""}
    assert client.post(LOGIN, data=form).status_code == 200


def test_every_missing_field_is_named(client: FlaskClient) -> None:
    answer = client.post(LOGIN, json={"pass": "x"})
    assert answer.status_code == 422
    assert {error["field"]: error["code"] for error in said(answer)["errors"]} == {
        "email": "REQUIRED",
        "password": "REQUIRED",
        "pass": "UNKNOWN_FIELD",
    }


def test_a_name_of_blanks_is_missing_and_a_password_of_blanks_is_one(client: FlaskClient) -> None:
    for name in ({"json": {"email": " \t", "password": "x"}}, {"data": {"username": "  ", "password": "x"}}):
        answer = client.post(LOGIN, **name)
        assert (answer.status_code, [error["code"] for error in said(answer)["errors"]]) == (422, ["REQUIRED"])
    assert client.post(LOGIN, json={"email": "somebody@example.com", "password": "  "}).status_code == 401


def test_unknown_wrong_unverified_and_disabled_look_alike_without_the_password(
    app: Flask, client: FlaskClient, make_account: MakeAccount
) -> None:
    known, unverified, disabled = make_account(), make_account(), make_account()
    change(app, unverified, email_verified=0)
    change(app, disabled, is_active=0)
    names = ["nobody@example.com", "nobody", known.email, unverified.email, disabled.email]
    answers = [told(login(client, name, "Not-the-1-password")) for name in names]
    assert answers[0][0] == 401
    assert answers[0][1]["code"] == "INVALID_CREDENTIALS"
    assert answers[0][2]["WWW-Authenticate"] == "Bearer"
    assert all(answer == answers[0] for answer in answers)


def test_an_unknown_name_costs_as_much_as_a_wrong_password(client: FlaskClient, make_account: MakeAccount) -> None:
    """Compare work done, not time passed: other tests keep the machine busy."""
    known = [make_account().email for _ in range(2)]
    costs: dict[str, list[float]] = {"known": [], "unknown": []}
    for turn in range(8):
        for kind, name in (("known", known[turn % 2]), ("unknown", f"nobody.{turn % 2}@example.com")):
            began = time.thread_time()
            login(client, name, "Not-the-1-password")
            costs[kind].append(time.thread_time() - began)
    cost = {kind: min(found) for kind, found in costs.items()}
    assert cost["unknown"] / 1.5 < cost["known"] < cost["unknown"] * 1.5


@pytest.mark.parametrize(
    ("column", "code"), [("email_verified", "EMAIL_NOT_VERIFIED"), ("is_active", "ACCOUNT_DISABLED")]
)
def test_an_account_that_may_not_sign_in_is_told_so_after_the_right_password(
    app: Flask, client: FlaskClient, make_account: MakeAccount, column: str, code: str
) -> None:
    account = make_account()
    change(app, account, **{column: 0})
    answer = login(client, account.email, PASSWORD)
    assert (answer.status_code, said(answer)["code"]) == (403, code)
    assert entries(app) == [("session.failed", "denied", account.id)]


@pytest.mark.parametrize("is_known", [True, False])
def test_five_wrong_tries_and_then_the_lock_right_or_wrong(
    client: FlaskClient, make_account: MakeAccount, is_known: bool
) -> None:
    name = make_account().email if is_known else "nobody@example.com"
    assert statuses(client, name, *["wrong"] * 5) == [401] * 5
    for password in ("wrong", PASSWORD):
        answer = login(client, name, password)
        assert (answer.status_code, said(answer)["code"]) == (423, "ACCOUNT_LOCKED")
        assert 895 <= int(answer.headers["Retry-After"]) <= 900


def test_locked_names_look_alike_whether_or_not_they_exist(client: FlaskClient, make_account: MakeAccount) -> None:
    answers = []
    for name in (make_account().email, "nobody@example.com"):
        statuses(client, name, *["wrong"] * 5)
        status, body, headers = told(login(client, name, PASSWORD))
        answers.append((status, body["code"], body["title"], set(headers)))
    assert answers[0] == answers[1]


def test_every_spelling_of_a_name_counts_as_one(client: FlaskClient, make_account: MakeAccount) -> None:
    name = make_account().email
    spellings = [name, name.upper(), f" {name}", name.title(), f"{name} "]
    assert [login(client, spelt, "wrong").status_code for spelt in spellings] == [401] * 5
    assert statuses(client, name, PASSWORD) == [423]


def test_a_good_sign_in_clears_the_count(client: FlaskClient, make_account: MakeAccount) -> None:
    name = make_account().email
    assert statuses(client, name, *["wrong"] * 4, PASSWORD, *["wrong"] * 4, PASSWORD) == [
        *[401] * 4,
        200,
        *[401] * 4,
        200,
    ]


def test_the_lock_ends_by_itself_and_trying_does_not_prolong_it(client: FlaskClient, make_account: MakeAccount) -> None:
    name, start = make_account().email, datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        assert statuses(client, name, *["wrong"] * 6) == [*[401] * 5, 423]
        clock.move_to(start + timedelta(minutes=14, seconds=59))
        assert login(client, name, PASSWORD).headers["Retry-After"] == "1"
        clock.move_to(start + timedelta(minutes=15))
        assert statuses(client, name, *["wrong"] * 5, PASSWORD) == [*[401] * 5, 423]


def test_a_handful_of_old_mistakes_is_forgotten(client: FlaskClient, make_account: MakeAccount) -> None:
    name, start = make_account().email, datetime.now(UTC)
    with time_machine.travel(start, tick=False) as clock:
        assert statuses(client, name, *["wrong"] * 4) == [401] * 4
        clock.move_to(start + timedelta(hours=25))
        assert statuses(client, name, *["wrong"] * 4, PASSWORD) == [*[401] * 4, 200]


def test_a_lock_holds_in_every_process(make_app: Callable[..., Flask], make_account: MakeAccount) -> None:
    one, other, name = make_app().test_client(), make_app().test_client(), make_account().email
    assert statuses(one, name, *["wrong"] * 3) + statuses(other, name, *["wrong"] * 2) == [401] * 5
    assert statuses(one, name, PASSWORD) == statuses(other, name, PASSWORD) == [423]


def test_of_many_wrong_tries_at_once_exactly_five_are_answered(app: Flask, make_account: MakeAccount) -> None:
    for name in (make_account().email, "nobody@example.com"):
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(lambda _, name=name: login(app.test_client(), name, "x").status_code, range(20)))
        assert (found.count(401), found.count(423)) == (5, 15)


def test_many_right_sign_ins_at_once_all_succeed(app: Flask, make_account: MakeAccount) -> None:
    name = make_account().email
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: login(app.test_client(), name, PASSWORD).status_code, range(16)))
    assert found == [200] * 16


@pytest.mark.parametrize("variant", [f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.lower(), f"{PASSWORD}x", PASSWORD[:-1]])
def test_a_password_counts_exactly_as_it_was_sent(client: FlaskClient, make_account: MakeAccount, variant: str) -> None:
    assert statuses(client, make_account().email, variant) == [401]


def test_nothing_after_the_72nd_byte_is_cut_off(client: FlaskClient, make_account: MakeAccount) -> None:
    password = "Aa1!" + "ज" * 100
    account = make_account(password=password)
    assert statuses(client, account.email, password[:-1], password) == [401, 200]


def test_a_password_of_a_megabyte_is_refused_fast(client: FlaskClient, make_account: MakeAccount) -> None:
    account, began = make_account(), time.perf_counter()
    assert login(client, account.email, "x" * 1_000_000).status_code == 401
    assert time.perf_counter() - began < 1


@pytest.mark.usefixtures("earnest_hashes")
def test_an_old_hash_is_renewed_by_the_next_sign_in(app: Flask, client: FlaskClient, make_account: MakeAccount) -> None:
    account = make_account()
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    change(app, account, password_hash=cheap)
    assert statuses(client, account.email, PASSWORD, PASSWORD) == [200, 200]
    with app.app_context():
        stored = db.session.scalars(select(Account.password_hash)).one()
    assert stored is not None
    assert "m=19456,t=2,p=1" in stored


def test_every_sign_in_good_or_bad_is_on_record(app: Flask, client: FlaskClient, make_account: MakeAccount) -> None:
    account = make_account()
    statuses(client, account.email, PASSWORD, *["wrong"] * 6)
    statuses(client, "nobody@example.com", "wrong")
    assert entries(app) == [
        ("session.started", "success", account.id),
        *[("session.failed", "failure", account.id)] * 5,
        ("account.locked", "success", account.id),
        ("session.failed", "failure", account.id),
        ("session.failed", "failure", None),
    ]


def test_a_good_sign_in_is_an_event_and_a_time(app: Flask, client: FlaskClient, make_account: MakeAccount) -> None:
    account = make_account()
    statuses(client, account.email, "wrong", PASSWORD)
    with app.app_context():
        sent = [(row.type, row.subject_id, row.data) for row in db.session.scalars(select(OutboxMessage))]
        seen = db.session.scalars(select(Account.last_login_at)).one()
    assert sent == [("user.logged_in", account.id, {})]
    assert seen is not None
    assert datetime.now(UTC) - seen < timedelta(seconds=30)


def test_what_was_typed_is_stored_nowhere_in_clear(app: Flask, client: FlaskClient) -> None:
    login(client, "somebody.private@example.com", "wrong")
    with app.app_context():
        counted = db.session.scalars(select(SignInAttempts)).one()
        entry = db.session.scalars(select(AuditEntry)).one()
    assert len(counted.address_digest) == 32
    assert "somebody" not in repr([getattr(entry, column.key) for column in AuditEntry.__table__.columns])


def test_the_lock_is_shown_to_whoever_is_signed_in(client: FlaskClient, make_account: MakeAccount) -> None:
    account = make_account()
    bearer = {"Authorization": f"Bearer {said(login(client, account.email, PASSWORD))['access_token']}"}
    assert said(client.get("/api/v1/auth/me", headers=bearer))["locked_until"] is None
    statuses(client, account.email, *["wrong"] * 5)
    assert said(client.get("/api/v1/auth/me", headers=bearer))["locked_until"].endswith("Z")


def test_the_number_of_tries_is_a_setting(
    app: Flask, client: FlaskClient, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = replace(app.extensions["config"], max_login_attempts=2, lockout_minutes=0.5)
    monkeypatch.setitem(app.extensions, "config", changed)
    name = make_account().email
    assert statuses(client, name, "wrong", "wrong", PASSWORD) == [401, 401, 423]
    assert int(login(client, name, PASSWORD).headers["Retry-After"]) <= 30


def test_a_lock_that_falls_while_a_password_is_checked_still_holds(context: Flask) -> None:
    account, guest, rules = made_here("editor"), anonymous_actor("api"), SignInRules(5, timedelta(minutes=15))
    proof = sign_in._prove(SignIn(account.email, PASSWORD), rules=rules, actor=guest)
    for _ in range(5):
        with pytest.raises(WrongPassword):
            sign_in.sign_in(SignIn(account.email, "wrong"), lambda *_: None, rules=rules, actor=guest)
    outcome = sign_in._start(proof, lambda *_: None, rules, actor=proof.account.actor)
    assert isinstance(outcome, AccountLocked)


def test_a_password_changed_while_the_old_one_is_checked_opens_nothing(context: Flask) -> None:
    account, guest, rules = made_here("editor"), anonymous_actor("api"), SignInRules(5, timedelta(minutes=15))
    proof = sign_in._prove(SignIn(account.email, PASSWORD), rules=rules, actor=guest)
    changed = update(table_of(Account)).where(table_of(Account).c.id == account.id)
    db.session.execute(changed.values(password_hash=PasswordHasher().hash("Another-5-Teacups")))
    db.session.commit()
    with pytest.raises(sign_in.PasswordReplaced):
        sign_in._start(proof, lambda *_: None, rules, actor=proof.account.actor)
    with pytest.raises(WrongPassword):
        sign_in.sign_in(SignIn(account.email, PASSWORD), lambda *_: None, rules=rules, actor=guest)


def test_sign_ins_and_who_can_sign_in_are_measured(app: Flask, client: FlaskClient, make_account: MakeAccount) -> None:
    def measured() -> dict[str, float]:
        lines = client.get("/metrics").text.splitlines()
        found = [line.rpartition(" ") for line in lines if line.startswith(("login_attempts_total", "active_users"))]
        return {name: float(value) for name, _, value in found}

    account, disabled = make_account(), make_account()
    change(app, disabled, is_active=0)
    before = measured()
    statuses(client, account.email, PASSWORD, *["wrong"] * 6)
    statuses(client, disabled.email, PASSWORD)
    after = measured()
    grown = {name: value - before.get(name, 0) for name, value in after.items() if name != "active_users_total"}
    assert after["active_users_total"] == 1
    assert grown == {
        'login_attempts_total{status="success"}': 1,
        'login_attempts_total{status="failure"}': 6,
        'login_attempts_total{status="locked"}': 1,
    }


def test_an_address_that_is_none_is_not_recorded_as_one(app: Flask, client: FlaskClient) -> None:
    body = {"email": "nobody@example.com", "password": "x"}
    for address in ("unknown, " * 20, "2001:DB8::1", "", "192.0.2.1:80"):
        client.post(LOGIN, json=body, environ_base={"REMOTE_ADDR": address})
    with app.app_context():
        assert list(db.session.scalars(select(AuditEntry.ip).order_by(AuditEntry.id))) == [
            None,
            "2001:db8::1",
            None,
            None,
        ]

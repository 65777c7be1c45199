"""What a passkey has to prove, and what opens nothing; the browser's part is in test_passkeys.py."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from app.accounts.models_factors import Passkey, RecoveryCode
from app.accounts.relying_party import relying_party
from app.core.audit import AuditEntry
from app.extensions import db
from tests.accounts.authenticator import PRESENT, SECURITY, Authenticator, add, begun
from tests.accounts.second_factor import Phone
from tests.browsing import JsonClient, Person, said
from tests.factories import PASSWORD, MadeAccount

OpenPage = Callable[..., Person]
MakeAccount = Callable[..., MadeAccount]
Clock = time_machine.Traveller
GARBAGE = ["{}", "null", "[]", '"x"', "{" * 3000, '{"id": 1}', json.dumps({"id": "x", "rawId": "x", "response": {}})]


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Stop the clock."""
    with time_machine.travel(datetime(2026, 11, 20, 10, 0, 15, tzinfo=UTC), tick=False) as stopped:
        yield stopped


def owner_of(page: OpenPage, account: MadeAccount, device: Authenticator) -> Person:
    """Sign somebody in and add their passkey."""
    person = page(account=account)
    added = add(person, device)
    assert added.status_code == 200, added.text
    return person


def asked(person: Person, path: str = "/login/passkey") -> dict[str, Any]:
    """Return what the browser is told to ask a passkey."""
    answer = person.client.post(f"{path}/options", headers={"X-CSRFToken": person.csrf_token()})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.get_json())


def sign_in(person: Person, device: Authenticator) -> TestResponse:
    """Sign in by a passkey alone."""
    return person.post("/login/passkey", {"credential": device.sign(asked(person)), "next": "/records/trash"})


def first_step(person: Person, account: MadeAccount) -> None:
    """Show the password; the second step is next."""
    answer = person.submit("/login", email=account.email, password=PASSWORD)
    assert answer.headers["Location"].startswith("/login/second-step")


def second_step(person: Person, device: Authenticator) -> TestResponse:
    """Pass the second step by a passkey."""
    told = asked(person, "/login/second-step/passkey")
    return person.post("/login/second-step/passkey", {"credential": device.sign(told)})


def trail(app: Flask, account: MadeAccount | None) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        ours = [row for row in rows if row.subject_id == (account.id if account else None)]
        return [(row.action, row.outcome) for row in ours if row.action != "account.created"]


# --- whose it is and where it belongs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base_url", "name", "origin"),
    [
        ("https://records.example.com", "records.example.com", "https://records.example.com"),
        ("https://records.example.com:8443", "records.example.com", "https://records.example.com:8443"),
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
        ("http://[::1]", "localhost", "http://localhost"),
        ("http://10.0.0.7:8000", "10.0.0.7", "http://10.0.0.7:8000"),
    ],
)
def test_a_passkey_belongs_to_the_host_of_the_settings(base_url: str, name: str, origin: str) -> None:
    party = relying_party(base_url)
    assert (party.id, party.origin) == (name, origin)


def test_the_pages_say_where_passkeys_work(page: OpenPage) -> None:
    person = page("editor")
    there = "http://localhost:8000/settings/security/passkeys/new"
    assert f'href="{there}"' in person.get(f"{SECURITY}/passkeys/new").text
    assert "Sign in with a passkey" not in page(None).get("/login").text
    at_home = page(None).client.get("/login", base_url="http://localhost:8000")
    assert "Sign in with a passkey" in at_home.text


# --- adding and removing -----------------------------------------------------------------------------------------


def test_the_first_passkey_turns_two_step_sign_in_on(
    app: Flask, page: OpenPage, api: Callable[..., JsonClient], make_account: MakeAccount
) -> None:
    account, device = make_account(), Authenticator()
    elsewhere, system = page(account=account), api(account=account)
    person = page(account=account)
    added = add(person, device, "Office laptop")
    assert added.text.count('<li class="rr-id">') == 10
    assert added.headers["Cache-Control"] == "no-store"
    assert device.user_handle == account.id.bytes
    shown = person.get(SECURITY).text
    assert "Office laptop" in shown
    assert "10 of 10 left" in shown
    assert elsewhere.get("/records").status_code == 303
    assert system.get("/auth/me").status_code == 401
    asked_for = api(None).post("/auth/login", json={"email": account.email, "password": PASSWORD})
    assert said(asked_for)["code"] == "MFA_REQUIRED"
    assert ("mfa.enabled", "success") in trail(app, account)


def test_a_second_passkey_leaves_the_recovery_codes_alone(
    app: Flask, page: OpenPage, make_account: MakeAccount
) -> None:
    person = owner_of(page, make_account(), Authenticator())
    with app.app_context():
        before = set(db.session.scalars(select(RecoveryCode.digest)))
    assert add(person, Authenticator(), "Phone").headers["Location"] == SECURITY
    assert "Passkey “Phone” is ready." in person.get(SECURITY).text
    with app.app_context():
        assert set(db.session.scalars(select(RecoveryCode.digest))) == before


def test_the_browser_is_told_which_passkeys_there_are_already(page: OpenPage, make_account: MakeAccount) -> None:
    device = Authenticator()
    person = owner_of(page, make_account(), device)
    _token, told = begun(person)
    assert [known["id"] for known in told["excludeCredentials"]] == [json.loads(device.sign(told))["id"]]
    assert told["authenticatorSelection"]["residentKey"] == "required"
    assert told["authenticatorSelection"]["userVerification"] == "required"


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"name": "", "password": ""}, ["Enter the name", "Enter your password"]),
        ({"name": "Laptop", "password": "wrong"}, ["The password is not right"]),
        ({"name": "x" * 101, "password": PASSWORD}, ["Is too long"]),
    ],
)
def test_a_passkey_needs_a_name_and_the_password(page: OpenPage, values: dict[str, str], messages: list[str]) -> None:
    person = page("editor")
    answer = person.post(f"{SECURITY}/passkeys/new", values)
    assert answer.status_code == 422
    assert [words for words in messages if words not in answer.text] == []
    assert "data-told" not in answer.text


def test_five_wrong_passwords_lock_the_adding(page: OpenPage) -> None:
    person = page("editor")
    values = {"name": "Laptop", "password": "wrong"}
    assert [person.post(f"{SECURITY}/passkeys/new", values).status_code for _ in range(6)] == [*[422] * 5, 423]


@pytest.mark.parametrize(
    "wrong", [{"origin": "https://evil.example.com"}, {"rp_id": "evil.example.com"}, {"flags": PRESENT}, {"flags": 0}]
)
def test_a_passkey_of_another_site_or_without_its_owner_is_not_kept(
    app: Flask, page: OpenPage, wrong: dict[str, Any]
) -> None:
    person = page("editor")
    assert add(person, Authenticator(**wrong)).headers["Location"] == SECURITY
    assert "The passkey was not accepted." in person.get(SECURITY).text
    with app.app_context():
        assert db.session.scalars(select(Passkey)).all() == []


@pytest.mark.parametrize("answer", ["", *GARBAGE])
def test_no_answer_breaks_the_adding(page: OpenPage, answer: str) -> None:
    person = page("editor")
    token, _told = begun(person)
    kept = person.post(f"{SECURITY}/passkeys", {"name": "Laptop", "token": token, "credential": answer})
    assert kept.headers["Location"] == SECURITY


def test_a_step_adds_one_passkey_for_its_own_account_in_time(app: Flask, page: OpenPage, clock: Clock) -> None:
    person, other, device = page("editor"), page("editor"), Authenticator()
    token, told = begun(person)
    values = {"name": "Laptop", "token": token, "credential": device.make(told)}
    assert other.post(f"{SECURITY}/passkeys", values).status_code == 303
    assert person.post(f"{SECURITY}/passkeys", values).status_code == 200
    assert person.post(f"{SECURITY}/passkeys", values).status_code == 303
    token, told = begun(person, "Phone")
    late = {"name": "Phone", "token": token, "credential": Authenticator().make(told)}
    clock.shift(timedelta(minutes=10))
    assert person.post(f"{SECURITY}/passkeys", late).status_code == 303
    with app.app_context():
        assert len(db.session.scalars(select(Passkey)).all()) == 1


def test_a_passkey_belongs_to_one_account(app: Flask, page: OpenPage, make_account: MakeAccount) -> None:
    device = Authenticator()
    owner_of(page, make_account(), device)
    other = page("editor")
    add(other, device)
    assert "The passkey was not accepted." in other.get(SECURITY).text


def test_removing_the_last_passkey_turns_two_step_sign_in_off(
    app: Flask, page: OpenPage, make_account: MakeAccount
) -> None:
    account, device = make_account(), Authenticator()
    person = owner_of(page, account, device)
    removal = re.search(rf"{SECURITY}/passkeys/[0-9a-f-]+/remove", person.get(SECURITY).text)
    assert removal is not None
    assert "Laptop" in person.get(removal[0]).text
    stranger = page("editor")
    assert stranger.get(removal[0]).status_code == 404
    assert stranger.post(removal[0], {"password": PASSWORD}).status_code == 404
    assert person.submit(removal[0], password="wrong").status_code == 422
    assert person.submit(removal[0], password=PASSWORD).headers["Location"] == SECURITY
    assert page(account=account).get("/records").status_code == 200
    assert sign_in(page(None), device).status_code == 422
    with app.app_context():
        assert db.session.scalars(select(RecoveryCode)).all() == []


def test_with_a_passkey_left_the_app_can_go_and_two_steps_stay(
    app: Flask, page: OpenPage, make_account: MakeAccount, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account("admin")
    person = owner_of(page, account, Authenticator())
    monkeypatch.setitem(app.extensions, "config", replace(app.extensions["config"], mfa_required_roles=("admin",)))
    shown = person.submit(f"{SECURITY}/app", password=PASSWORD).text
    secret = re.search(r'rr-secret">([A-Z2-7 ]+)<', shown)
    assert secret is not None
    code = Phone(secret[1].replace(" ", "")).code()
    assert person.post(f"{SECURITY}/app/confirm", {"code": code}).status_code == 200
    person.submit(f"{SECURITY}/app/remove", password=PASSWORD)
    assert person.get("/records").status_code == 200
    assert "10 of 10 left" in person.get(SECURITY).text


# --- in place of the password ------------------------------------------------------------------------------------


def test_a_passkey_signs_in_and_goes_on_to_the_wanted_page(
    app: Flask, page: OpenPage, make_account: MakeAccount
) -> None:
    account, device = make_account(), Authenticator()
    owner_of(page, account, device)
    person = page(None)
    told = asked(person)
    assert told["userVerification"] == "required"
    assert told.get("allowCredentials", []) == []
    answer = person.post("/login/passkey", {"credential": device.sign(told), "next": "/records/trash"})
    assert answer.headers["Location"] == "/records/trash"
    assert person.get("/records").status_code == 200
    assert trail(app, account)[-1] == ("session.started", "success")


def test_an_answer_is_good_for_one_challenge_once(app: Flask, page: OpenPage, make_account: MakeAccount) -> None:
    device = Authenticator()
    owner_of(page, make_account(), device)
    person, thief = page(None), page(None)
    answer = device.sign(asked(person))
    asked(thief)
    assert thief.post("/login/passkey", {"credential": answer}).status_code == 422
    assert person.post("/login/passkey", {"credential": answer}).status_code == 303
    person.post("/logout")
    person.account = None
    assert person.post("/login/passkey", {"credential": answer}).status_code == 422
    assert ("session.failed", "failure") in trail(app, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example.com"},
        {"rp_id": "evil.example.com"},
        {"flags": PRESENT},
        {"flags": 0},
        {"counter": -1},
        {"user_handle": bytes(16)},
        {"credential_id": bytes(32)},
        {"key": Authenticator().key},
    ],
)
def test_whatever_does_not_hold_opens_nothing(page: OpenPage, make_account: MakeAccount, wrong: dict[str, Any]) -> None:
    device = Authenticator(counter=7)
    owner_of(page, make_account(), device)
    refused = sign_in(page(None), replace(device, **wrong))
    assert refused.status_code == 422
    assert "The passkey was not accepted." in refused.text
    assert sign_in(page(None), device).status_code == 303


@pytest.mark.parametrize("answer", ["", *GARBAGE])
def test_no_answer_breaks_the_sign_in(page: OpenPage, answer: str) -> None:
    person = page(None)
    asked(person)
    assert person.post("/login/passkey", {"credential": answer}).status_code == 422


def test_a_challenge_waits_ten_minutes(page: OpenPage, make_account: MakeAccount, clock: Clock) -> None:
    device = Authenticator()
    owner_of(page, make_account(), device)
    person = page(None)
    answer = device.sign(asked(person))
    clock.shift(timedelta(minutes=10))
    assert person.post("/login/passkey", {"credential": answer}).status_code == 422


@pytest.mark.parametrize(("column", "words"), [("is_active", "disabled"), ("email_verified", "Open the link")])
def test_an_account_that_may_not_sign_in_may_not_by_passkey(
    app: Flask, page: OpenPage, make_account: MakeAccount, column: str, words: str
) -> None:
    account, device = make_account(), Authenticator()
    owner_of(page, account, device)
    with app.app_context():
        db.session.execute(text(f"UPDATE accounts SET {column} = 0"))
        db.session.commit()
    answer = sign_in(page(None), device)
    assert answer.status_code == 403
    assert words in answer.text
    assert trail(app, account)[-1] == ("session.failed", "denied")


def test_strangers_wrong_passwords_do_not_keep_a_passkey_out(
    page: OpenPage, api: Callable[..., JsonClient], make_account: MakeAccount
) -> None:
    account, device = make_account(), Authenticator()
    owner_of(page, account, device)
    login = {"email": account.email, "password": "wrong"}
    assert [api(None).post("/auth/login", json=login).status_code for _ in range(6)][-1] == 423
    assert sign_in(page(None), device).status_code == 303


def test_a_passkey_satisfies_a_role_that_needs_two_steps(
    app: Flask, page: OpenPage, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, device = make_account("admin"), Authenticator()
    owner_of(page, account, device)
    monkeypatch.setitem(app.extensions, "config", replace(app.extensions["config"], mfa_required_roles=("admin",)))
    person = page(None)
    assert sign_in(person, device).status_code == 303
    assert person.get("/records").status_code == 200


# --- as the second step ------------------------------------------------------------------------------------------


def test_a_passkey_passes_the_second_step(app: Flask, page: OpenPage, make_account: MakeAccount) -> None:
    account, device = make_account(), Authenticator()
    owner_of(page, account, device)
    person = page(None)
    first_step(person, account)
    told = asked(person, "/login/second-step/passkey")
    assert len(told["allowCredentials"]) == 1
    answer = person.post("/login/second-step/passkey", {"credential": device.sign(told)})
    assert answer.status_code == 303
    assert person.get("/records").status_code == 200
    assert trail(app, account)[-1] == ("session.started", "success")


def test_somebody_elses_passkey_is_a_wrong_one_and_counts(page: OpenPage, make_account: MakeAccount) -> None:
    account, own, foreign = make_account(), Authenticator(), Authenticator()
    owner_of(page, account, own)
    owner_of(page, make_account(), foreign)
    person = page(None)
    first_step(person, account)
    refused = [second_step(person, foreign) for _ in range(5)]
    assert [answer.status_code for answer in refused] == [422] * 5
    assert "The passkey was not accepted. 4 tries left" in refused[0].text
    assert second_step(person, own).status_code == 423


def test_a_challenge_of_the_second_step_takes_one_answer(page: OpenPage, make_account: MakeAccount) -> None:
    account, device = make_account(), Authenticator()
    owner_of(page, account, device)
    person = page(None)
    first_step(person, account)
    answer = device.sign(asked(person, "/login/second-step/passkey"))
    assert person.post("/login/second-step/passkey", {"credential": "{}"}).status_code == 422
    assert person.post("/login/second-step/passkey", {"credential": answer}).status_code == 422
    assert person.post("/login/second-step/passkey", {"credential": ""}).status_code == 422


def test_the_second_step_by_passkey_needs_the_first(page: OpenPage, make_account: MakeAccount) -> None:
    person = page(None)
    token = {"X-CSRFToken": person.csrf_token()}
    assert person.client.post("/login/second-step/passkey/options", headers=token).status_code == 401
    answer = person.post("/login/second-step/passkey", {"credential": "{}"})
    assert answer.headers["Location"].startswith("/login")


def test_without_its_forms_token_nothing_is_asked(page: OpenPage) -> None:
    assert page(None).client.post("/login/passkey/options").status_code == 400

"""Two-step sign-in on the pages, in a browser without scripts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from app.accounts.models_factors import RecoveryCode
from app.core.audit import AuditEntry
from app.extensions import db
from tests.accounts.second_factor import CODE, SECRET, SECURITY, STEP, phone_on, set_up
from tests.browsing import JsonClient, Person
from tests.factories import PASSWORD, MadeAccount

OpenPage = Callable[..., Person]
MakeAccount = Callable[..., MadeAccount]
Clock = time_machine.Traveller


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Stop the clock in the middle of a step."""
    with time_machine.travel(datetime(2026, 11, 20, 10, 0, 15, tzinfo=UTC), tick=False) as stopped:
        yield stopped


@pytest.fixture
def needs_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask admins for a second factor."""
    changed = replace(app.extensions["config"], mfa_required_roles=("admin",))
    monkeypatch.setitem(app.extensions, "config", changed)


def first_step(person: Person, account: MadeAccount, where: str = "/login") -> str:
    """Show the password; return the address of the next step."""
    answer = person.submit(where, "/login", email=account.email, password=PASSWORD)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def second_step(person: Person, code: str, **more: str) -> TestResponse:
    return person.submit("/login/second-step", code=code, **more)


# --- the security page -------------------------------------------------------------------------------------------


def test_the_security_page_says_what_is_on(page: OpenPage, clock: Clock) -> None:
    person = page("editor")
    before = person.get(SECURITY).text
    assert "Your password alone signs you in." in before
    assert "Recovery codes" not in before
    phone = set_up(person)
    after = person.get(SECURITY).text
    assert "10 of 10 left" in after
    assert f"{SECURITY}/app/remove" in after
    assert len(set(phone.recovery_codes)) == 10


def test_the_secret_is_shown_as_qr_code_and_in_letters_after_the_password_only(page: OpenPage, clock: Clock) -> None:
    person = page("editor")
    asked = person.get(f"{SECURITY}/app")
    assert asked.status_code == 200
    assert not SECRET.search(asked.text)
    wrong = person.submit(f"{SECURITY}/app", password="wrong")
    assert wrong.status_code == 422
    assert "The password is not right" in wrong.text
    shown = person.submit(f"{SECURITY}/app", password=PASSWORD)
    assert shown.headers["Cache-Control"] == "no-store"
    assert 'src="data:image/svg+xml' in shown.text
    assert len(phone_on(shown).secret) == 32


def test_a_wrong_first_code_shows_the_same_secret_again(page: OpenPage, clock: Clock) -> None:
    person = page("editor")
    phone = phone_on(person.submit(f"{SECURITY}/app", password=PASSWORD))
    for code in (phone.wrong(), ""):
        again = person.post(f"{SECURITY}/app/confirm", {"code": code})
        assert again.status_code == 422
        assert phone_on(again) == phone
    assert person.post(f"{SECURITY}/app/confirm", {"code": phone.code()}).status_code == 200


def test_a_code_that_comes_too_late_or_twice_leads_back(page: OpenPage, clock: Clock) -> None:
    person = page("editor")
    assert person.post(f"{SECURITY}/app/confirm", {"code": "123456"}).status_code == 303
    assert person.post(f"{SECURITY}/app/confirm", {"code": ""}).status_code == 303
    phone = set_up(person)
    assert person.post(f"{SECURITY}/app/confirm", {"code": phone.code()}).headers["Location"] == SECURITY
    assert person.submit(f"{SECURITY}/app", password=PASSWORD).headers["Location"] == SECURITY
    assert "set up already" in person.get(SECURITY).text


def test_the_app_can_be_removed_with_the_password(page: OpenPage, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    person = page(account=account)
    set_up(person)
    assert person.submit(f"{SECURITY}/app/remove", password="wrong").status_code == 422
    assert person.submit(f"{SECURITY}/app/remove", password="").status_code == 422
    assert person.submit(f"{SECURITY}/app/remove", password=PASSWORD).headers["Location"] == SECURITY
    assert "The authenticator app is removed." in person.get(SECURITY).text
    assert page(account=account).get("/records").status_code == 200
    assert person.submit(f"{SECURITY}/app/remove", password=PASSWORD).headers["Location"] == SECURITY


def test_five_wrong_passwords_lock_the_change(page: OpenPage) -> None:
    person = page("editor")
    for _ in range(5):
        assert person.submit(f"{SECURITY}/app", password="wrong").status_code == 422
    locked = person.submit(f"{SECURITY}/app", password=PASSWORD)
    assert locked.status_code == 423
    assert "Too many tries. Try again at" in locked.text
    assert int(locked.headers["Retry-After"]) > 890


def test_new_recovery_codes_replace_the_old_ones(
    app: Flask, page: OpenPage, make_account: MakeAccount, clock: Clock
) -> None:
    account = make_account()
    person = page(account=account)
    assert person.submit(f"{SECURITY}/recovery-codes", password=PASSWORD).headers["Location"] == SECURITY
    phone = set_up(person)
    renewed = CODE.findall(person.submit(f"{SECURITY}/recovery-codes", password=PASSWORD).text)
    assert len(set(renewed) - set(phone.recovery_codes)) == 10
    with app.app_context():
        assert len(db.session.scalars(select(RecoveryCode)).all()) == 10
    other = page(None)
    first_step(other, account)
    assert second_step(other, phone.recovery_codes[0]).status_code == 422
    assert second_step(other, renewed[0]).status_code == 303
    assert "9 of 10 left" in other.get(SECURITY).text


def test_few_recovery_codes_left_are_a_warning(page: OpenPage, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    person = page(account=account)
    phone = set_up(person)
    for count, code in enumerate(phone.recovery_codes, start=1):
        other = page(None)
        first_step(other, account)
        assert second_step(other, code, recovery="1").status_code == 303
        if count == 8:
            assert "Only 2 left" in person.get(SECURITY).text
    assert "None left" in person.get(SECURITY).text


def test_nobody_sees_the_security_page_without_signing_in(page: OpenPage) -> None:
    person = page(None)
    for path in ("", "/app", "/app/remove", "/recovery-codes", "/passkeys/new"):
        assert person.get(SECURITY + path).headers["Location"].startswith("/login?next=")


# --- signing in with it ------------------------------------------------------------------------------------------


def test_the_second_step_leads_to_the_page_that_was_wanted(
    page: OpenPage, make_account: MakeAccount, clock: Clock
) -> None:
    account = make_account()
    phone = set_up(page(account=account))
    person = page(None)
    wanted = first_step(person, account, "/login?next=/records/trash")
    assert wanted == "/login/second-step?next=/records/trash"
    assert person.get("/records").status_code == 303  # nothing is open yet
    assert "Code from your app" in person.get(wanted).text
    answer = person.submit(wanted, "/login/second-step", code=phone.code())
    assert answer.headers["Location"] == "/records/trash"
    assert person.get("/records").status_code == 200
    assert person.get("/login/second-step").headers["Location"].startswith("/login")


def test_a_wrong_code_counts_down_to_the_lock(page: OpenPage, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    phone = set_up(page(account=account))
    person = page(None)
    first_step(person, account)
    found = [second_step(person, phone.wrong()) for _ in range(5)]
    assert [answer.status_code for answer in found] == [422] * 5
    assert "The code is not right. 4 tries left before a 15-minute lock" in found[0].text
    assert "The code is not right. Sign-in with this email is locked for 15 minutes" in found[4].text
    locked = second_step(person, phone.code())
    assert (locked.status_code, locked.headers["Retry-After"]) == (423, "900")
    assert "Too many tries. Try again at" in locked.text
    clock.shift(timedelta(minutes=15))
    assert person.submit("/login", email=account.email, password=PASSWORD).status_code == 303
    assert second_step(person, phone.code()).status_code == 303


def test_an_empty_code_is_named(page: OpenPage, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    set_up(page(account=account))
    person = page(None)
    first_step(person, account)
    answer = second_step(person, "")
    assert answer.status_code == 422
    assert "Enter the code" in answer.text


def test_a_recovery_code_has_a_box_of_its_own(page: OpenPage, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    phone = set_up(page(account=account))
    person = page(None)
    first_step(person, account)
    offered = person.get("/login/second-step?recovery=1").text
    assert 'inputmode="numeric"' not in offered
    assert "Use a code from your app" in offered
    again = person.submit("/login/second-step?recovery=1", "/login/second-step", code="AAAA")
    assert again.status_code == 422
    assert "One of the ten codes you stored" in again.text
    code = phone.recovery_codes[3].lower()
    assert person.submit("/login/second-step?recovery=1", "/login/second-step", code=code).status_code == 303


def test_a_step_that_took_too_long_begins_anew(page: OpenPage, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    phone = set_up(page(account=account))
    person = page(None)
    first_step(person, account)
    form = person.form("/login/second-step")
    clock.shift(timedelta(minutes=10))
    answer = person.client.post(form.action, data={**form.values, "code": phone.code()})
    assert answer.headers["Location"].startswith("/login")
    assert "That took too long. Sign in again." in person.get("/login").text
    assert person.get("/login/second-step").status_code == 303


def test_the_cookie_of_a_step_opens_nothing_and_the_session_after_it_is_new(
    app: Flask, page: OpenPage, make_account: MakeAccount, clock: Clock
) -> None:
    account = make_account()
    phone = set_up(page(account=account))
    person = page(None)
    first_step(person, account)
    with person.client.session_transaction() as kept:
        pending = kept["second_step"]
        assert "_user_id" not in kept
    assert second_step(person, phone.code()).status_code == 303
    with person.client.session_transaction() as kept:
        assert "second_step" not in kept
        assert kept["_user_id"] != pending
    stranger = page(None)
    for key in ("_user_id", "second_step"):
        with stranger.client.session_transaction() as kept:
            kept[key] = pending
        assert stranger.get("/records").status_code == 303
    assert stranger.get("/login/second-step").status_code == 303


def test_turning_it_on_signs_out_everywhere_else(page: OpenPage, make_account: MakeAccount, clock: Clock) -> None:
    account = make_account()
    here, elsewhere = page(account=account), page(account=account)
    set_up(here)
    assert here.get("/records").status_code == 200
    assert elsewhere.get("/records").status_code == 303


def test_by_which_means_somebody_came_in_is_on_record(
    app: Flask, page: OpenPage, make_account: MakeAccount, clock: Clock
) -> None:
    account = make_account()
    phone = set_up(page(account=account))
    for code in (phone.code(), phone.recovery_codes[0]):
        person = page(None)
        first_step(person, account)
        second_step(person, code)
    auditor = page("supervisor")
    assert auditor.account is not None
    with app.app_context():
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        ours = [row.action for row in rows if row.subject_id == account.id and row.action != "account.created"]
    assert ours == ["session.started", "mfa.enabled", *["session.failed", "session.started"] * 2]


# --- for roles that cannot do without ----------------------------------------------------------------------------


def test_a_role_that_needs_it_is_led_to_set_it_up(
    page: OpenPage, make_account: MakeAccount, clock: Clock, needs_it: None
) -> None:
    account = make_account("admin")
    person = page(None)
    wanted = first_step(person, account, "/login?next=/records/trash")
    assert wanted == "/login/enrol?next=/records/trash"
    assert person.get("/records").status_code == 303
    assert "Your role needs it" in person.get(wanted).text
    phone = phone_on(person.submit(wanted, "/login/enrol"))
    for code in (phone.wrong(), ""):
        again = person.post("/login/enrol/confirm", {"code": code, "next": "/records/trash"})
        assert again.status_code == 422
        assert phone_on(again) == phone
    done = person.post("/login/enrol/confirm", {"code": phone.code(), "next": "/records/trash"})
    assert done.status_code == 200
    assert len(CODE.findall(done.text)) == 10
    assert 'href="/records/trash"' in done.text
    assert person.get("/records").status_code == 200
    clock.shift(STEP)
    other = page(None)
    assert first_step(other, account) == "/login/second-step?next=/records"
    assert second_step(other, phone.code()).status_code == 303


def test_setting_it_up_needs_the_first_step(page: OpenPage, needs_it: None) -> None:
    person = page(None)
    assert person.get("/login/enrol").headers["Location"].startswith("/login")
    for path in ("/login/enrol", "/login/enrol/confirm"):
        assert person.post(path, {"code": "123456"}).headers["Location"].startswith("/login")


def test_setting_it_up_ends_where_the_app_was_set_up_meanwhile(
    page: OpenPage, make_account: MakeAccount, clock: Clock, needs_it: None
) -> None:
    account, here, there = make_account("admin"), page(None), page(None)
    for person in (here, there):
        first_step(person, account)
    phone = phone_on(here.submit("/login/enrol"))
    assert here.post("/login/enrol/confirm", {"code": phone.code()}).status_code == 200
    assert there.post("/login/enrol", {}).headers["Location"].startswith("/login")
    assert there.post("/login/enrol/confirm", {"code": phone.code(steps=1)}).headers["Location"].startswith("/login")
    assert here.get("/records").status_code == 200


@pytest.mark.parametrize("sets", ["is_active = 0", "email_verified = 0", "password_hash = 'another'"])
def test_setting_it_up_ends_where_the_account_changed_meanwhile(
    app: Flask, page: OpenPage, make_account: MakeAccount, needs_it: None, sets: str
) -> None:
    account, person = make_account("admin"), page(None)
    first_step(person, account)
    with app.app_context():
        db.session.execute(text(f"UPDATE accounts SET {sets}"))
        db.session.commit()
    assert person.submit("/login/enrol").headers["Location"].startswith("/login")


def test_whoever_was_signed_in_before_the_role_needed_it_is_signed_out(
    app: Flask, page: OpenPage, api: Callable[..., JsonClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    person, system, editor = page("admin"), api("admin"), page("editor")
    changed = replace(app.extensions["config"], mfa_required_roles=("admin",))
    monkeypatch.setitem(app.extensions, "config", changed)
    app.extensions["credentials_bell"].ring()
    assert person.get("/records").status_code == 303
    assert system.get("/auth/me").status_code == 401
    assert editor.get("/records").status_code == 200


def test_the_session_has_another_token_after_each_change(app: Flask, page: OpenPage, clock: Clock) -> None:
    person = page("editor")
    tokens = []
    for change in (
        lambda: None,
        lambda: set_up(person),
        lambda: person.submit(f"{SECURITY}/app/remove", password=PASSWORD),
    ):
        change()
        with person.client.session_transaction() as kept:
            tokens.append(kept["_user_id"])
    assert len(set(tokens)) == 3
    stranger = page(None)
    for token, status in zip(tokens, (303, 303, 200), strict=True):
        with stranger.client.session_transaction() as kept:
            kept["_user_id"] = token
        assert stranger.get("/records").status_code == status


def test_a_role_that_needs_it_is_told_so_on_the_security_page(
    page: OpenPage, make_account: MakeAccount, clock: Clock, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account("admin")
    person = page(account=account)
    set_up(person)
    changed = replace(app.extensions["config"], mfa_required_roles=("admin",))
    monkeypatch.setitem(app.extensions, "config", changed)
    assert "Your role cannot do without it." in person.get(SECURITY).text
    person.submit(f"{SECURITY}/app/remove", password=PASSWORD)
    assert person.get("/records").status_code == 303
    assert first_step(page(None), account).startswith("/login/enrol")

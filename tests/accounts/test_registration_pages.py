"""Registering, proving an address and getting a password, at a browser without scripts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from tests.browsing import PageReader, Person, messages
from tests.factories import PASSWORD, MadeAccount
from tests.mailbox import Mailbox

MakeAccount = Callable[..., MadeAccount]
OpenPage = Callable[..., Person]
ADDRESS = "asha@example.com"
NEW = "Another-5-Teacups"


def register(person: Person, **changes: str) -> str:
    values = {"email": ADDRESS, "password": PASSWORD, "password_confirmation": PASSWORD}
    return person.submit("/register", **{**values, **changes}).headers["Location"]


def test_a_person_registers_proves_the_address_and_signs_in(page: OpenPage, mailbox: Mailbox) -> None:
    person = page(None)
    where = register(person, full_name="Asha Verma")
    assert "Open it to confirm your email address" in person.get(where).text
    path = mailbox.link(ADDRESS)
    shown = person.get(path)
    assert "a•••••••a@example.com" in shown.text
    assert ADDRESS not in shown.text
    done = person.submit(path)
    assert done.status_code == 303
    assert "Thank you. Your email address is confirmed." in person.get(done.headers["Location"]).text
    assert person.submit("/login", email=ADDRESS, password=PASSWORD).status_code == 303


def test_a_refused_form_keeps_what_was_typed_but_no_password(page: OpenPage, make_account: MakeAccount) -> None:
    person = page(None)
    answer = person.submit("/register", email="nobody", full_name="Asha", password="weak", password_confirmation="x")
    assert answer.status_code == 422
    assert messages(answer) == {
        "email": "Enter an email address like name@example.com",
        "password": "The password needs at least 8 characters",
    }
    assert 'value="nobody"' in answer.text
    assert 'value="Asha"' in answer.text
    assert "weak" not in answer.text
    assert set(PageReader(answer.text).summary) == {"email", "password"}
    taken = make_account().email
    answer = person.submit("/register", email=taken, password=PASSWORD, password_confirmation=PASSWORD)
    assert (answer.status_code, messages(answer)) == (409, {"email": "Another account has this email"})


def test_sign_in_leads_to_registering_where_it_is_open(page: OpenPage, make_app: Callable[..., Flask]) -> None:
    shown = page(None).get("/login").text
    assert 'href="/register"' in shown
    assert 'href="/forgot-password"' in shown
    shut = make_app(REGISTRATION="closed").test_client()
    assert 'href="/register"' not in shut.get("/login").text
    assert shut.post("/register").status_code in {400, 403}


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password"])
def test_a_page_with_a_token_tells_its_address_to_nobody(page: OpenPage, mailbox: Mailbox, path: str) -> None:
    person = page(None)
    register(person)
    person.submit("/forgot-password", email=ADDRESS)
    link = {mail_path.partition("?")[0]: mail_path for mail_path in links(mailbox)}[path]
    for answer in (person.get(link), person.get(path), person.client.get(path + "?token=x")):
        assert answer.headers.getlist("Referrer-Policy") == ["no-referrer"]
        assert answer.headers["Cache-Control"] == "no-store"
    assert person.get("/login").headers.getlist("Referrer-Policy") == ["same-origin"]


def links(mailbox: Mailbox) -> list[str]:
    found = []
    for mail in mailbox.fetch():
        one = Mailbox(mailbox.app, mailbox.folder)
        one.fetch = lambda mail=mail: [mail]  # type: ignore[method-assign, misc]
        found.append(one.link(str(mail["To"])))
    return found


def test_over_https_the_form_of_a_link_works_although_its_page_hides_its_address(
    make_app: Callable[..., Flask], mailbox: Mailbox
) -> None:
    secure = make_app(BASE_URL="https://localhost").test_client()
    body = {"email": ADDRESS, "password": PASSWORD}
    secure.post("/api/v1/auth/register", json=body, base_url="https://localhost")
    mailbox.app = secure.application
    [mail] = mailbox.to(ADDRESS)
    link = mail.as_string().replace("=\n", "").partition("https://localhost")[2].split()[0].replace("=3D", "=")
    page = secure.get(link, base_url="https://localhost")
    [form] = [form for form in PageReader(page.text).forms if form.method == "post"]
    without = {name: value for name, value in form.values.items() if name != "csrf_token"}
    assert secure.post("/verify-email", data=without, base_url="https://localhost").status_code == 400
    assert secure.post("/verify-email", data=form.values, base_url="https://localhost").status_code == 303


def test_a_link_that_is_used_or_late_says_what_to_do(page: OpenPage, mailbox: Mailbox) -> None:
    person = page(None)
    register(person)
    path = mailbox.link(ADDRESS)
    form = person.form(path)
    assert person.client.post(form.action, data=form.values).status_code == 303
    again = person.client.post(form.action, data=form.values)
    assert again.status_code == 400
    assert "This link does not work any more" in again.text
    assert 'href="/resend-verification"' in again.text
    assert person.get("/verify-email").status_code == 400
    person.submit("/forgot-password", email=ADDRESS)
    path = mailbox.link(ADDRESS)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        late = person.get(path)
        assert late.status_code == 410
        assert "This link ended on " in late.text


def test_the_link_is_sent_again(page: OpenPage, mailbox: Mailbox) -> None:
    person = page(None)
    register(person)
    first = mailbox.link(ADDRESS)
    answer = person.submit("/resend-verification", email=ADDRESS)
    assert "Only the newest link works" in person.get(answer.headers["Location"]).text
    newest = mailbox.link(ADDRESS)
    assert person.get(first).status_code == 400
    assert person.get(newest).status_code == 200
    assert messages(person.submit("/resend-verification", email="")) == {"email": "Enter the email"}


def test_who_forgot_the_password_sets_another(page: OpenPage, make_account: MakeAccount, mailbox: Mailbox) -> None:
    person, account = page(None), make_account("viewer")
    seen = []
    for address in (account.email, "nobody@example.com"):
        answer = person.submit("/forgot-password", email=address)
        seen.append((answer.status_code, answer.headers["Location"]))
    assert seen[0] == seen[1]
    assert "If an account has this email address" in person.get(seen[0][1]).text
    path = mailbox.link(account.email)
    weak = person.submit(path, password="weak", password_confirmation="weak")
    assert (weak.status_code, messages(weak)) == (422, {"password": "The password needs at least 8 characters"})
    different = person.submit(path, password=NEW, password_confirmation="x")
    assert messages(different) == {"password_confirmation": "The two passwords are not the same"}
    done = person.submit(path, password=NEW, password_confirmation=NEW)
    assert "Your password is set" in person.get(done.headers["Location"]).text
    assert person.submit("/login", email=account.email, password=NEW).status_code == 303


def test_a_person_changes_the_password_and_stays_signed_in(
    app: Flask, page: OpenPage, make_account: MakeAccount
) -> None:
    account = make_account("viewer")
    person, elsewhere = page(account=account), Person(app.test_client()).sign_in(account)
    values = {"new_password": NEW, "new_password_confirmation": NEW}
    wrong = person.submit("/settings/security/password", current_password="wrong", **values)
    assert (wrong.status_code, messages(wrong)) == (422, {"current_password": "The password is not right"})
    assert set(messages(person.submit("/settings/security/password"))) == {"current_password", "new_password"}
    done = person.submit("/settings/security/password", current_password=PASSWORD, **values)
    assert done.status_code == 303
    assert "Your password is changed" in person.get(done.headers["Location"]).text
    assert elsewhere.get("/records").status_code == 303
    assert page(None).get("/settings/security/password").headers["Location"].startswith("/login")
    for _ in range(6):
        wrong = person.submit("/settings/security/password", current_password="wrong", **values)
    assert wrong.status_code == 423
    assert "Too many tries" in wrong.text

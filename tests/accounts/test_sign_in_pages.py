"""The pages for signing in and out, and the session between them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.accounts.models import BrowserSession
from app.core.audit import AuditEntry
from app.extensions import db
from tests.browsing import JsonClient, Person
from tests.factories import PASSWORD, MadeAccount

MakeAccount = Callable[..., MadeAccount]
OpenPage = Callable[..., Person]


def cookie(client: FlaskClient) -> str | None:
    found = client.get_cookie("session")
    return found.value if found else None


def with_cookie(app: Flask, value: str | None) -> FlaskClient:
    """Return another browser that holds a captured cookie."""
    thief = app.test_client()
    thief.set_cookie("session", value or "")
    return thief


def actions(app: Flask) -> list[str]:
    with app.app_context():
        found = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
        return [action for action in found if action != "account.created"]


def sign_in(person: Person, name: str, password: str = PASSWORD, **more: str) -> TestResponse:
    return person.submit("/login", email=name, password=password, **more)


def test_a_person_signs_in_works_and_signs_out(app: Flask, page: OpenPage, make_account: MakeAccount) -> None:
    person, account = page(None), make_account("editor")
    answer = sign_in(person, account.email)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/records")
    assert person.get("/records").status_code == 200
    answer = person.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert person.get("/records").headers["Location"] == "/login?next=/records"
    assert actions(app) == ["session.started", "session.ended"]


def test_asking_for_sign_out_by_address_changes_nothing(page: OpenPage) -> None:
    person = page("viewer")
    assert 'action="/logout"' in person.get("/logout").text
    assert person.get("/records").status_code == 200


def test_nobody_is_asked_to_sign_out_who_is_not_signed_in(page: OpenPage) -> None:
    answer = page(None).get("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


def test_signing_out_twice_does_no_harm(page: OpenPage) -> None:
    person = page(None)
    assert person.post("/logout").status_code == 303


def test_a_wrong_password_keeps_the_name_and_counts_down(page: OpenPage, make_account: MakeAccount) -> None:
    for name in (make_account().email, "nobody@example.com"):
        person = page(None)
        answers = [sign_in(person, name, "wrong") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [422] * 5 + [423]
        assert "Email or password is not right. 4 tries left before a 15-minute lock" in answers[0].text
        assert "1 try left" in answers[3].text
        assert "locked for 15 minutes" in answers[4].text
        assert "Too many tries. Try again at " in answers[5].text
        assert answers[5].headers["Retry-After"]
        assert f'value="{name}"' in answers[5].text
        assert "wrong" not in answers[5].text


def test_the_wrong_name_and_the_wrong_password_give_the_same_page(page: OpenPage, make_account: MakeAccount) -> None:
    name = make_account().email
    shown = []
    for typed in (name, "nobody@example.com"):
        answer = sign_in(page(None), typed, "wrong")
        token = answer.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        shown.append(answer.text.replace(typed, "…").replace(token, "…"))
        assert answer.headers["Cache-Control"] == "no-store"
    assert shown[0] == shown[1]


def test_empty_boxes_are_named(page: OpenPage) -> None:
    answer = sign_in(page(None), "", "")
    assert answer.status_code == 422
    for words in ("Enter the email or username", "Enter the password"):
        assert words in answer.text


@pytest.mark.parametrize(("column", "words"), [("email_verified", "Open the link"), ("is_active", "is disabled")])
def test_who_may_not_sign_in_is_told_after_the_right_password(
    app: Flask, page: OpenPage, make_account: MakeAccount, column: str, words: str
) -> None:
    account = make_account()
    with app.app_context():
        db.session.connection().exec_driver_sql(f"UPDATE accounts SET {column} = 0")
        db.session.commit()
    assert words not in sign_in(page(None), account.email, "wrong").text
    answer = sign_in(page(None), account.email)
    assert answer.status_code == 403
    assert words in answer.text


# --- where a person goes next --------------------------------------------------------------------------------------


def test_after_signing_in_a_person_is_where_they_wanted_to_be(page: OpenPage, make_account: MakeAccount) -> None:
    person = page(None)
    wanted = person.get("/records/trash?page=2").headers["Location"]
    assert wanted == "/login?next=/records/trash?page%3D2"
    answer = person.submit(wanted, "/login", email=make_account().email, password=PASSWORD)
    assert answer.headers["Location"] == "/records/trash?page=2"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil",
        "/\\evil.example",
        "\\\\evil.example",
        " //evil.example",
        "evil.example",
        "https:evil.example",
        "https://evil.example/records",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "",
        "/login",
        "/login?next=/x",
        "/logout",
        "/logout/",
    ],
)
def test_next_stays_on_this_site(page: OpenPage, make_account: MakeAccount, target: str) -> None:
    person = page(None)
    answer = sign_in(person, make_account().email, next=target)
    assert answer.headers["Location"] == "/records"
    assert person.get("/login", query_string={"next": target}).headers["Location"] == "/records"


def test_next_is_decoded_once_only(page: OpenPage) -> None:
    person = page("viewer")
    assert person.get("/login?next=%2F%2Fevil.example").headers["Location"] == "/records"
    assert person.get("/login?next=%252F%252Fevil.example").headers["Location"] == "/records"
    assert person.get("/login?next=/%255Cevil.example").headers["Location"] == "/%5Cevil.example"


def test_whoever_is_signed_in_is_not_asked_again(page: OpenPage) -> None:
    assert page("viewer").get("/login?next=/records/trash").headers["Location"] == "/records/trash"


def test_a_fragment_is_told_by_header_and_comes_back_to_its_page(page: OpenPage) -> None:
    seen = {"HX-Request": "true", "HX-Current-URL": "http://localhost/records/trash?page=3"}
    answer = page(None).get("/records?q=x", headers=seen)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login?next=/records/trash?page%3D3")
    assert answer.data == b""
    foreign = {"HX-Request": "true", "HX-Current-URL": "http://evil.example/records"}
    assert page(None).get("/records", headers=foreign).headers["HX-Redirect"] == "/login?next="


def test_a_form_sent_without_a_session_leads_to_sign_in_and_back_to_the_form(page: OpenPage) -> None:
    answer = page(None).client.post("/records/search", headers={"Referer": "http://localhost/records/trash"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/records/trash&unsaved=1")


# --- the session ---------------------------------------------------------------------------------------------------


def test_the_cookie_is_kept_from_scripts_and_other_sites(page: OpenPage, make_account: MakeAccount) -> None:
    header = sign_in(page(None), make_account().email).headers["Set-Cookie"]
    name, *marks = [part.strip() for part in header.split(";")]
    assert name.startswith("session=")
    assert set(marks) == {"HttpOnly", "Path=/", "SameSite=Lax"}


def test_over_https_the_cookie_is_bound_to_this_host(make_app: Callable[..., Flask], make_account: MakeAccount) -> None:
    secure = make_app(BASE_URL="https://records.example.com").test_client()
    header = secure.get("/login", base_url="https://localhost").headers["Set-Cookie"]
    name, *marks = [part.strip() for part in header.split(";")]
    assert name.startswith("__Host-session=")
    assert set(marks) == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_signing_in_changes_the_session_and_an_old_one_is_worth_nothing(
    app: Flask, page: OpenPage, make_account: MakeAccount
) -> None:
    person, account = page(None), make_account()
    person.get("/login")
    before = cookie(person.client)
    sign_in(person, account.email)
    first = cookie(person.client)
    assert first != before
    assert with_cookie(app, before).get("/records").status_code == 303
    token = person.csrf_token()
    person.client.post("/login", data={"email": account.email, "password": PASSWORD, "csrf_token": token})
    assert cookie(person.client) != first
    assert person.get("/records").status_code == 200
    assert with_cookie(app, first).get("/records").status_code == 303


def test_a_captured_cookie_dies_with_the_sign_out_in_every_process(
    make_app: Callable[..., Flask], make_account: MakeAccount
) -> None:
    one, other = make_app(), make_app()
    person = Person(one.test_client()).sign_in(make_account("viewer"))
    captured = cookie(person.client)
    assert with_cookie(other, captured).get("/records").status_code == 200
    person.post("/logout")
    for app in (one, other):
        assert with_cookie(app, captured).get("/records").status_code == 303


@pytest.mark.parametrize("cut", [slice(1, None), slice(None, -1), slice(0, 0)])
def test_a_tampered_cookie_is_nobody_and_no_error(app: Flask, page: OpenPage, cut: slice) -> None:
    captured = cookie(page("viewer").client) or ""
    assert with_cookie(app, captured[cut]).get("/records").status_code == 303
    assert with_cookie(app, captured[cut]).get("/login").status_code == 200


def test_the_table_holds_no_token(app: Flask, page: OpenPage) -> None:
    person = page("viewer")
    with person.client.session_transaction() as session:
        assert set(session) == {"_user_id", "_fresh", "csrf_token"} - ({"csrf_token"} - set(session))
        token = session["_user_id"]
    with app.app_context():
        stored = db.session.scalars(select(BrowserSession)).one()
    assert token.encode() not in stored.token_hash
    assert len(token) >= 43


def test_an_idle_session_ends_on_the_server_and_says_why(app: Flask, page: OpenPage) -> None:
    person, start = page("viewer"), datetime.now(UTC)
    with time_machine.travel(start + timedelta(minutes=29)) as clock:
        assert person.get("/records").status_code == 200
        app.extensions["credentials_bell"].ring()  # what was remembered is older than the traveller's clock
        clock.move_to(start + timedelta(minutes=58))
        assert person.get("/records").status_code == 200
        clock.move_to(start + timedelta(minutes=89))
        captured = cookie(person.client)
        assert person.get("/records").headers["Location"] == "/login?next=/records"
        assert with_cookie(app, captured).get("/records").status_code == 303
        words = "You were signed out after 30 minutes. Sign in to go on where you were."
        assert words in person.get("/login").text
        assert words not in person.get("/login").text


def test_a_session_in_use_ends_after_its_longest_time(app: Flask, page: OpenPage) -> None:
    person, start = page("viewer"), datetime.now(UTC)
    with time_machine.travel(start) as clock:
        for quarter in range(1, 4 * 12):
            clock.move_to(start + timedelta(minutes=15 * quarter))
            app.extensions["credentials_bell"].ring()
            assert person.get("/records").status_code == 200
        clock.move_to(start + timedelta(hours=12, seconds=1))
        assert person.get("/records").status_code == 303
        assert "You were signed out after 12 hours." in person.get("/login").text


def test_a_form_without_the_sessions_token_is_refused(page: OpenPage, make_account: MakeAccount) -> None:
    person, stranger = page(None), page(None)
    body = {"email": make_account().email, "password": PASSWORD}
    assert person.client.post("/login", data=body).status_code == 400
    foreign = {**body, "csrf_token": stranger.csrf_token()}
    assert person.client.post("/login", data=foreign).status_code == 400
    signed_in = page("viewer")
    assert signed_in.client.post("/logout").status_code == 400
    assert signed_in.get("/records").status_code == 200


HERE, ELSEWHERE = "https://records.example.com", "https://evil.example"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({}, 422),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        ({"Sec-Fetch-Site": "none"}, 422),
        ({"Sec-Fetch-Site": "same-origin", "Origin": f"{HERE}:8443", "Referer": f"{HERE}:8443/login"}, 422),
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site", "Origin": HERE}, 400),
        ({"Origin": HERE}, 422),
        ({"Origin": ELSEWHERE, "Referer": f"{HERE}/login"}, 400),
        ({"Origin": "null"}, 400),
        ({"Origin": "https://records.example.com:none"}, 400),
        ({"Referer": f"{HERE}/login?next=/records"}, 422),
        ({"Referer": f"{ELSEWHERE}/{HERE}/"}, 400),
        ({"Referer": "http://records.example.com/login"}, 400),
    ],
)
def test_a_form_with_the_sessions_token_is_refused_when_the_browser_says_it_comes_from_elsewhere(
    make_app: Callable[..., Flask], told: dict[str, str], status: int
) -> None:
    client = make_app(BASE_URL=HERE).test_client()
    token = client.get("/login", base_url=HERE).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    body = {"email": "nobody@example.com", "password": "x", "csrf_token": token}
    assert client.post("/login", data=body, headers=told, base_url=HERE).status_code == status


@pytest.mark.parametrize(
    ("told", "is_refused"),
    [
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, True),
    ],
)
def test_a_page_that_hides_its_address_is_judged_by_what_it_cannot_hide(
    make_app: Callable[..., Flask], told: dict[str, str], is_refused: bool
) -> None:
    client = make_app(BASE_URL=HERE).test_client()
    token = client.get("/login", base_url=HERE).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = client.post("/reset-password", data={"token": "x", "csrf_token": token}, headers=told, base_url=HERE)
    assert ("This form is out of date" in answer.text) == is_refused


def test_a_bearer_opens_no_page(app: Flask, page: OpenPage, api: Callable[..., JsonClient]) -> None:
    bearer = {"Authorization": f"Bearer {api('admin').token}"}
    assert page(None).get("/records", headers=bearer).status_code == 303


def test_signing_in_is_limited_by_address_on_the_page_too(
    app: Flask, page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = replace(app.extensions["config"], rate_limit_auth_per_minute=2)
    monkeypatch.setitem(app.extensions, "config", changed)
    person = page(None)
    token = person.csrf_token()
    body = {"email": "nobody@example.com", "password": "x", "csrf_token": token}
    here = {"REMOTE_ADDR": "192.0.2.78"}
    with time_machine.travel(datetime.now(UTC), tick=False):
        found = [person.client.post("/login", data=body, environ_base=here) for _ in range(3)]
    assert [answer.status_code for answer in found] == [422, 422, 429]
    assert found[2].headers["Retry-After"]

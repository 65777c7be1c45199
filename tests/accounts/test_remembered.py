"""Staying signed in: a cookie that is good once at a time, ends with everything else, and proves nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts import managing, mfa, retention
from app.accounts.models import BrowserSession
from app.accounts.models_remembered import RememberedBrowser, RememberToken
from app.core.audit import AuditEntry
from app.core.database import utc_now
from app.core.identity import system_actor
from app.extensions import db
from tests.accounts.second_factor import enrolled
from tests.browsing import JsonClient, Person, said
from tests.factories import PASSWORD, MadeAccount

OpenPage = Callable[..., Person]
MakeAccount = Callable[..., MadeAccount]
OTHER_TAB_IS_LONG_AGO = timedelta(seconds=11)


def token_of(client: FlaskClient) -> str | None:
    found = client.get_cookie("remember")
    return found.value if found else None


@pytest.fixture
def kept(page: OpenPage, make_account: MakeAccount) -> Person:
    """Sign a supervisor in who asked to be kept signed in."""
    return remembering(page(None), make_account("supervisor"))


def remembering(person: Person, account: MadeAccount) -> Person:
    answer = person.submit("/login", email=account.email, password=PASSWORD, remember="true")
    assert answer.status_code == 303, answer.text
    person.account = account
    assert token_of(person.client)
    return person


def closed(person: Person) -> Person:
    """Close the browser: what lives with its windows is gone."""
    person.client.delete_cookie("session")
    return person


def with_token(app: Flask, token: str | None) -> Person:
    """Return another browser that holds a copy of the cookie."""
    person = Person(app.test_client())
    person.client.set_cookie("remember", token or "")
    return person


def comes_back(person: Person) -> bool:
    """Open a page as somebody whose session is gone; tell whether it opened without a password."""
    return person.get("/records", follow_redirects=True).request.path == "/records"


def trail(app: Flask) -> list[str]:
    with app.app_context():
        actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
        return [action for action in actions if action.startswith("session.")]


# --- coming back ---------------------------------------------------------------------------------------------------


def test_without_the_tick_nothing_is_kept(page: OpenPage) -> None:
    person = page("viewer")
    assert token_of(person.client) is None
    assert not comes_back(closed(person))


def test_whoever_is_remembered_comes_back_to_the_page_they_wanted(app: Flask, kept: Person) -> None:
    first = token_of(kept.client)
    answer = closed(kept).get("/records?page=2")
    assert answer.location == "/login?next=/records?page%3D2"
    answer = kept.get(answer.location)
    assert (answer.status_code, answer.location) == (303, "/records?page=2")
    assert token_of(kept.client) not in (None, first)
    assert kept.get("/records").status_code == 200
    assert trail(app) == ["session.started", "session.started"]


def test_the_cookie_is_guarded_as_the_session_is(kept: Person) -> None:
    cookie = kept.client.get_cookie("remember")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.max_age) == (True, "Lax", "/", 30 * 86400)


def test_over_https_the_cookie_is_bound_to_this_host(make_app: Callable[..., Flask], make_account: MakeAccount) -> None:
    app, account = make_app(BASE_URL="https://records.example.com"), make_account("viewer")
    client = app.test_client()
    person = Person(client)
    origin = {"base_url": "https://records.example.com"}
    form = Person(client).get("/login", **origin)
    assert form.status_code == 200
    token = form.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    values = {"email": account.email, "password": PASSWORD, "remember": "true", "csrf_token": token}
    answer = person.client.post("/login", data=values, headers={"Referer": "https://records.example.com/"}, **origin)
    (cookie,) = (value for value in answer.headers.getlist("Set-Cookie") if "remember" in value)
    assert cookie.startswith("__Host-remember=")
    for guard in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert guard in cookie
    assert "Domain" not in cookie


def test_the_table_holds_no_token(app: Flask, kept: Person) -> None:
    token = token_of(kept.client) or ""
    with app.app_context():
        (stored,) = db.session.scalars(select(RememberToken.token_hash)).all()
    assert token.encode() not in stored


def test_the_tick_stays_where_the_password_was_wrong(page: OpenPage, make_account: MakeAccount) -> None:
    person = page(None)
    answer = person.submit("/login", email=make_account("viewer").email, password="wrong", remember="true")
    assert answer.status_code == 422
    assert person.form("/login").values["remember"] == "false"
    assert 'name="remember" value="true" aria-describedby="h-remember e-remember" checked' in answer.text


def test_the_password_is_asked_for_after_thirty_days_however_often_it_was_used(app: Flask, kept: Person) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=29)):
        assert comes_back(closed(kept))
    with time_machine.travel(datetime.now(UTC) + timedelta(days=30, minutes=1)):
        assert not comes_back(closed(kept))
        assert token_of(kept.client) is None
        with app.app_context():
            retention.purge(utc_now())
            assert db.session.scalars(select(RememberedBrowser.id)).all() == []


def test_what_was_sent_meanwhile_is_said_to_be_unsaved(kept: Person) -> None:
    closed(kept)
    sent = kept.client.post("/settings/profile", data={"full_name": "Asha Verma"})
    answer = kept.get(sent.location, follow_redirects=True)
    assert "What you last sent was not saved. Send it once more." in answer.text


# --- what a copy is worth ------------------------------------------------------------------------------------------


def test_a_used_token_that_comes_again_ends_all_that_came_of_it(app: Flask, kept: Person) -> None:
    copied = token_of(kept.client)
    assert comes_back(closed(kept))
    with time_machine.travel(datetime.now(UTC) + OTHER_TAB_IS_LONG_AGO):
        answer = with_token(app, copied).get("/login")
        assert "was shown twice, so it may have been copied" in answer.text
        assert trail(app)[-1] == "session.refresh_reused"
        assert kept.get("/records").location == "/login?next=/records"
        assert not comes_back(kept)


def test_a_thief_who_comes_first_is_put_out_when_the_owner_comes(app: Flask, kept: Person) -> None:
    thief = with_token(app, token_of(kept.client))
    assert comes_back(thief)
    with time_machine.travel(datetime.now(UTC) + OTHER_TAB_IS_LONG_AGO):
        assert not comes_back(closed(kept))
        assert thief.get("/records").status_code == 303
        assert not comes_back(closed(thief))


def test_several_pages_opened_at_once_are_one_sign_in(app: Flask, kept: Person) -> None:
    other_tab = with_token(app, token_of(kept.client))
    assert comes_back(closed(kept))
    answer = other_tab.get("/login?next=/records")
    assert answer.location == "/login?next=/records&again=1"
    assert other_tab.get(answer.location).status_code == 200
    assert kept.get("/records").status_code == 200
    assert comes_back(closed(kept))


def test_one_token_shown_many_times_at_once_opens_one_session(app: Flask, kept: Person) -> None:
    copies = [with_token(app, token_of(kept.client)) for _ in range(6)]
    with ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda one: one.get("/login?again=1"), copies))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [303]
    with app.app_context():
        assert len(db.session.scalars(select(BrowserSession.id)).all()) == 2
        assert db.session.scalars(select(RememberedBrowser.ended_at)).all() == [None]


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: token[::-1], lambda token: token * 80])
def test_a_tampered_cookie_is_ignored_and_locks_nobody_out(
    app: Flask, kept: Person, change: Callable[[str], str]
) -> None:
    answer = with_token(app, change(token_of(kept.client) or "")).get("/login")
    assert answer.status_code == 200
    assert "There is a problem" not in answer.text
    assert comes_back(closed(kept))


def test_the_token_opens_nothing_but_the_sign_in_page(app: Flask, kept: Person) -> None:
    token = token_of(kept.client)
    thief = with_token(app, token)
    assert thief.get("/records").status_code == 303
    assert thief.client.get("/api/v1/auth/me").status_code == 401
    for path in ("/users/", "/auth/me"):
        assert JsonClient(app.test_client(), token).get(path).status_code == 401
    other = app.test_client()
    other.set_cookie("session", token or "")
    assert other.get("/records").status_code == 303


# --- what ends it --------------------------------------------------------------------------------------------------


def test_signing_out_ends_it_on_the_server(app: Flask, kept: Person) -> None:
    captured = token_of(kept.client)
    kept.post("/logout")
    assert token_of(kept.client) is None
    assert not comes_back(with_token(app, captured))


def test_signing_out_ends_it_without_a_session_too(app: Flask, kept: Person) -> None:
    captured = token_of(kept.client)
    closed(kept).submit("/logout")
    assert not comes_back(with_token(app, captured))


def test_whoever_signs_in_next_takes_its_place(app: Flask, kept: Person, make_account: MakeAccount) -> None:
    captured, other = token_of(kept.client), make_account("viewer")
    page = kept.get("/logout").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    kept.client.post("/login", data={"email": other.email, "password": PASSWORD, "csrf_token": token})
    assert token_of(kept.client) is None
    assert not comes_back(with_token(app, captured))


@pytest.mark.parametrize("change", ["password", "reset", "role", "disabled", "factor", "factors reset"])
def test_it_ends_with(app: Flask, kept: Person, api: Callable[..., JsonClient], page: OpenPage, change: str) -> None:
    account, captured = kept.account, token_of(kept.client)
    assert account is not None
    if change == "password":
        kept.submit(
            "/settings/security/password",
            current_password=PASSWORD,
            new_password="Another-4-Teacups",
            new_password_confirmation="Another-4-Teacups",
        )
    elif change == "factor":
        enrolled(api, account)
    else:
        with app.app_context():
            end(account, change)
    assert not comes_back(with_token(app, captured))


def end(account: MadeAccount, change: str) -> None:
    if change == "role":
        managing.change_account(account.id, {"role": "viewer"}, actor=system_actor())
    elif change == "disabled":
        managing.disable_account(account.id, actor=system_actor())
    elif change == "factors reset":
        mfa.reset(account.id, actor=system_actor())
    else:
        from_now = update(RememberedBrowser).values(ended_at=utc_now())
        db.session.execute(from_now)
        db.session.commit()


def test_a_role_that_came_to_need_a_second_factor_is_not_remembered_without_one(
    make_app: Callable[..., Flask], kept: Person
) -> None:
    strict = make_app(MFA_REQUIRED_ROLES="supervisor")
    assert not comes_back(with_token(strict, token_of(kept.client)))


# --- with a second step --------------------------------------------------------------------------------------------


def test_the_tick_outlives_the_second_step_which_is_not_asked_again(
    app: Flask, page: OpenPage, api: Callable[..., JsonClient], make_account: MakeAccount
) -> None:
    account = make_account("editor")
    _system, phone = enrolled(api, account)
    person = page(None)
    answer = person.submit("/login", email=account.email, password=PASSWORD, remember="true")
    assert token_of(person.client) is None
    answer = person.submit(answer.location.partition("?")[0], code=phone.code())
    assert answer.status_code == 303
    assert token_of(person.client)
    assert comes_back(closed(person))


def test_the_password_alone_makes_nothing_worth_keeping(
    app: Flask, page: OpenPage, api: Callable[..., JsonClient], make_account: MakeAccount
) -> None:
    account = make_account("editor")
    enrolled(api, account)
    person = page(None)
    person.submit("/login", email=account.email, password=PASSWORD, remember="true")
    with app.app_context():
        assert db.session.scalars(select(RememberedBrowser.id)).all() == []


# --- where it shows ------------------------------------------------------------------------------------------------


def test_a_remembered_browser_is_listed_once_and_can_be_ended_from_elsewhere(
    app: Flask, kept: Person, page: OpenPage, api: Callable[..., JsonClient]
) -> None:
    here, system = page(account=kept.account), api(account=kept.account)
    listed = said(system.get("/auth/sessions"))["data"]
    assert [(one["kind"], one["is_remembered"]) for one in listed] == [
        ("api", False),
        ("browser", False),
        ("browser", True),
    ]
    assert here.get("/settings/sessions").text.count("Stays signed in") == 1
    with app.app_context():
        idle = update(BrowserSession).where(BrowserSession.remembered_id.is_not(None))
        db.session.execute(idle.values(last_seen_at=utc_now() - timedelta(hours=1)))
        db.session.commit()
    (still,) = (one for one in said(system.get("/auth/sessions"))["data"] if one["is_remembered"])
    assert system.delete(f"/auth/sessions/{still['id']}").status_code == 204
    assert not comes_back(closed(kept))


def test_ending_its_session_ends_it(app: Flask, kept: Person, api: Callable[..., JsonClient]) -> None:
    system = api(account=kept.account)
    (one,) = (one for one in said(system.get("/auth/sessions"))["data"] if one["is_remembered"])
    assert system.delete(f"/auth/sessions/{one['id']}").status_code == 204
    assert kept.get("/records").status_code == 303
    assert not comes_back(kept)

"""What an attacker may try at sign-in and mails: telling answers apart, look-alike names, hosts, redirects, cookies."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.accounts import keys
from app.core.identity import system_actor
from app.extensions import db
from tests.accounts.second_factor import enrolled, first_step
from tests.browsing import JsonClient, PageReader, Person, said
from tests.factories import PASSWORD, MadeAccount
from tests.mailbox import Mailbox, text_of

MakeAccount = Callable[..., MadeAccount]
OpenPage = Callable[..., Person]
Api = Callable[..., JsonClient]
AUTH = "/api/v1/auth"
NEW, WRONG = "Another-5-Teacups", "Not-the-1-password"
EACH_ANSWERS_OWN = {"X-Request-ID", "Date"}


@pytest.fixture
def still() -> Iterator[None]:
    """Hold the clock, so that no answer differs by a second."""
    with time_machine.travel(datetime.now(UTC).replace(microsecond=0), tick=False):
        yield


def in_database(app: Flask, statement: str, **values: Any) -> None:
    """Change something behind the program's back."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(statement), values)


def states(app: Flask, make_account: MakeAccount) -> dict[str, str]:
    """Return an address in every state an account can have, and one without an account."""
    found = {name: make_account().email for name in ("known", "unverified", "disabled", "deleted", "without password")}
    sets = {
        "unverified": "email_verified = 0",
        "disabled": "is_active = 0",
        "deleted": "is_active = 0, deleted_at = '2026-01-01 00:00:00'",
        "without password": "password_hash = NULL, email_verified = 0",
    }
    for name, change in sets.items():
        in_database(app, f"UPDATE accounts SET {change} WHERE email = :email", email=found[name])
    return {**found, "unknown": "nobody@example.com"}


def seen(answer: TestResponse, *own: str) -> tuple[Any, ...]:
    """Return all that can be seen of an answer but what is in every answer its own, `own` words among it."""
    body = answer.get_data(as_text=True)
    body = re.sub(r'name="csrf_token" value="[^"]*"|"request_id":"[^"]*"|idempotency_key" value="[^"]*"', "", body)
    body = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", body)
    for word in own:
        body = body.replace(word, "…")
    headers = {k: v for k, v in answer.headers.items() if k not in EACH_ANSWERS_OWN | {"Set-Cookie", "Content-Length"}}
    cookies = [cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie")]
    return answer.status_code, body, headers, cookies


# --- alike answers -------------------------------------------------------------------------------------------------


def test_the_page_answers_every_state_of_an_account_alike(
    app: Flask, page: OpenPage, make_account: MakeAccount, still: None
) -> None:
    accounts = states(app, make_account)
    for tries in range(7):
        answers = {
            name: seen(page(None).submit("/login", email=email, password=WRONG), email)
            for name, email in accounts.items()
        }
        assert all(answer == answers["unknown"] for answer in answers.values()), tries
        assert answers["unknown"][0] == (422 if tries < 5 else 423)


def test_the_api_answers_every_state_of_an_account_alike(
    app: Flask, client: FlaskClient, make_account: MakeAccount, still: None
) -> None:
    accounts = states(app, make_account)
    for tries in range(7):
        answers = {
            name: seen(client.post(f"{AUTH}/login", json={"email": email, "password": WRONG}))
            for name, email in accounts.items()
        }
        assert all(answer == answers["unknown"] for answer in answers.values()), tries
        assert answers["unknown"][0] == (401 if tries < 5 else 423)
        assert answers["unknown"][3] == []
    # The lock tells nothing of the password either.
    right, wrong = (
        seen(client.post(f"{AUTH}/login", json={"email": accounts["known"], "password": word}))
        for word in (PASSWORD, WRONG)
    )
    assert right == wrong


@pytest.mark.usefixtures("earnest_hashes")
def test_a_locked_name_with_an_account_costs_as_much_as_one_without(
    client: FlaskClient, make_account: MakeAccount
) -> None:
    """Compare work done, not time passed: other tests keep the machine busy."""
    names = {"known": make_account().email, "unknown": "nobody@example.com"}
    for name in names.values():
        for _ in range(5):
            client.post(f"{AUTH}/login", json={"email": name, "password": WRONG})
    costs: dict[str, list[float]] = {"known": [], "unknown": []}
    for turn in range(12):
        for kind, name in names.items():
            began = time.thread_time()
            answer = client.post(f"{AUTH}/login", json={"email": name, "password": PASSWORD if turn % 2 else WRONG})
            costs[kind].append(time.thread_time() - began)
            assert answer.status_code == 423
    assert min(costs["unknown"]) / 1.7 < min(costs["known"]) < min(costs["unknown"]) * 1.7


@pytest.mark.parametrize("path", ["/forgot-password", "/resend-verification"])
def test_asking_for_a_mail_on_the_page_tells_nobody_anything(
    app: Flask, page: OpenPage, make_account: MakeAccount, path: str, still: None
) -> None:
    answers = {}
    for name, email in states(app, make_account).items():
        person = page(None)
        first = person.submit(path, email=email)
        answers[name] = (seen(first, email), seen(person.get(first.headers["Location"]), email))
    assert all(answer == answers["unknown"] for answer in answers.values())


# --- look-alike names ----------------------------------------------------------------------------------------------

LOOK_ALIKE = [
    ("mike@example.com", "m\u0131ke@example.com"),
    ("mike@example.com", "M\u0130KE@example.com"),
    ("kim@example.com", "\u212aim@example.com"),
    ("strasse@example.com", "stra\u00dfe@example.com"),
    ("strasse@example.com", "STRA\u1e9eE@example.com"),
    ("asha@example.com", "ash\u00e1@example.com"),
    ("asha@example.com", "\u0430sha@example.com"),
    ("asha@example.com", "asha@example.com\u200b"),
    ("asha@example.com", "asha@example.com\u0000"),
    ("office@example.com", "o\ufb03ce@example.com"),
    ("asha@bucher.example", "asha@b\u00fccher.example"),
]
CALLS: dict[str, Callable[[str], dict[str, str]]] = {
    "login": lambda name: {"email": name, "password": PASSWORD},
    "password/forgot": lambda name: {"email": name},
    "resend-verification": lambda name: {"email": name},
    "register": lambda name: {"email": name, "password": NEW},
}


def snapshot(app: Flask, email: str) -> list[Any]:
    with app.app_context():
        found = db.session.execute(text("SELECT * FROM accounts WHERE email = :email"), {"email": email}).all()
        return [tuple(row) for row in found]


@pytest.mark.parametrize(("name", "other"), LOOK_ALIKE)
def test_a_look_alike_name_neither_opens_nor_mails_nor_locks_an_account(
    app: Flask, client: FlaskClient, make_account: MakeAccount, mailbox: Mailbox, name: str, other: str
) -> None:
    make_account(email=name)
    before = snapshot(app, name)
    for call, body in CALLS.items():
        answer = client.post(f"{AUTH}/{call}", json=body(other))
        assert answer.status_code in ({401} if call == "login" else {201, 202, 422}), call
    for _ in range(6):
        client.post(f"{AUTH}/login", json={"email": other, "password": WRONG})
    assert mailbox.to(name) == []
    assert all(mail["To"] == "asha@xn--bcher-kva.example" for mail in mailbox.fetch())
    assert snapshot(app, name) == before
    assert client.post(f"{AUTH}/login", json={"email": name, "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("other", ["adm\u0131n", "\uff41dmin", "\u0430dmin", "admin\u200b", "ADM\u0130N"])
def test_a_look_alike_username_opens_nothing(client: FlaskClient, make_account: MakeAccount, other: str) -> None:
    make_account(username="admin")
    assert client.post(f"{AUTH}/login", json={"email": other, "password": PASSWORD}).status_code == 401
    taken = client.post(f"{AUTH}/register", json={"email": "x@example.com", "password": NEW, "username": other})
    assert taken.status_code == 422
    assert client.post(f"{AUTH}/login", json={"email": "admin", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize(
    "spelt",
    [
        " asha@example.com",
        "asha@example.com  ",
        "ASHA@Example.COM",
        "\u00a0asha@example.com\u3000",
        "asha@example.com\n",
    ],
)
def test_blanks_and_case_are_the_same_name_and_mail_goes_to_the_stored_address(
    client: FlaskClient, make_account: MakeAccount, mailbox: Mailbox, spelt: str
) -> None:
    make_account(email="asha@example.com")
    assert client.post(f"{AUTH}/password/forgot", json={"email": spelt}).status_code == 202
    assert client.post(f"{AUTH}/register", json={"email": spelt, "password": NEW}).status_code == 409
    assert [mail["To"] for mail in mailbox.fetch()] == ["asha@example.com"] * 2
    for mail in mailbox.fetch():
        assert set(mail.keys()) & {"Cc", "Bcc"} == set()


@pytest.mark.parametrize(
    "typed",
    [
        "asha@example.com,evil@example.net",
        "asha@example.com evil@example.net",
        "asha@example.com\r\nBcc: evil@example.net",
        "Asha <asha@example.com>",
        '"asha@example.com" <evil@example.net>',
        "asha@example.com%0aBcc:evil@example.net",
        ["asha@example.com", "evil@example.net"],
        {"email": "asha@example.com"},
    ],
)
def test_one_address_is_one_address(
    client: FlaskClient, make_account: MakeAccount, mailbox: Mailbox, typed: Any
) -> None:
    make_account(email="asha@example.com")
    for call in ("password/forgot", "resend-verification", "register"):
        answer = client.post(
            f"{AUTH}/{call}", json={"email": typed, "password": NEW} if call == "register" else {"email": typed}
        )
        assert answer.status_code in {202, 422}, call
    assert [mail for mail in mailbox.fetch() if "evil" in mail.as_string() and mail["To"] != typed] == []


# --- hosts ---------------------------------------------------------------------------------------------------------

POISON = [
    {"Host": "evil.example"},
    {"Host": "127.0.0.1:8000@evil.example"},
    {"X-Forwarded-Host": "evil.example"},
    {"Forwarded": "host=evil.example;proto=https"},
    {"X-Host": "evil.example", "X-Original-Host": "evil.example", "X-Rewrite-URL": "http://evil.example/"},
    {"Origin": "http://evil.example", "Referer": "http://evil.example/"},
    {"X-Forwarded-Proto": "https", "X-Forwarded-Port": "666", "X-Forwarded-Prefix": "/evil.example"},
]


@pytest.mark.parametrize("headers", POISON)
@pytest.mark.parametrize("proxies", ["0", "1"])
def test_no_header_reaches_a_link_in_a_mail(
    make_app: Callable[..., Flask], make_account: MakeAccount, mailbox: Mailbox, headers: dict[str, str], proxies: str
) -> None:
    client, account = make_app(TRUSTED_PROXIES=proxies).test_client(), make_account()
    client.post(f"{AUTH}/password/forgot", json={"email": account.email}, headers=headers)
    client.post(f"{AUTH}/register", json={"email": "new@example.com", "password": NEW}, headers=headers)
    client.post(f"{AUTH}/resend-verification", json={"email": "new@example.com"}, headers=headers)
    for mail in mailbox.fetch():
        assert_links_home(mail)


def assert_links_home(mail: EmailMessage) -> None:
    whole = "\n".join((mail.as_string(), text_of(mail), text_of(mail, "html")))
    assert "evil" not in whole
    assert ":666" not in whole
    links = re.findall(r"https?://[^\s\"'<>]+", text_of(mail) + text_of(mail, "html"))
    assert links
    assert {urlsplit(link.rstrip(".")).netloc for link in links} == {"127.0.0.1:8000"}, links


def test_a_foreign_host_is_refused_in_production_and_mails_nothing(
    make_app: Callable[..., Flask], make_account: MakeAccount, mailbox: Mailbox
) -> None:
    app = make_app(APP_ENV="production", BASE_URL="https://records.example.com", WEB_CONCURRENCY="1")
    account = make_account()
    client = app.test_client()
    for path in (f"{AUTH}/password/forgot", "/forgot-password", "/login"):
        answer = client.post(path, json={"email": account.email}, headers={"Host": "evil.example"})
        assert answer.status_code == 400, path
        assert "evil" not in answer.text
    assert mailbox.fetch() == []


# --- redirects -----------------------------------------------------------------------------------------------------

AWAY = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/%2f/evil.example",
    "/%5cevil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http:evil.example",
    "https:/evil.example",
    "/records@evil.example//evil.example/..//",
    "/..//evil.example",
    "/\r\nLocation: https://evil.example",
    "http://127.0.0.1:8000@evil.example/",
    "//127.0.0.1:8000\\@evil.example/",
    "\u2215\u2215evil.example",
    "/./\\evil.example",
    " //evil.example",
    "/records\u0000//evil.example",
    "?next=//evil.example",
    "#//evil.example",
    "evil.example",
]


def assert_stays(answer: TestResponse) -> None:
    for name in ("Location", "HX-Redirect", "HX-Location", "HX-Push-Url", "Refresh"):
        target = answer.headers.get(name, "/")
        # Browsers read \\ as /, and // as the beginning of a host; dots and escapes within a path move no host.
        assert re.fullmatch(r"/(?!/)[^\\\x00-\x20\x7f-\uffff]*", target), (name, target)
        assert urljoin("http://here.example/login", target).startswith("http://here.example/"), (name, target)


@pytest.mark.parametrize("target", AWAY)
def test_no_way_in_or_out_leads_off_this_site(page: OpenPage, make_account: MakeAccount, target: str) -> None:
    account = make_account()
    person = page(None)
    token = person.csrf_token()
    form = {"csrf_token": token, "email": account.email, "password": PASSWORD, "next": target}
    for extra in ({}, {"HX-Request": "true"}):
        assert_stays(person.client.get("/login", query_string={"next": target}, headers=extra))
        shown = {"Referer": target, "HX-Current-URL": target} if target.isascii() and target.isprintable() else {}
        assert_stays(person.client.get("/settings/profile", headers={**shown, **extra}))
        assert_stays(person.client.post("/settings/profile", headers={**shown, **extra}))
    inside = person.client.post("/login", data=form)
    assert inside.status_code == 303
    assert_stays(inside)
    assert_stays(person.client.get("/login", query_string={"next": target}))
    assert_stays(person.client.get("/login/second-step", query_string={"next": target}))
    assert_stays(person.post("/logout", {"next": target}))


def test_the_second_step_carries_no_foreign_target(api: Api, page: OpenPage, make_account: MakeAccount) -> None:
    account = make_account()
    _, phone = enrolled(api, account)
    person = page(None)
    asked = person.submit("/login", email=account.email, password=PASSWORD, next="//evil.example")
    assert_stays(asked)
    assert "evil" not in asked.headers["Location"]
    shown = person.get("/login/second-step?next=//evil.example")
    assert "evil" not in shown.text
    token = next(form.values["csrf_token"] for form in PageReader(shown.text).forms if "csrf_token" in form.values)
    form = {"csrf_token": token, "code": phone.code(), "next": "https://evil.example"}
    done = person.client.post("/login/second-step", data=form)
    assert done.status_code == 303, done.text[:500]
    assert_stays(done)


# --- sessions ------------------------------------------------------------------------------------------------------


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    assert cookie is not None
    return cookie.value


def opens(app: Flask, cookie: str, path: str = "/settings/security") -> bool:
    """Tell whether a captured cookie opens a page in another browser."""
    thief = app.test_client()
    thief.set_cookie("session", cookie)
    return thief.get(path).status_code == 200


def test_a_session_that_was_planted_is_not_the_one_that_signs_in(
    app: Flask, page: OpenPage, make_account: MakeAccount
) -> None:
    account, victim = make_account(), page(None)
    victim.get("/login")
    planted = cookie_of(victim.client)
    victim.submit("/login", email=account.email, password=PASSWORD)
    assert not opens(app, planted)
    assert opens(app, cookie_of(victim.client))


def test_an_attackers_own_session_planted_before_sign_in_ends_with_it(
    app: Flask, page: OpenPage, make_account: MakeAccount
) -> None:
    attacker, account = page("viewer"), make_account()
    token = attacker.csrf_token()
    planted = cookie_of(attacker.client)
    victim = Person(app.test_client())
    victim.client.set_cookie("session", planted)
    answer = victim.client.post("/login", data={"csrf_token": token, "email": account.email, "password": PASSWORD})
    assert answer.status_code == 303
    assert cookie_of(victim.client) != planted
    shown = victim.get("/settings/profile").text
    assert account.email in shown
    assert attacker.account is not None
    assert attacker.account.email not in shown
    assert not opens(app, planted)


def test_no_session_is_taken_from_an_address_or_a_form(app: Flask, page: OpenPage) -> None:
    person = page("editor")
    cookie = cookie_of(person.client)
    thief = app.test_client()
    for name in ("session", "sid", "_user_id", "token", "session_id"):
        assert thief.get("/records", query_string={name: cookie}).status_code == 303
        assert thief.get("/records", headers={f"X-{name}": cookie, name: cookie}).status_code == 303


@pytest.mark.parametrize("deed", ["sign out", "change", "reset", "second factor"])
def test_a_captured_cookie_and_token_die_with(
    app: Flask, api: Api, page: OpenPage, make_account: MakeAccount, mailbox: Mailbox, deed: str
) -> None:
    account = make_account()
    person, other = page(account=account), page(account=account)
    captured = {"own": cookie_of(person.client), "other": cookie_of(other.client)}
    program = api(account=account)
    assert all(opens(app, cookie) for cookie in captured.values())
    if deed == "sign out":
        assert person.post("/logout").status_code == 303
        del captured["other"]
    elif deed == "change":
        values = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirmation": NEW}
        assert person.submit("/settings/security/password", **values).status_code == 303
        del captured["own"]  # it is the browser that changed it; its session lives on
    elif deed == "reset":
        page(None).submit("/forgot-password", email=account.email)
        link = mailbox.link(account.email)
        assert page(None).submit(link, "/reset-password", password=NEW, password_confirmation=NEW).status_code == 303
    else:
        enrolled(api, account)
    for name, cookie in captured.items():
        assert not opens(app, cookie), name
    if deed != "sign out":
        assert program.get("/auth/me").status_code == 401


def test_the_browser_that_changes_the_password_gets_another_session_token(app: Flask, page: OpenPage) -> None:
    person = page("editor")
    before = cookie_of(person.client)
    values = {"current_password": PASSWORD, "new_password": NEW, "new_password_confirmation": NEW}
    assert person.submit("/settings/security/password", **values).status_code == 303
    assert person.get("/settings/security").status_code == 200
    assert not opens(app, before)


# --- API keys ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["api_key", "apikey", "key", "access_token", "token", "authorization", "Authorization", "bearer", "x-api-key"],
)
def test_an_api_key_counts_in_its_header_only(
    app: Flask, client: FlaskClient, make_account: MakeAccount, name: str
) -> None:
    account = make_account("admin")
    with app.app_context():
        secret = keys.create_api_key(account.id, "tests", ["records:read"], actor=system_actor()).secret
    assert client.get("/api/v1/users/", query_string={name: secret}).status_code == 401
    assert client.get("/api/v1/users/", query_string={name: f"Bearer {secret}"}).status_code == 401
    assert client.get("/api/v1/users/", headers={"X-API-Key": secret, "Cookie": f"{name}={secret}"}).status_code == 401
    assert client.post("/api/v1/users/search/", json={"q": "as", name: secret}).status_code == 401
    assert client.get("/records", query_string={name: secret}).status_code == 303
    assert client.get("/records", headers={"Authorization": f"Bearer {secret}"}).status_code == 303
    for scheme in ("Basic", "Token", "Digest", ""):
        assert client.get("/api/v1/users/", headers={"Authorization": f"{scheme} {secret}"}).status_code == 401
    assert client.get("/api/v1/users/", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


# --- the second step -----------------------------------------------------------------------------------------------


def test_the_second_step_is_no_way_around_a_lock_or_another_account(
    app: Flask, api: Api, make_account: MakeAccount
) -> None:
    mine, theirs = make_account(), make_account()
    _, own_phone = enrolled(api, mine)
    enrolled(api, theirs)
    system, token = first_step(api, theirs)
    answer = system.post("/auth/login/mfa", json={"mfa_token": token, "code": own_phone.code()})
    assert (answer.status_code, said(answer)["code"]) == (401, "INVALID_CREDENTIALS")
    answer = system.post("/auth/login/mfa", json={"mfa_token": token, "code": own_phone.recovery_codes[0]})
    assert answer.status_code == 401
    for _ in range(4):
        answer = system.post("/auth/login/mfa", json={"mfa_token": token, "code": own_phone.wrong()})
    assert answer.status_code == 423
    # The tries at the second step and those at the password fill one count, and a fresh step does not empty it.
    assert api(None).post("/auth/login", json={"email": theirs.email, "password": PASSWORD}).status_code == 423


def test_an_address_that_locks_others_out_is_slowed_down_itself(
    app: Flask, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "config", replace(app.extensions["config"], rate_limit_auth_per_minute=4))
    client, here = app.test_client(), {"REMOTE_ADDR": "192.0.2.77"}
    with time_machine.travel(datetime.now(UTC), tick=False):
        found = [
            client.post(
                f"{AUTH}/login",
                json={"email": make_account().email, "password": WRONG},
                environ_base=here,
                headers={"X-Forwarded-For": f"192.0.2.{number}"},
            ).status_code
            for number in range(6)
        ]
    assert found == [401] * 4 + [429] * 2

"""Single sign-on against a real provider: the way there and back, whose account it is, and what it may do."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from flask import Flask
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import create_app
from app.accounts import unlinking
from app.accounts.models import Account, BrowserSession
from app.accounts.models_sso import AccountIdentity
from app.core.audit import AuditEntry
from app.core.database import utc_now
from app.core.errors import Forbidden
from app.core.identity import system_actor
from app.core.outbox import OutboxMessage
from app.extensions import db
from config import Config, ConfigError
from tests.accounts.second_factor import Phone, enrolled
from tests.browser.office import is_accessible
from tests.browsing import JsonClient, Person
from tests.factories import PASSWORD, MadeAccount
from tests.mailbox import Mailbox
from tests.services.oidc import CLIENT_ID, PERSON, Provider, settings_of
from tests.services.served import ROOT, Served
from tests.settings import settings_for

HERE = "http://127.0.0.1:8000"
CALLBACK = f"{HERE}/login/sso/callback"
MakeAccount = Callable[..., MadeAccount]
WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(("authlib", "joserfc", "requests")))
from importlib import util
found = util.find_spec
util.find_spec = lambda name, *rest: None if name in ("authlib", "joserfc", "requests") else found(name, *rest)
from app import create_app
from app.accounts import unlinking
create_app()
print("started")
"""
ROLES = {"OIDC_ROLE_CLAIM": "groups", "OIDC_ROLE_MAP": "hr-office=editor,hr-leads=admin"}


@pytest.fixture(scope="module")
def running_provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def provider(running_provider: Provider) -> Provider:
    running_provider.reset(CALLBACK)
    return running_provider


@dataclass
class Room:
    """An application that trusts the provider."""

    app: Flask

    def person(self) -> Person:
        return Person(self.app.test_client())

    def sign_in(self, person: Person | None = None, wanted: str = "") -> TestResponse:
        """Walk to the provider and back."""
        person = person or self.person()
        return person.get(there_and_back(person, wanted))

    def account(self, email: str = PERSON["email"]) -> Account | None:
        with self.app.app_context():
            return db.session.scalars(select(Account).where(Account.email == email)).one_or_none()

    def count(self, model: Any) -> int:
        with self.app.app_context():
            return len(db.session.scalars(select(model)).all())

    def trail(self) -> list[str]:
        with self.app.app_context():
            found = db.session.execute(select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.id))
            return [f"{row.action} {row.outcome}" for row in found if row.action != "account.created"]

    def events(self) -> list[str]:
        with self.app.app_context():
            return list(db.session.scalars(select(OutboxMessage.type).order_by(OutboxMessage.id)))


@pytest.fixture
def open_room(make_app: Callable[..., Flask], provider: Provider) -> Callable[..., Room]:
    return lambda **changes: Room(make_app(**settings_of(provider, **changes)))


@pytest.fixture
def room(open_room: Callable[..., Room]) -> Room:
    return open_room()


def there_and_back(person: Person, wanted: str = "") -> str:
    """Begin, sign in at the provider, and return the path it sends the browser back to."""
    away = person.get("/login/sso", query_string={"next": wanted} if wanted else None)
    assert away.status_code == 303, away.text
    back = requests.get(away.headers["Location"], allow_redirects=False, timeout=10)
    assert back.status_code == 302, back.text
    assert back.headers["Location"].startswith(f"{CALLBACK}?")
    return back.headers["Location"].removeprefix(HERE)


def is_in(person: Person) -> bool:
    return person.get("/settings/profile").status_code == 200


# --- the way there and back ----------------------------------------------------------------------------------------


def test_somebody_new_comes_in_as_a_member(room: Room) -> None:
    person = room.person()
    answer = room.sign_in(person)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings/profile")
    assert is_in(person)
    account = room.account()
    assert account is not None
    assert (account.role, account.email_verified, account.password_hash) == ("member", True, None)
    assert account.full_name == "Asha Bhat"
    assert room.trail() == ["account.registered success", "session.started success"]
    assert room.events() == ["user.registered", "user.logged_in"]


def test_an_account_is_found_by_its_address_and_then_by_the_subject(
    room: Room, provider: Provider, make_account: MakeAccount
) -> None:
    account = make_account("editor", email="asha@example.com")
    provider.person(email="ASHA@Example.com")
    person = room.person()
    assert room.sign_in(person, "/records/trash?page=2").headers["Location"] == "/records/trash?page=2"
    assert person.get("/records").status_code == 200
    provider.person(email="asha.bhat@elsewhere.example")
    assert room.sign_in().headers["Location"] == "/records"
    assert room.account("asha.bhat@elsewhere.example") is None
    with room.app.app_context():
        assert {one.account_id for one in db.session.scalars(select(BrowserSession))} == {account.id}
    assert room.trail() == ["account.updated success", *["session.started success"] * 2]


def test_the_way_there_carries_everything_that_guards_the_way_back(room: Room, provider: Provider) -> None:
    away = urlsplit(room.person().get("/login/sso").headers["Location"])
    asked = {name: value for name, (value,) in parse_qs(away.query).items()}
    assert f"{away.scheme}://{away.netloc}{away.path}" == f"{provider.issuer}/authorize"
    assert (asked["client_id"], asked["redirect_uri"], asked["response_type"]) == (CLIENT_ID, CALLBACK, "code")
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid email profile", "S256")
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43
    again = parse_qs(urlsplit(room.person().get("/login/sso").headers["Location"]).query)
    assert not {again[name][0] for name in ("state", "nonce", "code_challenge")} & set(asked.values())


def test_the_wanted_page_stays_on_this_site(room: Room, make_account: MakeAccount) -> None:
    make_account("editor", email="asha@example.com")
    assert room.sign_in(wanted="//evil.example/").headers["Location"] == "/records"


def test_the_session_is_new_and_the_one_before_is_over(
    open_room: Callable[..., Room], make_account: MakeAccount
) -> None:
    room, account = open_room(), make_account("editor", email="asha@example.com")
    person = room.person()
    back = there_and_back(person)
    person.sign_in(account)
    before = person.client.get_cookie("session")
    assert person.get(back).status_code == 400, "signing in empties the cookie, and with it the journey"
    assert before is not None
    person = room.person()
    assert room.sign_in(person).status_code == 303
    after = person.client.get_cookie("session")
    assert after is not None
    assert after.value != before.value
    assert person.get("/login/sso").headers["Location"] == "/records"


def test_the_button_stands_only_where_there_is_a_provider(app: Flask, room: Room) -> None:
    assert "Sign in with Test Office" in room.person().get("/login").text
    plain = Person(app.test_client())
    assert "/login/sso" not in plain.get("/login").text
    for path in ("/login/sso", "/login/sso/callback?state=a&code=b"):
        assert plain.get(path).status_code == 404


def test_what_only_the_user_info_tells_counts_too(open_room: Callable[..., Room], provider: Provider) -> None:
    room = open_room(OIDC_ROLE_CLAIM="realm.roles", OIDC_ROLE_MAP="hr-office=editor")
    provider.person(realm={"roles": ["hr-office"]})
    provider.behave(thin=True)
    assert room.sign_in().headers["Location"] == "/records"
    assert "/userinfo" in provider.calls()
    account = room.account()
    assert account is not None
    assert account.role == "editor"


def test_a_provider_may_want_the_secret_in_the_body_and_change_its_keys(room: Room, provider: Provider) -> None:
    provider.behave(auth_methods=["client_secret_post"])
    assert room.sign_in().status_code == 303
    provider.behave(auth_methods=["client_secret_post"], new_key="second")
    assert room.sign_in().status_code == 303
    assert room.sign_in().status_code == 303
    assert provider.calls().count("/keys") == 2
    assert provider.calls().count("/.well-known/openid-configuration") == 1


def test_what_a_provider_says_by_null_it_does_not_say(room: Room, provider: Provider) -> None:
    provider.behave(nulls=["token_endpoint_auth_methods_supported", "userinfo_endpoint"])
    assert room.sign_in().status_code == 303


# --- who gets in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["invite", "closed"])
def test_who_has_no_account_stays_out_where_nobody_may_register(open_room: Callable[..., Room], mode: str) -> None:
    room = open_room(REGISTRATION=mode)
    answer = room.sign_in()
    assert answer.status_code == 403
    assert "you have no account here. Ask an admin" in answer.text
    assert (room.account(), room.count(BrowserSession)) == (None, 0)
    assert room.trail() == ["session.failed denied"]


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "yes"},
        {"email_verified": 1},
        {"email": None},
        {"email": ["asha@example.com"]},
        {"email": "no address"},
        {"email": "asha@example.com\nx"},
        {"email": "ası@example.com"},
    ],
)
def test_an_address_nobody_vouches_for_opens_nothing(
    room: Room, provider: Provider, make_account: MakeAccount, claims: dict[str, Any]
) -> None:
    make_account("editor", email="asha@example.com")
    provider.person(**claims)
    person = room.person()
    answer = room.sign_in(person)
    assert answer.status_code == 403
    assert "does not vouch for your email address" in answer.text
    assert not is_in(person)
    assert room.count(AccountIdentity) == 0


def test_an_address_that_was_given_to_somebody_else_there_opens_nothing(room: Room, provider: Provider) -> None:
    room.sign_in()
    provider.person(sub="asha-2")
    answer = room.sign_in()
    assert answer.status_code == 403
    assert "belongs to another sign-in there" in answer.text


def test_a_disabled_account_stays_out_linked_or_not(room: Room, make_account: MakeAccount) -> None:
    make_account("editor", email="asha@example.com")
    for linked in (False, True):
        if linked:
            _sql(room, "UPDATE accounts SET is_active = 1")
            assert room.sign_in().status_code == 303
        _sql(room, "UPDATE accounts SET is_active = 0")
        answer = room.sign_in()
        assert (answer.status_code, "This account is disabled" in answer.text) == (403, True)
        assert room.count(AccountIdentity) == linked


def test_who_took_an_address_without_proving_it_loses_its_password(
    app: Flask, room: Room, make_account: MakeAccount
) -> None:
    account = make_account("member", email="asha@example.com")
    _sql(room, "UPDATE accounts SET email_verified = 0")
    assert room.sign_in().status_code == 303
    found = room.account()
    assert found is not None
    assert (found.email_verified, found.password_hash) == (True, None)
    thief = Person(app.test_client())
    assert thief.submit("/login", email=account.email, password=PASSWORD).status_code == 422
    assert "account.email_verified success" in room.trail()
    assert room.events() == ["user.email_verified", "user.logged_in"]


# --- roles ---------------------------------------------------------------------------------------------------------


def test_the_groups_there_decide_the_role_here(
    open_room: Callable[..., Room], provider: Provider, make_account: MakeAccount
) -> None:
    make_account("admin")
    room = open_room(**ROLES)
    person, before = room.person(), ""
    for groups, role in (
        (["hr-office", "canteen"], "editor"),
        (["hr-office", "hr-leads"], "admin"),
        ("hr-office", "editor"),
        ([{"hr-leads": 1}, 7], "member"),
        (None, "member"),
    ):
        provider.person(groups=groups)
        newcomer = room.person()
        assert room.sign_in(newcomer).status_code == 303
        account = room.account()
        assert account is not None
        assert account.role == role
        assert is_in(newcomer)
        if role != before:
            assert not is_in(person), "a changed role ends what was open before"
        before = role
        person = newcomer
    assert room.trail().count("account.role_changed success") == 3


def test_the_last_admin_stays_one(
    open_room: Callable[..., Room], provider: Provider, make_account: MakeAccount
) -> None:
    make_account("admin", email="asha@example.com")
    room = open_room(**ROLES)
    provider.person(groups=["hr-office"])
    assert room.sign_in().status_code == 303
    account = room.account()
    assert account is not None
    assert account.role == "admin"
    assert "account.role_changed denied" in room.trail()


def test_two_admins_who_lose_their_role_at_once_leave_one(
    open_room: Callable[..., Room], provider: Provider, make_account: MakeAccount
) -> None:
    room = open_room(**ROLES)
    backs = []
    for number in (1, 2):
        make_account("admin", email=f"admin{number}@example.com")
        provider.person(sub=f"admin-{number}", email=f"admin{number}@example.com", groups=[])
        person = room.person()
        backs.append((person, there_and_back(person)))
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda back: back[0].get(back[1]).status_code, backs))
    assert answers == [303, 303]
    roles = {room.account(f"admin{number}@example.com").role for number in (1, 2)}
    assert roles == {"admin", "member"}


# --- on the security page ------------------------------------------------------------------------------------------


def test_a_link_is_told_of_listed_and_taken_away_with_the_password(
    room: Room, make_account: MakeAccount, tmp_path: Path
) -> None:
    account = make_account("editor", email=PERSON["email"])
    person = room.person()
    room.sign_in(person)
    person.account = account
    mailbox = Mailbox(room.app, tmp_path / "mail")
    assert mailbox.subjects(account.email) == ["How you sign in has changed"]
    assert "Test Office" in person.get("/settings/security").text
    elsewhere = room.person().sign_in(account)
    with room.app.app_context():
        identity_id = db.session.scalars(select(AccountIdentity.id)).one()
    path = f"/settings/security/sign-on/{identity_id}/unlink"
    assert elsewhere.submit(path, password="wrong").status_code == 422
    assert person.submit(path, password=PASSWORD).location == "/settings/security"
    assert "Single sign-on is unlinked." in person.get("/settings/security").text
    assert room.count(AccountIdentity) == 0
    assert not is_in(elsewhere)
    assert mailbox.subjects(account.email) == ["How you sign in has changed"] * 2
    assert person.get(path).status_code == 404


def test_the_last_way_in_stays(room: Room) -> None:
    person = room.person()
    room.sign_in(person)
    html = person.get("/settings/security").text
    assert "Set a password first" in html
    account = room.account()
    assert account is not None
    with room.app.app_context():
        identity_id = db.session.scalars(select(AccountIdentity.id)).one()
        with pytest.raises(Forbidden):
            unlinking.unlink(identity_id, account.id, actor=system_actor())
    assert room.count(AccountIdentity) == 1


def test_nobody_takes_away_what_belongs_to_somebody_else(
    room: Room, make_account: MakeAccount, page: Callable[..., Person]
) -> None:
    room.sign_in()
    with room.app.app_context():
        identity_id = db.session.scalars(select(AccountIdentity.id)).one()
    other, path = page("viewer"), f"/settings/security/sign-on/{identity_id}/unlink"
    assert other.get(path).status_code == 404
    assert other.post(path, {"password": PASSWORD}).status_code == 404
    assert room.count(AccountIdentity) == 1


def test_signing_in_again_there_is_a_fresh_proof(room: Room) -> None:
    person = room.person()
    room.sign_in(person)
    with room.app.app_context():
        db.session.execute(update(BrowserSession).values(proven_at=None))
        db.session.commit()
    html = person.get("/login/again?next=/settings/security").text
    assert 'href="/login/sso?again=1&amp;next=/settings/security"' in html
    away = person.get("/login/sso?again=1&next=/settings/security")
    back = requests.get(away.headers["Location"], allow_redirects=False, timeout=10)
    answer = person.get(back.headers["Location"].removeprefix(HERE))
    assert (answer.status_code, answer.location) == (303, "/settings/security")
    with room.app.app_context():
        live = db.session.scalars(select(BrowserSession.proven_at).where(BrowserSession.ended_at.is_(None))).all()
    assert len(live) == 1
    assert live[0] is not None


# --- the second factor ---------------------------------------------------------------------------------------------


def test_a_second_factor_of_the_account_is_asked_for(
    room: Room, provider: Provider, make_account: MakeAccount, api: Callable[..., JsonClient]
) -> None:
    account = make_account("editor", email="asha@example.com")
    _system, phone = enrolled(api, account)
    person = room.person()
    answer = room.sign_in(person, "/records/trash")
    assert answer.headers["Location"] == "/login/second-step?next=/records/trash"
    assert not is_in(person)
    answer = person.submit(answer.headers["Location"], "/login/second-step", code=phone.code())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/records/trash")
    provider.person(amr=["pwd", "mfa"])
    assert room.sign_in().headers["Location"] == "/records"


def test_a_role_that_needs_a_second_factor_sets_it_up_unless_the_provider_saw_one(
    open_room: Callable[..., Room], provider: Provider, make_account: MakeAccount
) -> None:
    make_account("editor", email="asha@example.com")
    room = open_room(MFA_REQUIRED_ROLES="editor")
    for amr in (None, ["pwd"], "otp", {"mfa": 1}):
        provider.person(amr=amr if isinstance(amr, list) else None)
        person = room.person()
        assert room.sign_in(person).headers["Location"] == "/login/enrol?next=/records"
        assert person.get("/login/enrol").status_code == 200
        assert not is_in(person)
    provider.person(amr=["mfa"])
    person = room.person()
    assert room.sign_in(person).headers["Location"] == "/records"
    assert person.get("/records").status_code == 200


def test_who_has_to_sets_an_app_up_without_ever_having_a_password(
    open_room: Callable[..., Room], provider: Provider
) -> None:
    room = open_room(MFA_REQUIRED_ROLES="member")
    person = room.person()
    assert room.sign_in(person).headers["Location"].startswith("/login/enrol")
    shown = person.submit("/login/enrol").text
    secret = shown.partition('rr-secret">')[2].partition("<")[0].replace(" ", "")
    form = person.post("/login/enrol/confirm", {"code": Phone(secret).code()})
    assert form.status_code == 200
    assert is_in(person)


# --- what does not hold --------------------------------------------------------------------------------------------


def test_a_state_that_is_not_this_browsers_changes_nothing(room: Room) -> None:
    ours, theirs = room.person(), room.person()
    back = there_and_back(theirs)
    there_and_back(ours)
    for person, path in (
        (room.person(), back),
        (ours, back),
        (theirs, back.replace("state=", "state=x")),
        (theirs, f"{back}&state=x"),
        (theirs, "/login/sso/callback"),
        (theirs, "/login/sso/callback?code=x"),
    ):
        answer = person.get(path)
        assert answer.status_code == 400
        assert "begun elsewhere, took too long, or was used already" in answer.text
        assert not is_in(person)
    assert room.trail() == []
    assert theirs.get(back).status_code == 303, "a foreign link does not spoil the journey"


def test_a_journey_is_good_once_and_for_ten_minutes(room: Room, provider: Provider) -> None:
    person, thief = room.person(), room.person()
    provider.behave(codes_forever=True)
    back = there_and_back(person)
    stolen = person.client.get_cookie("session")
    assert person.get(back).status_code == 303
    assert person.get(back).status_code == 400
    assert stolen is not None
    thief.client.set_cookie("session", stolen.value)
    answer = thief.get(back)
    assert (answer.status_code, is_in(thief)) == (400, False)
    late = room.person()
    back = there_and_back(late)
    with time_machine.travel(utc_now() + timedelta(minutes=10, seconds=1), tick=True):
        assert late.get(back).status_code == 400


def test_a_used_code_is_no_sign_in(room: Room) -> None:
    person, thief = room.person(), room.person()
    back = there_and_back(person)
    assert person.get(back).status_code == 303
    code = parse_qs(urlsplit(back).query)["code"][0]
    state = parse_qs(urlsplit(there_and_back(thief)).query)["state"][0]
    assert thief.get(f"/login/sso/callback?code={code}&state={state}").status_code == 400
    assert not is_in(thief)


def test_somebody_elses_code_in_ones_own_journey_is_no_sign_in(room: Room) -> None:
    victim, attacker = room.person(), room.person()
    code = parse_qs(urlsplit(there_and_back(victim)).query)["code"][0]
    state = parse_qs(urlsplit(there_and_back(attacker)).query)["state"][0]
    answer = attacker.get(f"/login/sso/callback?code={code}&state={state}")
    assert answer.status_code == 400, "the verifier is another one (RFC 7636)"
    assert not is_in(attacker)


HOSTILE: list[dict[str, Any]] = [
    {"claims": {"iss": "https://evil.example"}},
    {"claims": {"iss": None}},
    {"claims": {"aud": "another-client"}},
    {"claims": {"aud": ["another-client", CLIENT_ID]}},
    {"claims": {"aud": None}},
    {"claims": {"azp": "another-client"}},
    {"claims": {"exp": 1}},
    {"claims": {"exp": "soon"}},
    {"claims": {"exp": None}},
    {"claims": {"iat": 99999999999}},
    {"claims": {"nonce": "another"}},
    {"claims": {"nonce": None}},
    {"claims": {"nonce": ["x"]}},
    {"claims": {"sub": None}},
    {"claims": {"sub": ""}},
    {"claims": {"sub": 7}},
    {"claims": {"sub": "x" * 256}},
    {"claims": {"at_hash": "another"}},
    {"claims": {"at_hash": 7}},
    {"alg": "none"},
    {"alg": "HS256"},
    {"stranger": True},
    {"body": {"token": "no JSON"}},
    {"body": {"token": "[]"}},
    {"body": {"token": "[" * 100_000}},
    {"body": {"token": "7"}},
    {"body": {"token": "{}"}},
    {"body": {"token": '{"id_token": 7}'}},
    {"body": {"token": '{"access_token": "a", "id_token": "a.b.c"}'}},
    {"body": {"token": '{"error": "invalid_client"}'}},
    {"body": {"keys": "[" * 100_000}},
    {"body": {"keys": '{"keys": 7}'}},
    {"body": {"keys": '{"keys": ["x"]}'}},
    {"body": {"keys": "{}"}},
    {"huge": ["token"]},
    {"status": {"token": 500}},
    {"status": {"keys": 404}},
    {"redirect": {"token": "/userinfo"}},
    {"redirect": {"keys": "/keys"}},
    {"thin": True, "info": {"sub": "somebody-else"}},
    {"thin": True, "status": {"userinfo": 500}},
    {"thin": True, "body": {"userinfo": "no JSON"}},
    {"error": "server_error"},
]


@pytest.mark.parametrize("habits", HOSTILE, ids=lambda habits: str(habits)[:60])
def test_a_provider_that_cannot_be_believed_signs_nobody_in(
    room: Room, provider: Provider, habits: dict[str, Any]
) -> None:
    provider.behave(**habits)
    person = room.person()
    answer = room.sign_in(person)
    assert answer.status_code == 503, answer.text
    assert "does not hold" in answer.text or "does not answer" in answer.text
    assert not is_in(person)
    assert (room.count(Account), room.count(AccountIdentity), room.count(BrowserSession)) == (0, 0, 0)
    assert set(room.trail()) <= {"session.failed failure"}


def test_who_declines_there_is_told_so_here(room: Room, provider: Provider) -> None:
    provider.behave(error="access_denied")
    answer = room.sign_in()
    assert (answer.status_code, "You were not signed in there" in answer.text) == (403, True)
    assert room.trail() == ["session.failed failure"]


def test_an_answer_of_another_issuer_is_refused(room: Room) -> None:
    person = room.person()
    answer = person.get(f"{there_and_back(person)}&iss=https://evil.example")
    assert (answer.status_code, is_in(person)) == (503, False)


@pytest.mark.parametrize(
    "habits",
    [
        {"document": {"issuer": "https://evil.example"}},
        {"document": {"token_endpoint": None}},
        {"document": {"jwks_uri": "file:///etc/passwd"}},
        {"document": {"userinfo_endpoint": 7}},
        {"body": {"openid-configuration": "no JSON"}},
        {"body": {"openid-configuration": "[]"}},
        {"status": {"openid-configuration": 404}},
        {"redirect": {"openid-configuration": "/keys"}},
        {"huge": ["openid-configuration"]},
    ],
    ids=str,
)
def test_a_provider_that_describes_itself_badly_is_not_gone_to(
    room: Room, provider: Provider, habits: dict[str, Any]
) -> None:
    provider.behave(**habits)
    answer = room.person().get("/login/sso")
    assert (answer.status_code, "Back to sign in" in answer.text) == (503, True)
    calls = len(provider.calls())
    assert room.person().get("/login/sso").status_code == 503
    assert len(provider.calls()) == calls, "who just failed is left alone for a moment"


@pytest.mark.slow
def test_a_provider_that_drips_its_answer_holds_nobody_for_long(room: Room, provider: Provider) -> None:
    provider.behave(drip=["token"])
    began = utc_now()
    assert room.sign_in().status_code == 503
    assert utc_now() - began < timedelta(seconds=12)


def test_a_provider_that_is_away_leaves_the_other_ways_in(
    make_app: Callable[..., Flask], make_account: MakeAccount
) -> None:
    away = {"OIDC_ISSUER": "http://127.0.0.1:9", "OIDC_CLIENT_ID": CLIENT_ID}
    room = Room(make_app(**away))
    answer = room.person().get("/login/sso")
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)
    room.person().sign_in(make_account("editor"))


# --- settings, and a real browser ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"OIDC_ISSUER": "https://id.example"}, "OIDC_CLIENT_ID"),
        ({"OIDC_CLIENT_ID": "us"}, "OIDC_ISSUER"),
        ({"OIDC_ISSUER": "http://id.example", "OIDC_CLIENT_ID": "us"}, "OIDC_ISSUER"),
        ({"OIDC_ROLE_CLAIM": "groups"}, "OIDC_ROLE_MAP"),
        ({"OIDC_ROLE_MAP": "hr=admin"}, "OIDC_ROLE_CLAIM"),
        ({"OIDC_ROLE_CLAIM": "groups", "OIDC_ROLE_MAP": "hr=chief"}, "OIDC_ROLE_MAP"),
    ],
    ids=str,
)
def test_half_a_configuration_stops_the_start(tmp_path: Any, given: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError) as refused:
        create_app(Config.from_env(settings_for("sqlite:///x.sqlite3", **given), home=tmp_path))
    assert list(refused.value.problems) == [named]


def test_the_room_starts_without_the_packages_where_nobody_signs_in_elsewhere(tmp_path: Path) -> None:
    for given, said in (
        ({}, "started"),
        ({"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "us"}, "needs the packages"),
    ):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings_for("sqlite:///x.sqlite3", **given)}
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert said in done.stdout + done.stderr


@pytest.mark.browser
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("javascript", [True, False])
def test_the_whole_walk_in_a_browser(
    provider: Provider, served: Callable[..., Served], window: Callable[..., BrowserContext], javascript: bool
) -> None:
    server = served(**settings_of(provider))
    provider.reset(f"{server.url}/login/sso/callback")
    here = window(javascript=javascript).new_page()
    here.goto(f"{server.url}/login")
    if javascript:
        is_accessible(here)
    provider.behave(error="access_denied")
    here.get_by_role("link", name="Sign in with Test Office").click()
    expect(here.get_by_role("heading", level=1)).to_have_text("You are not signed in")
    if javascript:
        is_accessible(here)
    provider.behave()
    here.get_by_role("link", name="Sign in with Test Office").click()
    expect(here).to_have_url(f"{server.url}/settings/profile")
    expect(here.get_by_text("asha@example.com").first).to_be_visible()
    here.goto(f"{server.url}/settings/security")
    expect(here.get_by_role("row").filter(has_text="Test Office")).to_contain_text("Set a password first")
    if javascript:
        is_accessible(here)


def _sql(room: Room, statement: str) -> None:
    with room.app.app_context():
        db.session.connection().exec_driver_sql(statement)
        db.session.commit()

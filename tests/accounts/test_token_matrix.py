"""Every kind of token at every place that takes one: each works where it should, and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from app.core.doors import doors
from app.core.ids import NO_ID
from tests.accounts.second_factor import Phone, enrolled, first_step
from tests.browsing import JsonClient, Person, said
from tests.factories import PASSWORD, MadeAccount, record_input
from tests.mailbox import Mailbox, Phones

MakeAccount = Callable[..., MadeAccount]
Api = Callable[..., JsonClient]
NEW_PASSWORD = "Another-5-Teacups"


@dataclass(frozen=True)
class Holder:
    """Somebody who has come by one token of every kind."""

    app: Flask
    tokens: dict[str, str]
    phone: Phone

    def api(self, token: str | None = None) -> JsonClient:
        """Return a caller with this bearer."""
        return JsonClient(self.app.test_client(), token)


@pytest.fixture
def holder(app: Flask, api: Api, make_account: MakeAccount, mailbox: Mailbox, phones: Phones) -> Holder:
    account, with_phone, forgetful = make_account("admin"), make_account("admin"), make_account("editor")
    nobody = api(None)
    signed_in = said(nobody.post("/auth/login", json={"email": account.email, "password": PASSWORD}))
    admin = api(account=account)
    key = said(admin.post("/api-keys", json={"name": "Matrix", "scopes": ["records:read", "accounts:manage"]}))
    nobody.post("/auth/register", json={"email": "new@example.com", "password": PASSWORD})
    nobody.post("/auth/password/forgot", json={"email": forgetful.email})
    record = record_input()
    record_id = said(admin.post("/users/", json=record))["id"]
    admin.post(f"/users/{record_id}/verification-email")
    admin.post(f"/users/{record_id}/verification-sms")
    invited = said(admin.post("/accounts", json={"email": "invited@example.com", "role": "viewer"}))
    assert invited["email_verified"] is False
    _, phone = enrolled(api, with_phone)
    person = Person(app.test_client()).sign_in(account)
    cookie = person.client.get_cookie("session")
    assert cookie is not None
    kept = Person(app.test_client())
    kept.submit("/login", email=account.email, password=PASSWORD, remember="true")
    remembered = kept.client.get_cookie("remember")
    assert remembered is not None
    ended = api(account=account)
    ended.post("/auth/logout")
    return Holder(
        app,
        {
            "access token": signed_in["access_token"],
            "refresh token": signed_in["refresh_token"],
            "API key": key["secret"],
            "token of the second step": first_step(api, with_phone)[1],
            "link that proves an address": mailbox.token("new@example.com"),
            "link that resets a password": mailbox.token(forgetful.email),
            "link that proves a record's address": mailbox.token(record["email"]),
            "code for a record's mobile": phones.code(record["primary_mobile"]),
            "link of an invitation": mailbox.token("invited@example.com"),
            "cookie of a session": cookie.value,
            "cookie of a remembered browser": remembered.value,
            "CSRF token": person.csrf_token(),
            "access token that was ended": ended.token or "",
            "access token of another service": _forged(app, signed_in["access_token"], iss="https://elsewhere.example"),
            "access token of another purpose": _forged(app, signed_in["access_token"], typ="refresh"),
            "access token signed by somebody": _forged(app, signed_in["access_token"], key="k" * 40),
            "secret of the app": phone.secret,
            "code of the app": phone.code(),
            "recovery code": phone.recovery_codes[0],
            "password": PASSWORD,
            "id": key["id"],
        },
        phone,
    )


def _forged(app: Flask, token: str, key: str | None = None, **changes: str) -> str:
    claims = {**jwt.decode(token, options={"verify_signature": False}), **changes}
    own: str = app.extensions["config"].jwt_secret_keys[0]
    return jwt.encode(claims, key or own, "HS256", headers={"kid": jwt.get_unverified_header(token)["kid"]})


def as_bearer(holder: Holder, token: str) -> TestResponse:
    return holder.api(token).get("/auth/me")


def to_refresh(holder: Holder, token: str) -> TestResponse:
    return holder.api().post("/auth/refresh", json={"refresh_token": token})


def to_second_step(holder: Holder, token: str) -> TestResponse:
    return holder.api().post("/auth/login/mfa", json={"mfa_token": token, "code": holder.phone.code()})


def to_prove_address(holder: Holder, token: str) -> TestResponse:
    return holder.api().post("/auth/verify-email", json={"token": token})


def to_prove_record(holder: Holder, token: str) -> TestResponse:
    return holder.api().post("/users/verify-email", json={"token": token})


def to_proof_page(holder: Holder, token: str) -> TestResponse:
    return holder.app.test_client().get("/verify-email", query_string={"token": token})


def to_look_at_link(holder: Holder, token: str) -> TestResponse:
    return holder.api().get("/auth/verify-email", query_string={"token": token})


def to_reset(holder: Holder, token: str) -> TestResponse:
    return holder.api().post("/auth/password/reset", json={"token": token, "password": NEW_PASSWORD})


def to_validate(holder: Holder, token: str) -> TestResponse:
    return holder.api().post("/auth/validate-token", json={"token": token})


def as_session(holder: Holder, token: str) -> TestResponse:
    browser = holder.app.test_client()
    browser.set_cookie("session", token)
    return browser.get("/records")


def as_remembered(holder: Holder, token: str) -> TestResponse:
    browser = holder.app.test_client()
    browser.set_cookie("remember", token)
    browser.get("/login")
    return browser.get("/records")


def to_reset_page(holder: Holder, token: str) -> TestResponse:
    return holder.app.test_client().get("/reset-password", query_string={"token": token})


RESETS = {"link that resets a password", "link of an invitation"}
PLACES: dict[Callable[[Holder, str], TestResponse], tuple[set[str], set[int]]] = {
    to_proof_page: ({"link that proves an address", "link that proves a record's address"}, {400}),
    to_look_at_link: ({"link that proves an address"}, {400}),
    to_reset_page: (RESETS, {400}),
    as_bearer: ({"access token", "API key"}, {401}),
    to_validate: ({"access token"}, {401}),
    as_session: ({"cookie of a session"}, {303}),
    as_remembered: ({"cookie of a remembered browser"}, {303}),
    to_second_step: ({"token of the second step"}, {401}),
    to_prove_address: ({"link that proves an address"}, {400}),
    to_prove_record: ({"link that proves a record's address"}, {400}),
    to_refresh: ({"refresh token"}, {401}),
    to_reset: (RESETS, {400}),
}
"""What works at a place, and how everything else is refused there; a place that uses up what it takes stands last."""


def test_every_token_works_at_its_places_and_at_no_other(holder: Holder) -> None:
    for place, (good, refused) in PLACES.items():
        for kind, token in holder.tokens.items():
            if kind not in good:
                answer = place(holder, token)
                assert answer.status_code in refused, (place.__name__, kind, answer.status_code, answer.text[:200])
    for place, (good, _) in PLACES.items():
        for kind in sorted(good):
            answer = place(holder, holder.tokens[kind])
            assert answer.status_code == 200, (place.__name__, kind, answer.text[:200])


def test_what_was_used_up_works_nowhere_again(holder: Holder) -> None:
    once = {
        to_second_step: "token of the second step",
        to_prove_address: "link that proves an address",
        to_prove_record: "link that proves a record's address",
        to_refresh: "refresh token",
        to_reset: "link that resets a password",
    }
    for place, kind in once.items():
        assert place(holder, holder.tokens[kind]).status_code == 200, kind
        assert place(holder, holder.tokens[kind]).status_code in {400, 401}, kind


def test_no_token_works_past_its_time(holder: Holder) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=8), tick=False):
        for place, (good, _) in PLACES.items():
            for kind in good - {"API key", "cookie of a remembered browser"}:
                answer = place(holder, holder.tokens[kind])
                assert answer.status_code in {303, 400, 401, 410}, (place.__name__, kind, answer.status_code)


def test_nothing_but_access_tokens_and_keys_opens_any_call(holder: Holder) -> None:
    wrong = {kind: token for kind, token in holder.tokens.items() if kind not in {"access token", "API key"}}
    for method, path, door in calls(holder.app):
        if door.public:
            continue
        for kind, token in wrong.items():
            answer = holder.api(token).request(method, path)
            assert (answer.status_code, said(answer)["code"]) == (401, "INVALID_TOKEN"), (method, path, kind)


def test_no_cookie_and_no_parameter_opens_any_call(holder: Holder) -> None:
    token = holder.tokens["access token"]
    for method, path, door in calls(holder.app):
        if door.public:
            continue
        browser = holder.app.test_client()
        browser.set_cookie("session", holder.tokens["cookie of a session"])
        browser.set_cookie("remember", holder.tokens["cookie of a remembered browser"])
        browser.set_cookie("access_token", token)
        answer = browser.open(path, method=method, query_string={"access_token": token, "token": token})
        assert (answer.status_code, said(answer)["code"]) == (401, "NOT_AUTHENTICATED"), (method, path)


def test_no_bearer_opens_a_page(holder: Holder) -> None:
    for kind, token in holder.tokens.items():
        answer = holder.app.test_client().get("/records", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 303, kind


def calls(app: Flask) -> list[tuple[str, str, Any]]:
    """List every call of the API with a path that names nothing."""
    found = []
    for _endpoint, rule, methods, door in doors(app):
        if rule.startswith("/api/"):
            path = "/".join(str(NO_ID) if part.startswith("<") else part for part in rule.split("/"))
            found += [(method, path, door) for method in methods]
    return found

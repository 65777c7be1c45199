"""Tokens where they do not belong: at the pages, altered, of another installation, of another step."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import queries, steps
from app.accounts.models_factors import SignInStep
from app.accounts.steps import Purpose
from app.core import transaction
from tests.accounts.second_factor import enrolled, first_step
from tests.browsing import JsonClient, Person, said
from tests.factories import PASSWORD, MadeAccount
from tests.mailbox import Mailbox

MakeAccount = Callable[..., MadeAccount]
OpenPage = Callable[..., Person]
Api = Callable[..., JsonClient]
AUTH = "/api/v1/auth"
NEW, ADDRESS = "Another-5-Teacups", "new@example.com"


@pytest.fixture
def links(client: FlaskClient, make_account: MakeAccount, mailbox: Mailbox) -> dict[str, str]:
    """Have a link of each kind mailed; return the tokens by the page they belong to."""
    account = make_account("editor", email="forgetful@example.com")
    client.post(f"{AUTH}/register", json={"email": ADDRESS, "password": PASSWORD})
    client.post(f"{AUTH}/password/forgot", json={"email": account.email})
    return {"/verify-email": mailbox.token(ADDRESS), "/reset-password": mailbox.token(account.email)}


def send(person: Person, path: str, token: str) -> int:
    """Send the form of a link's page with a token."""
    passwords = {"password": NEW, "password_confirmation": NEW} if path == "/reset-password" else {}
    return person.post(path, {"token": token, **passwords}).status_code


def altered(token: str) -> list[str]:
    """Return a token with one letter changed at each of many places, cut, and lengthened."""
    places = sorted({*range(0, len(token), 9), len(token) - 1, 0, token.index("."), token.index(".") + 1})
    changed = [f"{token[:at]}{'A' if token[at] != 'A' else 'B'}{token[at + 1 :]}" for at in places]
    head, _, seal = token.partition(".")
    return [
        *changed,
        token[:-2],
        token[1:],
        token + "AAAA",
        head,
        f".{seal}",
        f"{head}.",
        f"{seal}.{head}",
        token * 2,
        "",
        ".",
    ]


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password"])
def test_an_altered_link_is_worth_nothing_at_page_or_call(
    client: FlaskClient, page: OpenPage, links: dict[str, str], path: str
) -> None:
    person, call = page(None), f"{AUTH}/verify-email" if path == "/verify-email" else f"{AUTH}/password/reset"
    for token in altered(links[path]):
        assert person.get(path, query_string={"token": token}).status_code == 400, token
        assert send(person, path, token) in {400, 422}, token
        body = {"token": token} if path == "/verify-email" else {"token": token, "password": NEW}
        assert client.post(call, json=body).status_code in {400, 422}, token
    assert send(person, path, links[path]) == 303


def test_links_are_good_at_their_own_page_once_and_at_no_other(page: OpenPage, links: dict[str, str]) -> None:
    person = page(None)
    for path, token in links.items():
        for other in links.keys() - {path}:
            assert person.get(other, query_string={"token": token}).status_code == 400
            assert send(person, other, token) == 400
    for path, token in links.items():
        for _ in "123":
            assert person.get(path, query_string={"token": token}).status_code == 200  # whoever looks uses nothing up
            assert person.client.head(path, query_string={"token": token}).status_code == 200
        assert send(person, path, token) == 303
        assert send(person, path, token) == 400
        assert person.get(path, query_string={"token": token}).status_code == 400


def test_a_late_link_is_worth_nothing_at_its_page(page: OpenPage, links: dict[str, str]) -> None:
    person = page(None)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        for path, token in links.items():
            assert send(person, path, token) == 410
    with time_machine.travel(datetime.now(UTC) + timedelta(days=400)):
        for path, token in links.items():
            assert send(person, path, token) in {400, 410}


def test_no_token_of_another_installation_counts(
    make_app: Callable[..., Flask], make_account: MakeAccount, api: Api, page: OpenPage, links: dict[str, str]
) -> None:
    """Another installation has secrets of its own; here it even has the same database."""
    account = make_account()
    program, person = api(account=account), page(account=account)
    cookie = person.client.get_cookie("session")
    assert cookie is not None
    secret = "kL9#mQ2$vX7!pR4@wT6^zB8&nC1*yD3%"
    foreign = make_app(SECRET_KEY=secret, JWT_SECRET_KEY=secret[::-1]).test_client()
    stranger = Person(foreign)
    for path, token in links.items():
        assert stranger.get(path, query_string={"token": token}).status_code == 400
        assert send(stranger, path, token) == 400
    assert foreign.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {program.token}"}).status_code == 401
    thief = foreign.application.test_client()
    thief.set_cookie("session", cookie.value)
    assert thief.get("/records").status_code == 303


def test_a_step_is_good_for_its_own_purpose_only(context: Flask, make_account: MakeAccount) -> None:
    account = queries.get_account(make_account().id)
    tokens = {purpose: transaction.run(partial(steps.begin, purpose, account)) for purpose in Purpose}
    for made, token in tokens.items():
        for asked in Purpose:
            assert isinstance(steps.find(token, asked), SignInStep) == (made is asked), (made, asked)
            held = transaction.run(partial(steps.hold, token, asked))
            assert isinstance(held, SignInStep) == (made is asked), (made, asked)


def test_a_step_ends_with_its_use_its_time_and_the_password_it_began_with(
    app: Flask, api: Api, make_account: MakeAccount, mailbox: Mailbox
) -> None:
    account = make_account()
    _, phone = enrolled(api, account)

    def finish(token: str, code: str) -> tuple[int, str | None]:
        answer = api(None).post("/auth/login/mfa", json={"mfa_token": token, "code": code})
        return answer.status_code, said(answer).get("code")

    _, used = first_step(api, account)
    assert finish(used, phone.code())[0] == 200
    assert finish(used, phone.recovery_codes[0]) == (401, "INVALID_TOKEN")
    _, late = first_step(api, account)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        assert finish(late, phone.recovery_codes[0]) == (401, "EXPIRED_TOKEN")
    _, before = first_step(api, account)
    api(None).post("/auth/password/forgot", json={"email": account.email})
    body = {"token": mailbox.token(account.email), "password": NEW}
    assert api(None).post("/auth/password/reset", json=body).status_code == 200
    assert finish(before, phone.recovery_codes[0]) == (401, "INVALID_TOKEN")
    for nonsense in ("", "x", "x" * 5000, "é", "\u0000"):
        assert finish(nonsense, phone.recovery_codes[0])[0] in {401, 422}


def test_the_reset_does_not_switch_the_second_factor_off(api: Api, make_account: MakeAccount, mailbox: Mailbox) -> None:
    account = make_account()
    enrolled(api, account)
    api(None).post("/auth/password/forgot", json={"email": account.email})
    body = {"token": mailbox.token(account.email), "password": NEW}
    assert api(None).post("/auth/password/reset", json=body).status_code == 200
    answer = api(None).post("/auth/login", json={"email": account.email, "password": NEW})
    assert (answer.status_code, said(answer)["code"]) == (401, "MFA_REQUIRED")

"""Whoever owns an account is told by mail when a way to sign in to it comes or goes."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from app.accounts import mfa
from app.core.identity import system_actor
from tests.accounts.authenticator import SECURITY, Authenticator, add
from tests.accounts.second_factor import enrolled, set_up
from tests.browsing import JsonClient, Person
from tests.factories import PASSWORD, MadeAccount
from tests.mailbox import Mailbox, text_of

Api = Callable[..., JsonClient]
OpenPage = Callable[..., Person]
MakeAccount = Callable[..., MadeAccount]


@pytest.fixture
def told(mailbox: Mailbox) -> Callable[[MadeAccount], list[str]]:
    """Return what an account was told: the sentence with the fact, of every letter about it."""

    def read(account: MadeAccount) -> list[str]:
        mails = [mail for mail in mailbox.to(account.email) if mail["Subject"] == "How you sign in has changed"]
        for mail in mails:
            assert "Was it not you?" in text_of(mail, "html")
        return [" ".join(text_of(mail).split()).partition(" changed ")[2].partition(" at Record")[0] for mail in mails]

    return read


def test_the_app_and_the_recovery_codes(
    page: OpenPage, make_account: MakeAccount, told: Callable[[MadeAccount], list[str]]
) -> None:
    account = make_account("editor")
    person = page(account=account)
    set_up(person)
    assert told(account) == ["An authenticator app was added to your account"]
    person.submit("/settings/security/recovery-codes", password=PASSWORD)
    person.submit("/settings/security/app/remove", password=PASSWORD)
    assert told(account)[1:] == [
        "New recovery codes were made for your account, and the old ones stopped working",
        "The authenticator app was removed from your account",
    ]


def test_a_passkey(page: OpenPage, make_account: MakeAccount, told: Callable[[MadeAccount], list[str]]) -> None:
    account = make_account("editor")
    person = page(account=account)
    assert add(person, Authenticator()).status_code == 200
    assert told(account) == ["A passkey was added to your account"]
    (remove,) = set(re.findall(r'href="(/settings/security/passkeys/[^"/]+/remove)"', person.get(SECURITY).text))
    person.submit(remove, password=PASSWORD)
    assert told(account)[1:] == ["A passkey was removed from your account"]


def test_a_reset_by_an_admin(
    app: Flask, api: Api, make_account: MakeAccount, told: Callable[[MadeAccount], list[str]]
) -> None:
    account = make_account("editor")
    enrolled(api, account)
    with app.app_context():
        mfa.reset(account.id, actor=system_actor())
    assert told(account)[-1] == "An admin switched two-step sign-in off for your account"

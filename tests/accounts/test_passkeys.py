"""Passkeys, in Chromium with a virtual authenticator: as the second step, and in place of the password."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import update

from app import create_app
from app.accounts.models import BrowserSession
from app.extensions import db
from config import Config
from tests.accounts.second_factor import Phone
from tests.browser.office import is_accessible
from tests.factories import PASSWORD, MadeAccount, make_account
from tests.services.passkey_device import plug_in
from tests.services.served import Served
from tests.settings import settings_for

# What a passkey proves is judged on both engines in test_passkey_rules; the device and the script know no engine.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
Window = Callable[..., BrowserContext]


class Desk:
    """A person at a browser with a device that keeps passkeys."""

    def __init__(self, served: Served, window: BrowserContext, home: Path) -> None:
        self.url = served.url.replace("127.0.0.1", "localhost")
        self.page: Page = window.new_page()
        self.home, self.served = home, served
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.cdp, self.device = plug_in(window, self.page)

    def application(self) -> Flask:
        """Make the application that is served, to look at its database."""
        return create_app(Config.from_env(self.served.settings | {"BASE_URL": self.served.url}, home=self.home))

    def hire(self, role: str = "editor") -> MadeAccount:
        """Make an account."""
        with self.application().app_context():
            return make_account(role)

    def keys(self) -> list[dict[str, Any]]:
        """Return the passkeys the device holds."""
        told = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.device})
        return list(told["credentials"])

    def verify(self, *, willing: bool) -> None:
        """Have the device recognise its owner, or not."""
        told = {"authenticatorId": self.device, "isUserVerified": willing}
        self.cdp.send("WebAuthn.setUserVerified", told)

    def sign_in(self, account: MadeAccount) -> None:
        """Show name and password."""
        self.page.goto(f"{self.url}/login")
        self.page.get_by_label("Email or username").fill(account.email)
        self.page.locator("#f-password").fill(account.password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def arrive(self, path: str) -> None:
        """Wait until the browser is at this very address."""
        self.page.wait_for_url(f"{self.url}{path}")

    def sign_out(self) -> None:
        """Sign out by the page."""
        self.page.goto(f"{self.url}/logout")
        self.page.get_by_role("main").get_by_role("button", name="Sign out").click()
        self.arrive("/login")

    def add_passkey(self, name: str = "Office laptop") -> None:
        """Add a passkey by the security page."""
        self.page.goto(f"{self.url}/settings/security")
        self.page.get_by_role("link", name="Add a passkey").click()
        self.page.get_by_label("Name").fill(name)
        self.page.locator("#f-password").fill(PASSWORD)
        self.page.get_by_role("button", name="Continue").click()
        self.page.get_by_role("button", name="Create passkey").click()


@pytest.fixture(scope="module")
def room(
    new_database: Callable[[str, str], str], engine_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Serve one room for all desks; everybody who sits down is somebody new."""
    folder = Path(tmp_path_factory.mktemp("desks"))
    server = Served(folder, settings_for(new_database(engine_name, folder.name), WEB_CONCURRENCY="1")).open()
    yield server
    server.stop()


@pytest.fixture
def desk(room: Served, window: Window) -> Any:
    """Lend a desk; at the end its browser may not have complained."""
    lent = Desk(room, window(), room.folder)
    yield lent
    assert lent.complaints == []


def test_a_passkey_is_made_and_signs_in_without_a_password(desk: Desk) -> None:
    account = desk.hire()
    desk.sign_in(account)
    desk.arrive("/records")
    desk.add_passkey()
    expect(desk.page.get_by_role("heading", name="Your passkey is ready")).to_be_focused()
    assert desk.page.locator(".rr-recovery li").count() == 10
    (key,) = desk.keys()
    assert key["isResidentCredential"] is True
    assert key["rpId"] == "localhost"
    desk.page.goto(f"{desk.url}/settings/security")
    expect(desk.page.get_by_role("row", name=re.compile("Office laptop"))).to_contain_text("Never used")
    desk.sign_out()
    desk.page.goto(f"{desk.url}/login?next=/settings/security")
    desk.page.get_by_role("button", name="Sign in with a passkey").click()
    desk.arrive("/settings/security")
    expect(desk.page.get_by_role("row", name=re.compile("Office laptop"))).not_to_contain_text("Never used")


def test_a_passkey_is_the_second_step(desk: Desk) -> None:
    account = desk.hire()
    desk.sign_in(account)
    desk.arrive("/records")
    desk.add_passkey()
    expect(desk.page.locator(".rr-recovery li")).to_have_count(10)
    codes = desk.page.locator(".rr-recovery li").all_inner_texts()
    desk.sign_out()
    desk.sign_in(account)
    desk.page.wait_for_url("**/login/second-step**")
    desk.page.get_by_role("button", name="Use a passkey").click()
    desk.arrive("/records")
    desk.sign_out()
    desk.sign_in(account)
    desk.page.get_by_label("Recovery code").fill(codes[0])
    desk.page.get_by_role("button", name="Continue").click()
    desk.arrive("/records")


def test_a_device_that_does_not_know_its_owner_opens_nothing(desk: Desk) -> None:
    account = desk.hire()
    desk.sign_in(account)
    desk.arrive("/records")
    desk.add_passkey()
    expect(desk.page.locator(".rr-recovery")).to_be_visible()
    desk.sign_out()
    desk.verify(willing=False)
    desk.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk.page.get_by_text("No passkey was used.")).to_be_visible()
    assert desk.page.url.endswith("/login")
    desk.verify(willing=True)
    desk.page.get_by_role("button", name="Sign in with a passkey").click()
    desk.arrive("/records")


def test_a_removed_passkey_opens_nothing(desk: Desk) -> None:
    account = desk.hire()
    desk.sign_in(account)
    desk.arrive("/records")
    desk.add_passkey()
    desk.page.get_by_role("link", name="I have stored them").click()
    desk.page.get_by_role("link", name="Remove Office laptop").click()
    desk.page.locator("#f-password").fill(PASSWORD)
    desk.page.get_by_role("button", name="Remove passkey").click()
    expect(desk.page.locator("#messages")).to_contain_text("The passkey is removed.")
    desk.sign_out()
    desk.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk.page.locator(".rr-summary")).to_contain_text("The passkey was not accepted.")
    desk.sign_in(account)
    desk.arrive("/records")


def test_an_answer_is_good_for_one_sign_in_on_this_site(desk: Desk) -> None:
    account = desk.hire()
    desk.sign_in(account)
    desk.arrive("/records")
    desk.add_passkey()
    expect(desk.page.locator(".rr-recovery")).to_be_visible()
    desk.sign_out()
    sent: list[str] = []
    desk.page.on("request", lambda asked: sent.append(asked.post_data or "") if asked.method == "POST" else None)
    desk.page.get_by_role("button", name="Sign in with a passkey").click()
    desk.arrive("/records")
    answer = next(body for body in sent if "credential=" in body)
    desk.sign_out()
    # The same answer again: with no step of its own, and in a step with another challenge.
    for asks in (False, True):
        status = desk.page.evaluate(
            """async ([body, asks]) => {
                const token = document.querySelector("[name=csrf_token]").value;
                const headers = {"X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded"};
                if (asks) await fetch("/login/passkey/options", {method: "POST", headers});
                const kept = new URLSearchParams(body);
                kept.set("csrf_token", token);
                return (await fetch("/login/passkey", {method: "POST", headers, body: kept})).status;
            }""",
            [answer, asks],
        )
        assert status == 422
    desk.page.goto(f"{desk.url}/records")
    assert "/login" in desk.page.url


@pytest.mark.parametrize(("scheme", "width"), [("light", 1366), ("dark", 360)])
def test_every_page_is_accessible(room: Served, window: Window, scheme: Any, width: int) -> None:
    desk = Desk(room, window(color_scheme=scheme, viewport={"width": width, "height": 740}), room.folder)
    account, page = desk.hire(), desk.page
    desk.sign_in(account)
    desk.arrive("/records")
    for path in ("", "/app", "/passkeys/new"):
        page.goto(f"{desk.url}/settings/security{path}")
        is_accessible(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".rr-summary")).to_be_focused()
    is_accessible(page)
    phone = set_up_app(desk)
    desk.add_passkey()
    expect(page.locator("#messages")).to_contain_text("Passkey “Office laptop” is ready.")
    is_accessible(page)
    desk.sign_out()
    is_accessible(page)
    desk.sign_in(account)
    look_at_second_step(page, phone)
    assert desk.complaints == []


def set_up_app(desk: Desk) -> Phone:
    """Turn the authenticator app on, looking at each page on the way."""
    page = desk.page
    page.goto(f"{desk.url}/settings/security/app")
    page.locator("#f-password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    phone = Phone(page.locator(".rr-secret").inner_text().replace(" ", ""))
    is_accessible(page)
    page.get_by_label("Code from your app").fill(phone.code(steps=-1))
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator(".rr-recovery")).to_be_visible()
    is_accessible(page)
    return phone


def look_at_second_step(page: Page, phone: Phone) -> None:
    """Look at the second step: fresh, after a wrong code, and for a recovery code."""
    expect(page.get_by_label("Code from your app")).to_be_focused()
    is_accessible(page)
    page.get_by_label("Code from your app").fill(phone.wrong())
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".rr-summary")).to_be_focused()
    is_accessible(page)
    page.get_by_role("link", name="Use a recovery code").click()
    expect(page.get_by_label("Recovery code")).to_be_focused()
    is_accessible(page)


def test_a_passkey_says_where_it_belongs(desk: Desk) -> None:
    account = desk.hire()
    desk.sign_in(account)
    desk.arrive("/records")
    desk.page.goto(f"{desk.served.url}/login")
    expect(desk.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(desk.page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)


def test_a_passkey_is_a_fresh_proof(desk: Desk) -> None:
    account = desk.hire("admin")
    desk.sign_in(account)
    desk.arrive("/records")
    desk.add_passkey()
    expect(desk.page.get_by_role("heading", name="Your passkey is ready")).to_be_focused()
    with desk.application().app_context():
        db.session.execute(update(BrowserSession).values(proven_at=None))
        db.session.commit()
    desk.page.goto(f"{desk.url}/accounts/new")
    desk.arrive("/login/again?next=/accounts/new")
    is_accessible(desk.page)
    desk.page.get_by_role("button", name="Use a passkey").click()
    desk.arrive("/accounts/new")

"""The pages of accounts, keys and settings in a real browser: accessible in every state, and by keyboard and script."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.office import DESK, PASSWORD, PHONE, Office, is_accessible
from tests.factories import make_account

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
Window = Callable[..., BrowserContext]


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def viewport(request: pytest.FixtureRequest) -> Any:
    return request.param


def hire(office: Office, role: str, **changes: Any) -> str:
    """Make an account; return the part of its address before the @."""
    who = f"{role}.{uuid4().hex[:8]}"
    with office._application().app_context():
        make_account(role, email=f"{who}@example.com", **changes)
    return who


@pytest.fixture
def here(office: Office, window: Window, viewport: Any) -> Page:
    who = hire(office, "admin", full_name="Rekha Menon")
    return office.open(window(viewport=viewport), who)


def test_inviting_and_managing(here: Page, office: Office) -> None:
    here.goto(f"{office.url}/accounts/new")
    is_accessible(here)
    here.get_by_role("button", name="Invite account").click()
    expect(here.locator("#error-summary")).to_be_focused()
    is_accessible(here)
    here.get_by_label("Email").fill(f"deepak.{uuid4().hex[:8]}@example.com")
    here.get_by_label("Role").select_option("editor")
    here.get_by_role("button", name="Invite account").click()
    expect(here.locator("#messages")).to_contain_text("The invitation is on its way by mail.")
    is_accessible(here)
    for address in ("/accounts", "/accounts?role=editor", "/accounts?q=nobody-has-this"):
        here.goto(f"{office.url}{address}")
        is_accessible(here)


def test_disabling_and_deleting(here: Page, office: Office) -> None:
    who = hire(office, "viewer", full_name="Ashok Gaikwad")
    here.goto(f"{office.url}/accounts?q={who}")
    here.get_by_role("link", name="Manage").click()
    here.get_by_role("button", name="Disable").click()
    expect(here.locator("#messages")).to_contain_text("The account is disabled.")
    is_accessible(here)
    here.get_by_role("link", name="Delete", exact=True).click()
    expect(here.get_by_role("link", name="Cancel")).to_be_focused()
    is_accessible(here)
    here.get_by_role("button", name="Delete account").click()
    expect(here.locator("main")).to_contain_text("This account was deleted.")
    is_accessible(here)


def test_a_key_is_made_copied_and_revoked(here: Page, office: Office) -> None:
    here.goto(f"{office.url}/api-keys/new")
    is_accessible(here)
    name = f"Payroll {uuid4().hex[:6]}"
    here.get_by_label("Name").fill(name)
    here.locator("#f-password").fill(PASSWORD)
    here.get_by_role("button", name="Make key").click()
    expect(here.locator("#made")).to_be_focused()
    is_accessible(here)
    here.get_by_role("button", name="Copy key").click()
    expect(here.get_by_text("Copied", exact=True).first).to_be_visible()
    here.get_by_role("link", name="I have stored it").click()
    is_accessible(here)
    here.get_by_role("link", name=f"Revoke {name}").click()
    is_accessible(here)
    here.get_by_role("button", name="Revoke key").click()
    expect(here.locator("#messages")).to_contain_text("The key is revoked.")


def test_settings(here: Page, office: Office) -> None:
    for address in ("profile", "security", "sessions", "profile/close"):
        here.goto(f"{office.url}/settings/{address}")
        is_accessible(here)


def test_a_member_without_scripts_sees_the_own_record_and_signs_out_elsewhere(
    office: Office, window: Window, viewport: Any
) -> None:
    who = hire(office, "member", full_name="Meena Iyer")
    office.register(email=f"{who}@example.com", name="Meena Iyer")
    pages = []
    for _ in range(2):
        pages.append(window(javascript=False, viewport=viewport).new_page())
        pages[-1].goto(f"{office.url}/login")
        pages[-1].get_by_label("Email or username").fill(f"{who}@example.com")
        pages[-1].locator("#f-password").fill(PASSWORD)
        pages[-1].get_by_role("button", name="Sign in", exact=True).click()
        pages[-1].wait_for_url("**/settings/profile")
    here, there = pages
    expect(here.locator("#own-record")).to_contain_text("XXXX XXXX")
    here.get_by_role("link", name="Where you are signed in").click()
    here.get_by_role("button", name="Sign out everywhere else").click()
    expect(here.locator("#messages")).to_contain_text("You are signed out everywhere else.")
    there.goto(f"{office.url}/settings/profile")
    expect(there).to_have_url(f"{office.url}/login?next=/settings/profile")

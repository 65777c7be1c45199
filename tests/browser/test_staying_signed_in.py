"""Staying signed in, and being asked once more, in a real browser."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select, update

from app.accounts.models import BrowserSession
from app.core.database import utc_now
from app.extensions import db
from tests.browser.office import DESK, PASSWORD, PHONE, Office, is_accessible

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
Window = Callable[..., BrowserContext]
LOOKS = pytest.mark.parametrize(
    "look", [{"viewport": DESK, "color_scheme": "light"}, {"viewport": PHONE, "color_scheme": "dark"}], ids=str
)


def open_remembered(office: Office, page: Page) -> None:
    """Sign in with the tick, by its label."""
    page.goto(f"{office.url}/login")
    page.get_by_label("Email or username").fill("priya@example.com")
    page.locator("#f-password").fill(PASSWORD)
    page.get_by_label("Keep me signed in on this device").check()
    is_accessible(page)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/records**")


def age_proofs(office: Office) -> None:
    with office._application().app_context():
        db.session.execute(update(BrowserSession).values(proven_at=utc_now() - timedelta(hours=3)))
        db.session.commit()


@LOOKS
def test_a_browser_that_was_closed_comes_back_and_is_asked_before_a_reveal(
    office: Office, window: Window, look: dict[str, object]
) -> None:
    record = office.register()
    context = window(**look)
    page = context.new_page()
    open_remembered(office, page)
    context.clear_cookies(name="session")
    page.goto(f"{office.url}/records/{record.id}")
    expect(page).to_have_url(f"{office.url}/records/{record.id}")
    page.get_by_role("link", name="Reveal numbers").click()
    dialog = page.locator("#reveal")
    dialog.get_by_text("Aadhaar", exact=True).wait_for()
    dialog.get_by_label(re.compile("another reason|other", re.IGNORECASE)).first.check()
    dialog.locator("input[type=text]").first.fill("The bank asked for it")
    dialog.get_by_role("button", name="Reveal for 30 seconds").click()
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    is_accessible(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#error-summary")).to_be_focused()
    is_accessible(page)
    page.locator("#f-proof").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    aadhaar = record.values["aadhaar"]
    expect(page.get_by_text(f"{aadhaar[:4]} {aadhaar[4:8]} {aadhaar[8:]}").first).to_be_visible()


@LOOKS
def test_the_list_of_sign_ins_says_which_stays(office: Office, window: Window, look: dict[str, object]) -> None:
    page = window(**look).new_page()
    open_remembered(office, page)
    page.goto(f"{office.url}/settings/sessions")
    row = page.get_by_role("row").filter(has_text="This one")
    expect(row).to_contain_text("Stays signed in")
    is_accessible(page)
    with office._application().app_context():
        assert db.session.scalars(select(BrowserSession.remembered_id).order_by(BrowserSession.id.desc())).first()


def test_tabs_that_a_browser_opens_at_once_all_arrive(office: Office, window: Window) -> None:
    context = window()
    page = context.new_page()
    open_remembered(office, page)
    tabs = [context.new_page() for _ in range(4)]
    context.clear_cookies(name="session")
    for tab in tabs:
        tab.evaluate(f"setTimeout(() => {{ location.href = '{office.url}/settings/profile' }}, 50)")
    for tab in tabs:
        expect(tab.get_by_role("heading", name="Profile").first).to_be_visible()

"""The clerk's journey: send a link, the person opens the mail, and the badge turns while the clerk looks at it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.office import DESK, PHONE, Office, is_accessible
from tests.mailbox import Mailbox, Phones

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
Window = Callable[..., BrowserContext]


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def viewport(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def here(office: Office, window: Window, viewport: Any) -> Page:
    return office.open(window(viewport=viewport), "suresh")


def confirm(here: Page, window: Window, link: str) -> None:
    """Be the person, at a screen of the same kind: open the link, press the button, open it once more."""
    phone = window(viewport=here.viewport_size).new_page()
    phone.goto(link)
    is_accessible(phone)
    phone.get_by_role("button", name="Yes, this is my address").click()
    expect(phone.locator("main")).to_contain_text("Thank you. Your email address is confirmed.")
    is_accessible(phone)
    phone.goto(link)
    expect(phone.locator("main")).to_contain_text("Ask the office for a new one.")
    is_accessible(phone)


def test_the_badge_turns_when_the_person_confirms_the_address(here: Page, office: Office, window: Window) -> None:
    made = office.register(name="Ananya Deshpande")
    here.goto(f"{office.url}/records/{made.id}")
    here.get_by_role("button", name="Send link to the email").click()
    expect(here.locator("#contact")).to_contain_text("link on its way")
    is_accessible(here)
    mailbox = Mailbox(office._application(), office.home / f"mail-{made.id}")
    link = mailbox.link(made.values["email"])
    expect(here.locator("#contact")).to_contain_text("link sent", timeout=15_000)
    edit = here.get_by_role("link", name="Edit")
    edit.focus()

    confirm(here, window, f"{office.url}{link}")
    row = here.locator("#contact .rr-row").filter(has_text="Email")
    expect(row.locator(".rr-ok")).to_have_text("Verified", timeout=15_000)
    expect(here.locator("#timeline")).to_contain_text("Email verified")
    expect(edit).to_be_focused()
    expect(here.locator("[aria-live=polite]").filter(has_text="The email address is verified.")).to_have_count(1)
    assert here.locator("#contact").get_attribute("hx-get") is None
    is_accessible(here)
    here.get_by_role("link", name="Delete", exact=True).click()
    here.get_by_label("Registered twice").check()
    here.get_by_role("button", name="Delete record").click()
    expect(here.locator(".rr-flash").first).to_contain_text("was deleted")


def test_a_code_is_sent_typed_and_proves_the_mobile(here: Page, office: Office) -> None:
    made = office.register(name="Ananya Deshpande")
    here.goto(f"{office.url}/records/{made.id}")
    here.get_by_role("button", name="Send code to the primary mobile").click()
    expect(here.get_by_role("heading", level=1)).to_contain_text("Verify the mobile of")
    expect(here.locator("#f-code")).to_be_focused()
    is_accessible(here)
    phones = Phones(office._application(), office.home / f"sms-{made.id}")
    code = phones.code(made.values["primary_mobile"])
    here.locator("#f-code").fill(f"{(int(code) + 1) % 10**6:06}")
    here.get_by_role("button", name="Verify mobile").click()
    expect(here.locator(".rr-summary")).to_be_focused()
    expect(here.locator("#e-code")).to_contain_text("4 tries left")
    is_accessible(here)
    here.get_by_role("link", name="Cancel").click()
    expect(here.locator("#contact")).to_contain_text("4 tries left")
    is_accessible(here)
    here.get_by_role("link", name="Enter code").click()
    here.locator("#f-code").fill(code)
    here.locator("#f-code").press("Enter")
    expect(here.locator(".rr-flash").first).to_contain_text("The mobile is verified.")
    row = here.locator("#contact .rr-row").filter(has_text="Primary mobile")
    expect(row.locator(".rr-ok")).to_have_text("Verified")
    is_accessible(here)

"""Registering, proving the address and setting another password in Chromium, with the mail of the room's own worker."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.office import DESK, PHONE, is_accessible
from tests.delivery.worker_process import mails_in, wait_until
from tests.mailbox import LINK
from tests.services.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
PASSWORD, NEW = "Monsoon-4-Teacups", "Another-5-Teacups"


@pytest.fixture
def room(served: Callable[..., Served]) -> Served:
    """Serve a room with its worker, as `make run` does."""
    return served(RUN_WORKER="true")


def link_of_mail(folder: Path, number: int) -> str:
    """Wait for the mail of this number and return the path of its link."""
    wait_until(lambda: len(mails_in(folder)) >= number)
    found = LINK.search(mails_in(folder)[number - 1].read_text())
    assert found
    return found[1]


Looks = Callable[[Page], None]


@pytest.mark.parametrize(
    ("javascript", "viewport", "theme"), [(True, DESK, "light"), (True, PHONE, "dark"), (False, DESK, "dark")]
)
def test_from_registering_to_another_password(
    room: Served, window: Callable[..., BrowserContext], tmp_path: Path, javascript: bool, viewport: Any, theme: Any
) -> None:
    here = window(javascript=javascript, viewport=viewport, color_scheme=theme).new_page()
    looks_right: Looks = is_accessible if javascript else lambda _page: None
    here.goto(f"{room.url}/login")
    looks_right(here)
    register(here, looks_right)
    prove_address(here, f"{room.url}{link_of_mail(tmp_path, 1)}", looks_right)
    here.goto(f"{room.url}/login")
    ask_for_link(here, looks_right)
    set_password(here, f"{room.url}{link_of_mail(tmp_path, 2)}", looks_right)
    here.get_by_role("link", name="Sign in").click()
    here.get_by_label("Email or username").fill("asha@example.com")
    here.locator("#f-password").fill(NEW)
    here.get_by_role("button", name="Sign in", exact=True).click()
    expect(here).not_to_have_url(f"{room.url}/login")


def register(here: Page, looks_right: Looks) -> None:
    here.get_by_role("link", name="Register").click()
    here.get_by_label("Email").fill("asha@example.com")
    here.locator("#f-password").fill("weak")
    here.get_by_role("button", name="Register").click()
    expect(here.locator(".rr-summary")).to_contain_text("The password needs at least 8 characters")
    expect(here.get_by_label("Email")).to_have_value("asha@example.com")
    looks_right(here)
    here.locator("#f-password").fill(PASSWORD)
    here.locator("#f-password_confirmation").fill(PASSWORD)
    here.get_by_role("button", name="Register").click()
    expect(here.get_by_role("heading", level=1)).to_have_text("Check your mail")
    looks_right(here)


def prove_address(here: Page, link: str, looks_right: Looks) -> None:
    here.goto(link)
    looks_right(here)
    here.get_by_role("button", name="Yes, this is my address").click()
    expect(here.get_by_text("Thank you. Your email address is confirmed.")).to_be_visible()
    looks_right(here)
    here.goto(link)
    expect(here.get_by_role("heading", level=1)).to_have_text("This link does not work any more")
    looks_right(here)


def ask_for_link(here: Page, looks_right: Looks) -> None:
    here.get_by_role("link", name="Forgot password?").click()
    looks_right(here)
    here.get_by_label("Email").fill("asha@example.com")
    here.get_by_role("button", name="Send the link").click()
    expect(here.get_by_role("heading", level=1)).to_have_text("Check your mail")


def set_password(here: Page, link: str, looks_right: Looks) -> None:
    here.goto(link)
    looks_right(here)
    here.locator("#f-password").fill(NEW)
    here.locator("#f-password_confirmation").fill(NEW)
    here.get_by_role("button", name="Set the password").click()
    expect(here.get_by_role("heading", level=1)).to_have_text("Your password is set")
    looks_right(here)

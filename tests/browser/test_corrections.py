"""Corrections in the browser: asked for at the record, checked and decided by somebody else, seen on every screen."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.office import DESK, PASSWORD, PHONE, Office, is_accessible
from tests.browser.test_accounts import hire
from tests.factories import MadeRecord, record_input

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)]
Window = Callable[..., BrowserContext]
WHY = "Two digits swapped; card seen at the counter"


def ask(page: Page, office: Office, made: MadeRecord, field: str, value: str) -> None:
    page.goto(f"{office.url}/records/{made.id}/corrections/new?field={field}")
    if field == "date_of_birth":
        for part, text in zip(("year", "month", "day"), value.split("-"), strict=True):
            page.locator(f"[name=date_of_birth_{part}]").fill(text)
    else:
        page.locator(f"#f-{field}").fill(value)
    page.get_by_label("How do you know?").fill(WHY)
    page.get_by_role("button", name="Request correction").click()
    expect(page.locator("#messages")).to_contain_text("Your request is saved")


def card_of(page: Page, made: MadeRecord) -> Any:
    return page.locator(".rr-correction").filter(has=page.locator(f"a[href$='{made.id}']"))


def test_a_number_is_put_right_by_two_people(office: Office, window: Window) -> None:
    made, right = office.register(name="கவிதா முருகன்"), record_input()["pan"]
    suresh, priya = office.open(window(), "suresh"), office.open(window())
    suresh.goto(f"{office.url}/records/{made.id}")
    suresh.get_by_role("link", name="Request correction of the PAN").click()
    suresh.locator("#f-pan").fill(right)
    suresh.get_by_label("How do you know?").fill(WHY)
    suresh.get_by_role("button", name="Request correction").click()
    expect(suresh.locator("#identity")).to_contain_text("Correction waiting")
    priya.goto(f"{office.url}/records/{made.id}")
    priya.locator("#identity").get_by_role("link", name="Correction waiting").click()
    expect(priya.get_by_role("navigation", name="Main")).to_contain_text("waiting")
    card = card_of(priya, made)
    expect(card).to_contain_text(f"“{WHY}”")
    card.get_by_role("link", name="Reveal to check").click()
    expect(priya.get_by_label("Why do you need to see them?")).to_have_value("Deciding a correction")
    priya.get_by_role("button", name="Reveal for 30 seconds").click()
    expect(priya.get_by_text(right)).to_be_visible()
    priya.get_by_role("link", name="Hide now").first.click()
    priya.get_by_role("button", name="Approve").click()
    expect(priya.locator("#messages")).to_contain_text("Approved. PAN is corrected.")
    expect(card_of(priya, made)).to_have_count(0)
    suresh.goto(f"{office.url}/records/{made.id}")
    expect(suresh.locator("#identity")).to_contain_text(f"XXXXX{right[5:9]}X")
    expect(suresh.locator("#timeline")).to_contain_text("Correction approved")


def test_after_a_decision_the_next_card_has_the_focus(office: Office, window: Window) -> None:
    suresh, priya = office.open(window(), "suresh"), office.open(window())
    people = [office.register(name=f"Lalthanmawia {letter}") for letter in "AB"]
    for made in people:
        ask(suresh, office, made, "place_of_birth", "Jalandhar, Punjab")
    priya.goto(f"{office.url}/corrections")
    card_of(priya, people[1]).get_by_role("button", name="Approve").click()
    focused = card_of(priya, people[0]).get_by_role("link", name="Lalthanmawia A", exact=True)
    expect(focused).to_be_focused()
    expect(focused).to_have_css("outline-style", "solid")


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def viewport(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_asking_is_accessible(office: Office, window: Window, viewport: Any) -> None:
    here = office.open(window(viewport=viewport), "suresh")
    made = office.register(name="Farida Lokhandwala")
    for field in ("aadhaar", "pan", "date_of_birth", "place_of_birth"):
        here.goto(f"{office.url}/records/{made.id}/corrections/new?field={field}")
        is_accessible(here)
        here.get_by_role("button", name="Request correction").click()
        expect(here.locator(".rr-summary")).to_be_focused()
        is_accessible(here)
        here.get_by_role("link", name="Cancel").click()
        here.get_by_role("button", name="Leave").click()
        here.wait_for_url(f"**/records/{made.id}")
    ask(here, office, made, "date_of_birth", "1979-12-07")
    is_accessible(here)
    here.goto(f"{office.url}/records/{made.id}/corrections/new?field=date_of_birth")
    is_accessible(here)


def test_deciding_is_accessible(office: Office, window: Window, viewport: Any) -> None:
    here = office.open(window(viewport=viewport))
    made, clerk = office.register(name="Farida Lokhandwala"), office.open(window(), "suresh")
    ask(clerk, office, made, "aadhaar", record_input()["aadhaar"])
    ask(here, office, made, "place_of_birth", "Jalandhar, Punjab")
    is_accessible(here)
    here.goto(f"{office.url}/corrections")
    is_accessible(here)
    card_of(here, made).filter(has_text="Aadhaar").get_by_role("link", name="Reveal to check").click()
    is_accessible(here)
    here.get_by_role("button", name="Reveal for 30 seconds").click()
    expect(here.get_by_text("Hide now").first).to_be_focused()
    is_accessible(here)
    here.get_by_role("link", name="Reject").click()
    here.get_by_role("button", name="Reject").click()
    expect(here.locator(".rr-summary")).to_be_focused()
    is_accessible(here)
    here.get_by_label("Why not?").fill("The card shows another number")
    here.get_by_role("button", name="Reject").click()
    expect(here.locator("#messages")).to_contain_text("Rejected.")
    for address in ("corrections", "corrections?status=rejected", f"records/{made.id}/history"):
        here.goto(f"{office.url}/{address}")
        is_accessible(here)


def test_an_office_with_nothing_to_decide_is_accessible(office: Office, window: Window) -> None:
    here = office.open(window())
    here.goto(f"{office.url}/corrections?status=approved&page=99")
    expect(here.get_by_role("heading", name="No corrections were approved")).to_be_visible()
    is_accessible(here)


def test_a_member_asks_on_the_own_profile(office: Office, window: Window, viewport: Any) -> None:
    who = hire(office, "member", full_name="Meena Iyer")
    office.register(email=f"{who}@example.com", name="Meena Iyer")
    here = window(viewport=viewport).new_page()
    here.goto(f"{office.url}/login")
    here.get_by_label("Email or username").fill(f"{who}@example.com")
    here.locator("#f-password").fill(PASSWORD)
    here.get_by_role("button", name="Sign in", exact=True).click()
    here.wait_for_url("**/settings/profile")
    here.get_by_role("link", name="Request correction of the place of birth").click()
    is_accessible(here)
    here.get_by_label("Place of birth").fill("Jalandhar, Punjab")
    here.get_by_label("How do you know?").fill(WHY)
    here.get_by_role("button", name="Request correction").click()
    expect(here.locator("#own-record")).to_contain_text("Correction waiting")
    is_accessible(here)
